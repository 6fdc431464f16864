"""An exchange as it went over the wire, with the part that a finding is about marked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from attrs import frozen
from markupsafe import Markup

from ...contract.requirements import kebab
from ...exchange import Exchange, Key, sse
from ...exchange.authorization import headers
from ...exchange.redaction import MASK
from ...judging.evidence import looks_like_a_stream
from ...judging.places import path_text
from ..document import Place, Report
from .jsontext import Node, Path, in_place, lay_out, parse
from .pieces import Piece, cut, markup
from .streams import Picture, is_stream

MOST_HEADERS = 60
LONGEST_EVENT = 100_000
"""Characters of an event beyond which nothing in it is looked for."""
QUOTED = 30
"""Characters that are marked from an offset on, in a body that is not JSON."""
HEAD = {"/security": "authorization", "/requestBody/content": "content-type", "~1completions": "method"}
"""What a requirement is about whose pointer ends like this."""
UNKNOWN = Place(path=None, missing=None, members=[], header=None, status=False, offsets=[])


@frozen
class About:
    """What a finding is about: its place, and what its requirement's pointer adds."""

    path: Path | None
    """Of the value in the response."""
    missing: str | None
    """What is not there: a member, or an event."""
    names: frozenset[str]
    """Members, wherever they stand."""
    status: bool
    """Whether the answer should have had another status: then the request says why."""
    header: str | None
    """Of the response, in lower case."""
    offsets: tuple[int, ...]
    """Bytes of the body."""
    request: frozenset[str]
    """Parts of the head of the request: `method`, or headers in lower case."""

    @classmethod
    def of(cls, pointer: str, place: Place | None = None) -> About:
        place = place or UNKNOWN  # also of a report written before there were places
        return cls(
            None if place["path"] is None else tuple(place["path"]),
            place["missing"],
            _names(pointer) | {*place["members"]},
            place["status"],
            place["header"],
            tuple(place["offsets"]),
            frozenset(part for end, part in HEAD.items() if pointer.endswith(end)),
        )


def _names(pointer: str) -> frozenset[str]:
    """The member that a pointer into the contract names."""
    properties = re.findall(r"/properties/([^/]+)", pointer)
    if properties:
        return frozenset({properties[-1].replace("~1", "/").replace("~0", "~")})
    component = re.fullmatch(r"/components/schemas/(\w+)", pointer)
    return frozenset({kebab(component[1]).replace("-", "_")} if component else ())


# The request

ALTERED = {
    Key.PARTIAL: "cut short",
    Key.END: "its end",
    Key.OTHER_CASE: "in the other case",
    Key.SAME_START: "its beginning and other characters",
    Key.SAME_LENGTH: "another of the same length",
}
"""In words what is made of the key, where its mask would not show it."""


def request_headers(exchange: Exchange, has_key: bool) -> list[tuple[str, str]]:
    sent = headers(exchange.probe, MASK if has_key else None)
    if has_key and exchange.probe.key in ALTERED:
        sent["Authorization"] = f"Bearer {MASK}, {ALTERED[exchange.probe.key]}"
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
    return [(name, value, name.lower() == about.header) for name, value in exchange.headers[:MOST_HEADERS]]


def response_text(exchange: Exchange) -> str:
    return exchange.body.decode("utf-8", "backslashreplace")


def response_body(exchange: Exchange, about: About, longest: int) -> Markup:
    """The body: JSON laid out, a stream line by line with the times of arrival, anything else as it is."""
    if looks_like_a_stream(exchange):
        return Markup('<span class="events">{}</span>').format(markup(cut(_stream(exchange, about), longest)))
    text = response_text(exchange)
    starts = [len(exchange.body[:offset].decode("utf-8", "backslashreplace")) for offset in about.offsets]
    node = parse(text)
    if node is None:
        return markup(cut(_from(text, starts), longest))
    meant = _meant(node, about) or [_around(node, start) for start in starts if node.start <= start < node.end]
    return markup(cut(_noted(lay_out(node, meant), about), longest))


def _meant(node: Node, about: About) -> list[Node]:
    """The values that a finding is about."""
    if about.status:
        return []
    if about.path is not None:
        return [each for each in node.walk() if each.path == about.path] if about.missing is None else []
    return [each for each in node.walk() if each.path and each.path[-1] in about.names]


def _around(node: Node, start: int) -> Node:
    """The smallest value around a character."""
    return [each for each in node.walk() if each.start <= start < each.end][-1]


def _noted(pieces: Iterator[Piece], about: About) -> Iterator[Piece]:
    """A note where a member is missing."""
    yield from pieces
    if about.missing is not None:
        yield Piece(f"\n{_missing(about)}", "note")


def _missing(about: About) -> str:
    around = path_text(about.path or ())
    return f"← {around}{'.' if around else ''}{about.missing} is missing"


def _from(text: str, starts: list[int]) -> Iterator[Piece]:
    """The text, marked from the first of some characters on; its end, where that is the place."""
    if not starts or not text:
        yield Piece(text)
        return
    start = starts[0] if starts[0] < len(text) else max(0, len(text) - QUOTED)
    yield Piece(text[:start])
    yield Piece(text[start : start + QUOTED], "mark")
    yield Piece(text[start + QUOTED :])


def _stream(exchange: Exchange, about: About) -> Iterator[Piece]:
    decoder = sse.Decoder()
    for chunk in exchange.chunks:
        decoder.feed(chunk)
    last = -1.0
    event: int | None = None
    for line in decoder.lines:
        if not line.data:
            event = None
            continue
        event = line.offset if event is None else event
        yield Piece(f"{line.at:.3f}" if line.at != last else "", "time")
        last = line.at
        yield from _line(line, event, about)
        yield Piece("\n")
    if decoder.rest:
        yield Piece(decoder.rest.decode("utf-8", "backslashreplace"), "mark")
        yield Piece("\n← no blank line follows, so a client never sees it", "note")
    if about.missing is not None and about.path is None:
        yield Piece(_missing(about), "note")


def _line(line: sse.Line, event: int, about: About) -> Iterator[Piece]:
    """A line of the event that begins at an offset."""
    text = line.data.decode("utf-8", "backslashreplace")
    if about.path is None and any(line.offset <= each <= line.offset + len(line.data) for each in about.offsets):
        yield Piece(text, "mark")
        return
    value = text.partition(":")[2].removeprefix(" ")
    node = parse(value) if line.name == b"data" and len(text) < LONGEST_EVENT else None
    if node is None or (about.path is not None and event not in about.offsets):
        yield Piece(text)
        return
    yield Piece(text[: len(text) - len(value)])
    yield from in_place(value, _meant(node, about))
    if about.missing is not None and about.path is not None:
        yield Piece(f" {_missing(about)}", "note")


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
            exchange, About.of(each["pointer"], finding.get("place")), report["target"]["has_key"], longest
        )
        for each, place, finding, exchange in found
    }
