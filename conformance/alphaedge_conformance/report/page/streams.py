"""A picture of a stream: what arrived when, on an axis of seconds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import groupby, pairwise
from typing import Any

from attrs import frozen
from markupsafe import Markup

from ...exchange import Exchange, sse
from ...exchange.strict_json import loads
from ...judging.evidence import looks_like_a_stream
from ..text import duration

WIDTH = 600
"""Units of the picture: arrivals nearer than one and a half are one bar."""
NEAR = 1.5
FEWEST = 3
"""Events beyond which an arrival in one piece is worth saying."""

SHAPE = {
    "role": (1, 12),
    "text": (6, 18),
    "finish": (12, 23),
    "done": (0, 24),
    "error": (0, 24),
    "other": (10, 14),
    "comment": (10, 14),
}
"""How high and how low the mark of each kind reaches: they differ without colour."""


@frozen
class Arrival:
    kind: str
    at: float


@frozen
class Picture:
    """One stream."""

    exchange: Exchange
    arrivals: tuple[Arrival, ...]
    end: float

    @classmethod
    def of(cls, exchange: Exchange) -> Picture:
        decoder = sse.Decoder()
        found = [Arrival(_kind(event.data), event.at) for chunk in exchange.chunks for event in decoder.feed(chunk)]
        found += [Arrival("comment", line.at) for line in decoder.lines if line.is_comment]
        found.sort(key=lambda arrival: arrival.at)
        return cls(exchange, tuple(found), max([exchange.elapsed, *(each.at for each in found)]) or 1e-6)

    @property
    def events(self) -> int:
        return sum(each.kind != "comment" for each in self.arrivals)

    @property
    def moments(self) -> int:
        """How many times something arrived."""
        return len({each.at for each in self.arrivals if each.kind != "comment"})

    @property
    def at_once(self) -> bool:
        return self.moments == 1 and self.events > FEWEST

    @property
    def first(self) -> float | None:
        return self.arrivals[0].at if self.arrivals else None

    @property
    def gap(self) -> float:
        """The longest silence after the first arrival."""
        times = [*(each.at for each in self.arrivals), self.end]
        return max((after - before for before, after in pairwise(times)), default=0.0)

    @property
    def caption(self) -> str:
        """The picture in words."""
        if self.first is None:
            return f"no event, over after {duration(self.end)}"
        events = f"{self.events} event{'s' if self.events != 1 else ''}"
        if self.at_once:
            return f"all {events} at once, after {duration(self.first)}"
        pieces = f"{self.moments} piece{'s' if self.moments != 1 else ''}"
        when = f"from {duration(self.first)} to {duration(self.end)}"
        return f"{events} in {pieces} {when}, longest gap {duration(self.gap)}"

    @property
    def svg(self) -> Markup:
        return self.on_axis(self.end)

    def on_axis(self, axis: float) -> Markup:
        """The picture on an axis of so many seconds. Ticks stretch with the page, words do not."""
        words = Markup("").join(self._labels(axis))
        return Markup(
            '<svg class="stream" role="img" aria-label="{}">'
            '<svg viewBox="0 0 {} 24" height="24" width="100%" preserveAspectRatio="none">{}</svg>{}</svg>'
        ).format(self.caption, WIDTH, Markup("").join(_Drawing(self, axis).paths()), words)

    @property
    def form(self) -> tuple[object, ...]:
        """What two streams have in common that differ in their words and in the pace of their words alone."""
        kinds = tuple(kind for kind, _ in groupby(each.kind for each in self.arrivals))
        return kinds, self.at_once, self.exchange.status, self.exchange.failure

    def _labels(self, axis: float) -> Iterable[Markup]:
        if self.at_once and self.first is not None:
            share = 100 * self.first / axis
            side, away = ("end", -6) if share > 50 else ("start", 6)
            yield Markup('<text class="burst {}" x="{:.4g}%" dx="{}" y="8">{} at once</text>').format(
                side, share, away, self.events
            )
        for at in ticks(axis):
            share = at / axis
            anchor = ' class="start"' if share < 0.03 else ' class="end"' if share > 0.97 else ""
            yield Markup('<text x="{:.4g}%" y="36"{}>{}</text>').format(100 * share, Markup(anchor), duration(at))


@frozen
class _Drawing:
    """A stream on an axis of so many seconds."""

    picture: Picture
    axis: float

    def paths(self) -> Iterable[Markup]:
        picture = self.picture
        end = self._x(picture.end)
        first = self._x(picture.first if picture.first is not None else picture.end)
        yield Markup('<path class="axis" d="{}"/>').format("".join(f"M{self._x(at):g} 0v24" for at in ticks(self.axis)))
        yield Markup('<path class="wait" d="M0 12H{:g}"/><path class="flow" d="M{:g} 12H{:g}"/>').format(
            first, first, end
        )
        if picture.at_once:
            yield Markup('<path class="burst" d="M{:g} 0v24"/>').format(first)
            return
        for kind, (top, bottom) in SHAPE.items():
            places = [self._x(each.at) for each in picture.arrivals if each.kind == kind]
            if places:
                path = "".join(_tick(start, stop, top, bottom) for start, stop in merged(places))
                yield Markup('<path class="{}" d="{}"/>').format(kind, path)

    def _x(self, at: float) -> float:
        return round(WIDTH * at / self.axis, 1)


@frozen
class Fold:
    """Streams that look alike: the first is shown, the others unfold."""

    first: Picture
    others: tuple[Picture, ...]


def folded(streams: Iterable[Picture], broken: Callable[[Exchange], list[str]]) -> list[Fold]:
    """In their order; what broke other requirements does not look alike."""
    found: dict[object, list[Picture]] = {}
    for each in streams:
        found.setdefault((each.form, tuple(broken(each.exchange))), []).append(each)
    return [Fold(first, tuple(others)) for first, *others in found.values()]


def pictures(exchanges: Iterable[Exchange]) -> list[Picture]:
    """Those of the exchanges that are streams."""
    return [Picture.of(each) for each in exchanges if is_stream(each)]


def is_stream(exchange: Exchange) -> bool:
    """Whether there is something to draw: a stream, and when it arrived."""
    empty = exchange.probe.streams and not exchange.body
    return exchange.status == 200 and (empty or (exchange.is_timed and looks_like_a_stream(exchange)))


def merged(places: list[float]) -> list[tuple[float, float]]:
    """Places that are too near to be told apart, as bars."""
    bars: list[tuple[float, float]] = []
    for place in places:
        if bars and place - bars[-1][1] <= NEAR:
            bars[-1] = (bars[-1][0], place)
        else:
            bars.append((place, place))
    return bars


def _tick(start: float, stop: float, top: int, bottom: int) -> str:
    """A line, or a bar that is as wide as what it stands for."""
    if stop == start:
        return f"M{start:g} {top}V{bottom}"
    return f"M{start:g} {top}V{bottom}H{stop:g}V{top}z"


def ticks(end: float) -> list[float]:
    """Round numbers from 0 to the end, four or so."""
    step: float = 10.0 ** math.floor(math.log10(end / 2))
    step *= next(factor for factor in (1, 2, 5, 10) if end / (step * factor) <= 5)
    return [number * step for number in range(int(end / step + 1e-9) + 1)]


def _kind(data: str) -> str:
    """What the data of an event brings."""
    if data == "[DONE]":
        return "done"
    try:
        value = loads(data)
    except ValueError:
        return "error"
    if not isinstance(value, dict) or "error" in value:
        return "error"
    choices = value.get("choices")
    found = [_brings(choice) for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []
    return next((kind for kind in ("finish", "text", "role") if kind in found), "other")


def _brings(choice: dict[str, Any]) -> str:
    delta = choice.get("delta")
    if choice.get("finish_reason") is not None:
        return "finish"
    if not isinstance(delta, dict):
        return "other"
    return "text" if delta.get("content") else "role" if delta.get("role") else "other"
