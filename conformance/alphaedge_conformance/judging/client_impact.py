"""What an exchange does to a program that uses the generated client.

The captured bytes are replayed through the client, without a network. One sentence says what the program notices.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal
from urllib.parse import urlsplit

import attrs
import httpx

from alphaedge import AlphaEdge, AlphaEdgeError, APIStatusError

from ..exchange import Exchange, Expect, Key

CODINGS = {"content-encoding", "content-length", "transfer-encoding"}
"""Headers of the bytes on the wire, which an exchange no longer has."""
LONGEST = 160
"""Characters of an error's message that a sentence quotes."""

RETRIED = {408, 409, 429}


def impact(exchange: Exchange) -> str | None:
    """One short sentence, or None where a program notices nothing: also where a request is refused as it should be, or
    is none that the client sends."""
    if exchange.probe.method != "POST":
        return None
    http = httpx.Client(transport=httpx.MockTransport(lambda request: _response(exchange, request)), trust_env=False)
    where = urlsplit(exchange.url)
    with http:
        client = AlphaEdge(
            "sk-of-no-server", base_url=f"{where.scheme}://{where.netloc}", http_client=http, max_retries=0
        )
        try:
            return _streamed(client) if exchange.probe.streams else _plain(client)
        except APIStatusError as error:
            return _refused(exchange, error)
        except AlphaEdgeError as error:
            return _raised(error)


def _plain(client: AlphaEdge) -> str | None:
    completion = client.chat.completions.create(model="replayed", messages=[])
    if not completion.choices:
        return "`choices` is empty: `choices[0]` raises IndexError"
    return next(_surprises(completion), None)


def _streamed(client: AlphaEdge) -> str | None:
    stream = client.chat.completions.create(model="replayed", messages=[], stream=True)
    found, came = None, 0
    try:
        for chunk in stream:
            came += 1
            found = found or next(_surprises(chunk), None)
    except AlphaEdgeError as error:
        return f"{_raised(error)}, after {came} chunk{'' if came == 1 else 's'}"
    if found:
        return found
    whole = client.chat.completions.create(model="replayed", messages=[], stream=True).final_completion()
    if not whole.choices:
        return "the folded stream has no choices: `choices[0]` raises IndexError"
    found = next(_surprises(whole.choices[0], "choices[0]"), None)
    return f"in the folded stream {found}" if found else None


def _refused(exchange: Exchange, error: APIStatusError) -> str | None:
    """A refusal that is due is what the program expects, if it says why."""
    name = type(error).__name__
    if error.status_code in RETRIED or error.status_code >= 500:
        return f"the client tries again, twice by default, and then raises {name}"
    if exchange.probe.expect is Expect.ACCEPTED:
        return f"the client raises {name} for a request that the contract accepts"
    if not isinstance(error.body, dict) or not isinstance(error.body.get("error"), dict):
        return f"the client raises {name} without `type`, `param` and `code`"
    if exchange.probe.key is not Key.RIGHT and error.status_code != 401:
        return f"the client raises {name}, not AuthenticationError"
    return None


def _raised(error: AlphaEdgeError) -> str:
    message = str(error).partition(": ")[2] or str(error)
    message = message if len(message) <= LONGEST else message[:LONGEST] + "…"
    return f"the client raises {type(error).__name__} ({message})"


def _surprises(model: Any, path: str = "") -> Iterator[str]:
    """Where a model holds something else than its types promise, or nothing."""
    model_type: Any = type(model)
    for name, (member, kind) in _members(model_type).items():
        here = f"{path}.{name}" if path else name
        yield from _surprise(kind, getattr(model, name, None), model.raw.get(member), here)


def _surprise(kind: Any, value: Any, raw: Any, path: str) -> Iterator[str]:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    is_union = origin in (types.UnionType, typing.Union)
    if value is None:
        if kind is not Any and not (is_union and types.NoneType in arguments):
            yield f"reading `{path}` raises MissingMemberError"
    elif is_union:
        # An enumeration is a Literal or any other string: the Literal comes first, and has what the contract lists.
        yield from _surprise(next(one for one in arguments if one is not types.NoneType), value, raw, path)
    elif origin is Literal:
        if value not in arguments:
            yield f"`{path}` is {value!r}, which the contract does not list"
    elif origin is list:
        if not isinstance(raw, list):
            yield f"`{path}` is silently empty"
            return
        for index, item in enumerate(value):
            yield from _surprise(arguments[0], item, raw[index], f"{path}[{index}]")
    elif attrs.has(kind):
        if not isinstance(raw, dict):
            yield f"`{path}` is silently empty"
        else:
            yield from _surprises(value, path)
    elif kind is not Any:
        allowed = (int, float) if kind is float else kind
        if not isinstance(value, allowed) or (isinstance(value, bool) and kind is not bool):
            yield f"`{path}` is silently {_article(type(value).__name__)}"


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
    headers = [(name, value) for name, value in exchange.headers if name.lower() not in CODINGS]
    return httpx.Response(exchange.status, headers=headers, stream=_Body(exchange, request))
