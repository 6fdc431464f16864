"""An exchange as it went over the wire, with the part that a finding is about marked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from attrs import frozen
from markupsafe import Markup

from ...contract.requirements import kebab
from ...exchange import Exchange, Key, sse
from ...exchange.authorization import bearer, headers
from ...exchange.redaction import MASK
from ...judging.evidence import looks_like_a_stream
from ..document import Report
from .jsontext import Node, Path, in_place, lay_out, parse
from .pieces import Piece, cut, markup
from .streams import Picture, is_stream

MOST_HEADERS = 60
LONGEST_EVENT = 100_000
"""Characters of an event beyond which nothing in it is looked for."""
QUOTED = 30
"""Characters of an answer that a message has to quote for the place to be found again."""

PATH = re.compile(r"((?:[\w-]+|\[\d+\])(?:\.[\w-]+|\[\d+\])*|the whole value): ")
WHOLE = "the whole value"
HEAD = {"/security": "authorization", "/requestBody/content": "content-type", "~1completions": "method"}
"""What a requirement is about whose pointer ends like this."""
STEP = re.compile(r"\[(\d+)\]|([\w-]+)")


@frozen
class About:
    """What a finding is about, as far as its message and its requirement's pointer say."""

    path: Path | None
    """Of the value in the response."""
    missing: str | None
    """The member that is not there."""
    names: frozenset[str]
    """Members, wherever they stand."""
    status: bool
    """Whether the answer should have had another status: then the request says why."""
    headers: frozenset[str]
    """In lower case."""
    byte: int | None
    request: frozenset[str]
    """Parts of the head of the request: `method`, or headers in lower case."""
    message: str

    @classmethod
    def of(cls, pointer: str, message: str) -> About:
        placed = PATH.match(message)
        said = message[:200]
        path: Path | None = None
        if placed:
            steps = () if placed[1] == WHOLE else STEP.findall(placed[1])
            path = tuple(int(number) if number else name for number, name in steps)
        missing = re.search(r'"([^"]+)" is missing', said)
        byte = re.search(r"\bat byte (\d+)", message)
        named = re.findall(r"\bthe header ([\w-]+)|(Content-Type):|\b(Allow) header", said)
        return cls(
            path,
            missing[1] if missing else None,
            _names(pointer, said.partition("{")[0]),
            status=re.match(r"expected [^:]*\b([1-5]\d\d|4xx|status)\b[^:]*, got [1-5]\d\d\b", said) is not None,
            headers=frozenset(name.lower() for groups in named for name in groups if name),
            byte=int(byte[1]) if byte else None,
            request=frozenset(part for end, part in HEAD.items() if pointer.endswith(end)),
            message=message,
        )


def _names(pointer: str, said: str) -> frozenset[str]:
    """The members that a pointer into the contract and a message name."""
    found = {*re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", said), *re.findall(r"\bone (\w+) in all chunks\b", said)}
    properties = re.findall(r"/properties/([^/]+)", pointer)
    if properties:
        found.add(properties[-1].replace("~1", "/").replace("~0", "~"))
    elif component := re.fullmatch(r"/components/schemas/(\w+)", pointer):
        found.add(kebab(component[1]).replace("-", "_"))
    return frozenset(found)


# The request


def request_headers(exchange: Exchange, has_key: bool) -> list[tuple[str, str]]:
    key = exchange.probe.key
    sent = headers(exchange.probe, MASK if has_key else None)
    if key is Key.PARTIAL and has_key:
        sent["Authorization"] = bearer(f"{MASK} cut short")
    return list(sent.items())


def request_body(exchange: Exchange, about: About, longest: int) -> Markup | None:
    body = exchange.probe.body
    if body is None:
        return None
    text = body.decode("utf-8", "backslashreplace")
    node = parse(text)
    if node is None:
        return markup(cut([Piece(text)], longest))
    named = [each for each in node.walk() if each.path and each.path[-1] in about.names]
    answered = response_text(exchange)
    meant = [each for each in named if about.status or f'"{each.path[-1]}"' not in answered]
    return markup(cut(lay_out(node, meant), longest))


# The response


def response_headers(exchange: Exchange, about: About) -> list[tuple[str, str, bool]]:
    return [(name, value, name.lower() in about.headers) for name, value in exchange.headers[:MOST_HEADERS]]


def response_text(exchange: Exchange) -> str:
    return exchange.body.decode("utf-8", "backslashreplace")


def response_body(exchange: Exchange, about: About, longest: int) -> Markup:
    """The body: JSON laid out, a stream line by line with the times of arrival, anything else as it is."""
    if looks_like_a_stream(exchange):
        return Markup('<span class="events">{}</span>').format(markup(cut(_stream(exchange, about), longest)))
    text = response_text(exchange)
    node = parse(text)
    if node is None:
        return markup(cut(_quoted(text, about), longest))
    return markup(cut(_noted(lay_out(node, _meant(node, about)), about), longest))


def _meant(node: Node, about: About) -> list[Node]:
    """The values that a finding is about."""
    if about.status:
        return []
    if about.path is not None:
        return [each for each in node.walk() if each.path == about.path] if about.missing is None else []
    return [each for each in node.walk() if each.path and each.path[-1] in about.names]


def _noted(pieces: Iterator[Piece], about: About) -> Iterator[Piece]:
    """A note where a member is missing."""
    yield from pieces
    if about.missing is not None:
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in about.path or ())
        yield Piece(f"\n← {place.removeprefix('.')}{'.' if place else ''}{about.missing} is missing", "note")


def _quoted(text: str, about: About) -> Iterator[Piece]:
    """The text, with what the message quotes of it marked."""
    start, end = -1, -1
    if about.byte is not None:
        start = len(text.encode("utf-8", "surrogateescape")[: about.byte].decode("utf-8", "replace"))
        end = start + QUOTED
    elif not about.status and (got := re.search(r"\bgot ['\"]?(.*)", about.message, re.DOTALL)):
        start = text.find(got[1][:QUOTED])
        end = start + len(got[1][:QUOTED])
    if start < 0 or end <= start:
        yield Piece(text)
        return
    yield from (Piece(text[:start]), Piece(text[start:end], "mark"), Piece(text[end:]))


def _stream(exchange: Exchange, about: About) -> Iterator[Piece]:
    decoder = sse.Decoder()
    for chunk in exchange.chunks:
        decoder.feed(chunk)
    last = -1.0
    for line in decoder.lines:
        if not line.data:
            continue
        yield Piece(f"{line.at:.3f}" if line.at != last else "", "time")
        last = line.at
        yield from _line(line, about)
        yield Piece("\n")
    if decoder.rest:
        yield Piece(decoder.rest.decode("utf-8", "backslashreplace"), "mark")
        yield Piece("\n← no blank line follows, so a client never sees it", "note")
    if "[DONE] at the end" in about.message:
        yield Piece("← [DONE] is missing", "note")


def _line(line: sse.Line, about: About) -> Iterator[Piece]:
    text = line.data.decode("utf-8", "backslashreplace")
    is_meant = about.byte is not None and line.offset <= about.byte <= line.offset + len(line.data)
    if is_meant or ("[DONE]" in about.message and "[DONE]" in text):
        yield Piece(text, "mark")
        return
    value = text.partition(":")[2].removeprefix(" ")
    node = parse(value) if line.name == b"data" and len(text) < LONGEST_EVENT else None
    if node is None:
        yield Piece(text)
        return
    meant = _meant(node, about)
    if about.path is not None:
        meant = [each for each in meant if each.children or each.raw in about.message]
    yield Piece(text[: len(text) - len(value)])
    yield from in_place(value, meant)


@frozen
class Wire:
    """An exchange as a finding shows it."""

    exchange: Exchange
    about: About
    has_key: bool
    longest: int

    @property
    def request_line(self) -> str:
        where = urlsplit(self.exchange.url)
        return f"{self.exchange.probe.method} {where.path}{'?' + where.query if where.query else ''}"

    @property
    def request_headers(self) -> list[tuple[str, str, bool]]:
        return [
            (name, value, name.lower() in self.about.request)
            for name, value in request_headers(self.exchange, self.has_key)
        ]

    @property
    def request_body(self) -> Markup | None:
        return request_body(self.exchange, self.about, self.longest)

    @property
    def headers(self) -> list[tuple[str, str, bool]]:
        return response_headers(self.exchange, self.about)

    @property
    def more_headers(self) -> int:
        return max(0, len(self.exchange.headers) - MOST_HEADERS)

    @property
    def body(self) -> Markup:
        return response_body(self.exchange, self.about, self.longest)

    @property
    def picture(self) -> Picture | None:
        return Picture.of(self.exchange) if is_stream(self.exchange) else None


SHOWN = 3
"""Findings of a requirement whose exchange is shown."""
LONGEST_BODY = 16_384
BODIES = 1_500_000
"""Characters of all bodies together: with many findings, each shows less."""


def exchanges_of(report: Report, exchanges: Mapping[int, Exchange]) -> dict[tuple[str, int], Wire]:
    """What the first findings of each requirement show, by its id and the finding's place."""
    found = [
        (each, place, finding, exchange)
        for each in report["requirements"]
        for place, finding in enumerate(each["findings"][:SHOWN])
        # An archive of another run says nothing of this one.
        if (exchange := exchanges.get(finding["exchange"])) and exchange.probe.name == finding["probe"]
    ]
    longest = max(1000, min(LONGEST_BODY, BODIES // (2 * len(found) or 1)))
    return {
        (each["id"], place): Wire(
            exchange, About.of(each["pointer"], finding["message"]), report["target"]["has_key"], longest
        )
        for each, place, finding, exchange in found
    }
