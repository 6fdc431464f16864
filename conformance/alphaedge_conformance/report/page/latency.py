"""How long answers took, in buckets that grow as the times do."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from attrs import frozen

from ...exchange import Exchange
from ..latency import EDGES, quantile
from ..text import duration

COARSE = [factor * 10.0**power for power in range(-3, 3) for factor in (1, 2, 5)]
MOST_ROWS = 14
"""Beyond which the buckets are coarse."""


@frozen
class Measure:
    """Times of one kind."""

    name: str
    times: tuple[float, ...]
    """In rising order."""

    def share(self, of: float) -> str:
        """The time that so large a share of the answers took at most."""
        return duration(quantile(self.times, of))


@frozen
class Row:
    """A bucket: how many answers of each measure, and their part of the largest bucket in per cent."""

    label: str
    counts: tuple[int, ...]
    widths: tuple[float, ...]


@frozen
class Histogram:
    measures: tuple[Measure, ...]
    rows: tuple[Row, ...]


def histogram(exchanges: Iterable[Exchange]) -> Histogram | None:
    """Of the answers 200: a refusal is not what anybody waits for."""
    answered = [each for each in exchanges if each.accepted and each.is_timed]
    if not answered:
        return None
    first = Measure("first byte", tuple(sorted(each.chunks[0].at for each in answered)))
    whole = Measure("whole answer", tuple(sorted(each.elapsed for each in answered)))
    rows = tuple(_rows((first, whole), EDGES))
    return Histogram((first, whole), rows if len(rows) <= MOST_ROWS else tuple(_rows((first, whole), COARSE)))


def _rows(measures: Sequence[Measure], edges: Sequence[float]) -> Iterable[Row]:
    places = [[bisect_left(edges, time) for time in measure.times] for measure in measures]
    counted = {
        bucket: tuple(found.count(bucket) for found in places)
        for bucket in range(min(map(min, places)), max(map(max, places)) + 1)
    }
    most = max(max(counts) for counts in counted.values())
    for bucket, counts in counted.items():
        label = f"over {duration(edges[-1])}" if bucket == len(edges) else f"to {duration(edges[bucket])}"
        yield Row(label, counts, tuple(round(100 * count / most, 1) for count in counts))
