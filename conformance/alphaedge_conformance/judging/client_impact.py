"""What a finding does to a program that uses the generated client.

The captured bytes are replayed through the client, without a network. One sentence says what the program notices of
what is wrong, and not of what else is wrong in the same exchange.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Literal
from urllib.parse import urlsplit

import attrs
import httpx
from attrs import field, frozen

from alphaedge import AlphaEdge, AlphaEdgeError, APIStatusError

from ..exchange import Exchange, Expect, Key
from .places import Path, Place, path_text

CODINGS = {"content-encoding", "content-length", "transfer-encoding"}
"""Headers of the bytes on the wire, which an exchange no longer has."""
LONGEST = 160
"""Characters of an error's message that a sentence quotes."""

RETRIED = {408, 409, 429}


@frozen
class Impact:
    """What a program notices of an exchange, by what it is of."""

    raised: str | None = None
    """That the client raises, although the status is not an error."""
    status: str | None = None
    """What the client makes of the status of an error."""
    error: str | None = None
    """What an error lacks."""
    members: Mapping[Path, str] = field(factory=dict)
    """What is unusual about each member that a program reads."""

    def of(self, place: Place) -> str | None:
        """What comes of what is wrong at a place; where that is not known, what comes of the exchange as a whole."""
        if place.path is not None or place.members:
            related = (said for path, said in self.members.items() if _is_about(path, place))
            return next(related, self.error if place.path is not None else None)
        if place.status:
            return self.status or self.raised
        if place.header is not None:
            return self.raised or self.error
        return self.raised or self.status or self.error

    @property
    def first(self) -> str | None:
        """Of all, what a program notices first."""
        return next((each for each in (self.raised, self.status, self.error, *self.members.values()) if each), None)


def observe(exchange: Exchange) -> Impact:
    """What a program notices: nothing, where a request is refused as it should be, or is none that the client sends."""
    if exchange.probe.method != "POST":
        return Impact()
    http = httpx.Client(transport=httpx.MockTransport(lambda request: _response(exchange, request)), trust_env=False)
    where = urlsplit(exchange.url)
    with http:
        client = AlphaEdge(
            "sk-of-no-server", base_url=f"{where.scheme}://{where.netloc}", http_client=http, max_retries=0
        )
        try:
            return _streamed(client) if exchange.probe.streams else _plain(client)
        except APIStatusError as error:
            return Impact(status=_refused(exchange, error), error=_lacking(error))
        except AlphaEdgeError as error:
            return Impact(raised=_raised(error))


def _plain(client: AlphaEdge) -> Impact:
    completion = client.chat.completions.create(model="replayed", messages=[])
    if not completion.choices:
        return Impact(members={("choices",): "`choices` is empty: `choices[0]` raises IndexError"})
    return Impact(members=_first_of_each(_surprises(completion)))


def _streamed(client: AlphaEdge) -> Impact:
    stream = client.chat.completions.create(model="replayed", messages=[], stream=True)
    found: dict[Path, str] = {}
    came = 0
    try:
        for chunk in stream:
            came += 1
            found = _first_of_each(_surprises(chunk), found)
    except AlphaEdgeError as error:
        return Impact(f"{_raised(error)}, after {came} chunk{'' if came == 1 else 's'}", members=found)
    whole = client.chat.completions.create(model="replayed", messages=[], stream=True).final_completion()
    if not whole.choices:
        none = "the folded stream has no choices: `choices[0]` raises IndexError"
        return Impact(members={**found, ("choices",): none})
    folded = ((path, f"in the folded stream {said}") for path, said in _surprises(whole.choices[0], ("choices", 0)))
    return Impact(members=_first_of_each(folded, found))


def _first_of_each(surprises: Iterable[tuple[Path, str]], known: Mapping[Path, str] | None = None) -> dict[Path, str]:
    """Those of members that are not known yet; of the items of a list, the first."""
    found = dict(known or {})
    for path, said in surprises:
        found.setdefault(_names(path), said)
    return found


def _names(path: Path) -> Path:
    """The members on the way; what a client makes of a delta is called a message."""
    return tuple("message" if step == "delta" else step for step in path if isinstance(step, str))


def _is_about(path: Path, place: Place) -> bool:
    """Whether what is unusual at a path is what is wrong at a place, above it or below."""
    if place.path is None:
        return any(member in path for member in place.members)
    wrong = _names((*place.path, place.missing) if place.missing is not None else place.path)
    return all(one == other for one, other in zip(path, wrong, strict=False))


def _refused(exchange: Exchange, error: APIStatusError) -> str | None:
    """A refusal that is due is what the program expects."""
    name = type(error).__name__
    if error.status_code in RETRIED or error.status_code >= 500:
        return f"the client retries, twice by default, and then raises {name}"
    if exchange.probe.expect is Expect.ACCEPTED:
        return f"the client raises {name} for a request that the contract accepts"
    if exchange.probe.key is not Key.RIGHT and error.status_code != 401:
        return f"the client raises {name}, not AuthenticationError"
    return None


def _lacking(error: APIStatusError) -> str | None:
    """What a program does not learn from an error of another shape."""
    if isinstance(error.body, dict) and isinstance(error.body.get("error"), dict):
        return None
    lacking = [f"`{member}`" for member in ("type", "param", "code") if getattr(error, member) is None]
    named = " and ".join(filter(None, [", ".join(lacking[:-1]), *lacking[-1:]]))
    return f"the client raises {type(error).__name__} without {named}" if lacking else None


def _raised(error: AlphaEdgeError) -> str:
    message = str(error).partition(": ")[2] or str(error)
    message = message if len(message) <= LONGEST else message[:LONGEST] + "…"
    return f"the client raises {type(error).__name__} ({message})"


def _surprises(model: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Where a model holds something else than its types promise, or nothing."""
    model_type: Any = type(model)
    for name, (member, kind) in _members(model_type).items():
        yield from _surprise(kind, getattr(model, name, None), model.raw.get(member), (*path, member))


def _surprise(kind: Any, value: Any, raw: Any, path: Path) -> Iterator[tuple[Path, str]]:
    name = path_text(path)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    is_union = origin in (types.UnionType, typing.Union)
    if value is None:
        if kind is not Any and not (is_union and types.NoneType in arguments):
            yield path, f"reading `{name}` raises MissingMemberError"
    elif is_union:
        # An enumeration is a Literal or any other string: the Literal comes first, and has what the contract lists.
        yield from _surprise(next(one for one in arguments if one is not types.NoneType), value, raw, path)
    elif origin is Literal:
        if value not in arguments:
            yield path, f"`{name}` is {value!r}, which the contract does not list"
    elif origin is list:
        if not isinstance(raw, list):
            yield path, f"`{name}` is silently empty"
            return
        for index, item in enumerate(value):
            yield from _surprise(arguments[0], item, raw[index], (*path, index))
    elif attrs.has(kind):
        if not isinstance(raw, dict):
            yield path, f"`{name}` is silently empty"
        else:
            yield from _surprises(value, path)
    elif kind is not Any:
        allowed = (int, float) if kind is float else kind
        if not isinstance(value, allowed) or (isinstance(value, bool) and kind is not bool):
            yield path, f"`{name}` is silently {_article(type(value).__name__)}"


@cache
def _members(model: Any) -> dict[str, tuple[str, Any]]:
    """The members that the contract names, by their names in Python: the names in JSON and the types."""
    hints = typing.get_type_hints(model)
    return {field.name: (field.metadata.get("name", field.name), hints[field.name]) for field in attrs.fields(model)}


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


class _Body(httpx.SyncByteStream):
    """What was captured, in one piece since nothing depends on the cuts, and the failure that ended it."""

    def __init__(self, exchange: Exchange, request: httpx.Request) -> None:
        self._exchange, self._request = exchange, request

    def __iter__(self) -> Iterator[bytes]:
        yield self._exchange.body
        if self._exchange.failure is not None:
            raise httpx.ReadError(self._exchange.failure, request=self._request)


def _response(exchange: Exchange, request: httpx.Request) -> httpx.Response:
    if exchange.status is None:
        raise httpx.ConnectError(exchange.failure or "no answer", request=request)
    headers = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in exchange.headers
        if name.lower() not in CODINGS
    ]
    return httpx.Response(exchange.status, headers=headers, stream=_Body(exchange, request))
