"""How long the answers of a run took, as data."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from math import ceil
from typing import Annotated, TypedDict

from ..exchange import Exchange
from .units import Count, Number, Seconds

EDGES = tuple(factor * 10.0**power for power in range(-3, 3) for factor in (1, 1.5, 2, 3, 5, 7))
"""Where the buckets of every histogram end, in seconds: the same everywhere, so that targets can be compared."""


class Spread(TypedDict):
    """Times of one kind."""

    p50: Seconds
    """Half of the answers took at most so long."""
    p95: Seconds
    longest: Seconds


class Bucket(TypedDict):
    """How many answers took a time between the end of the bucket before and the end of this one."""

    to: Annotated[float | None, {"minimum": 0}]
    """Where it ends; null for the last one of all, which has no end."""
    first_byte: Count
    whole: Count


class Latency(TypedDict):
    """How long accepted answers took, plain and streamed; a refusal is not what anybody waits for."""

    answers: Number
    first_byte: Spread
    """From the request to the first byte of the body."""
    whole: Spread
    """From the request to the end of the answer."""
    tokens_per_second: Annotated[float | None, {"minimum": 0}]
    """Completion tokens by the seconds of the whole answer: the median; null where no answer has a usage."""
    histogram: list[Bucket]
    """The buckets from the first that holds an answer to the last."""


def measure(exchanges: Iterable[Exchange], paces: Sequence[float]) -> Latency | None:
    """Of the answers that were accepted; `paces` are their tokens per second. None where nobody knows when they
    arrived, as of another program's recording."""
    of_primary = (each for each in exchanges if each.probe.operation is None)
    answered = [each for each in of_primary if each.accepted and each.is_timed]
    if not answered:
        return None
    first = sorted(each.chunks[0].at for each in answered)
    whole = sorted(each.elapsed for each in answered)
    return {
        "answers": len(answered),
        "first_byte": _spread(first),
        "whole": _spread(whole),
        "tokens_per_second": round(quantile(sorted(paces), 0.5), 1) if paces else None,
        "histogram": _histogram(first, whole),
    }


def quantile(times: Sequence[float], share: float) -> float:
    """The least of rising times that so large a share of them does not exceed."""
    return times[max(0, ceil(share * len(times)) - 1)]


def _spread(times: Sequence[float]) -> Spread:
    return {
        "p50": round(quantile(times, 0.5), 6),
        "p95": round(quantile(times, 0.95), 6),
        "longest": round(times[-1], 6),
    }


def _histogram(first: Sequence[float], whole: Sequence[float]) -> list[Bucket]:
    places = [[bisect_left(EDGES, time) for time in times] for times in (first, whole)]
    return [
        {
            "to": EDGES[number] if number < len(EDGES) else None,
            "first_byte": places[0].count(number),
            "whole": places[1].count(number),
        }
        for number in range(min(map(min, places)), max(map(max, places)) + 1)
    ]
