"""What passes, in numbers that a monitoring system collects: OpenMetrics 1.0.

https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import define, field

from ..contract.requirements import Requirement
from .messages import Counts

MEDIA_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
EDGES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 60.0)
"""Where the buckets of a histogram end, in seconds."""


@define
class Histogram:
    """Times by their size."""

    buckets: list[int] = field(factory=lambda: [0] * (len(EDGES) + 1))
    total: float = 0.0

    def add(self, seconds: float) -> None:
        self.buckets[bisect_left(EDGES, seconds)] += 1
        self.total += seconds

    def lines(self, name: str) -> Iterator[str]:
        count = 0
        for edge, number in zip([*map(str, EDGES), "+Inf"], self.buckets, strict=True):
            count += number
            yield f'{name}_bucket{{le="{edge}"}} {count}'
        yield f"{name}_count {count}"
        yield f"{name}_sum {self.total:.6f}"


@define
class Meters:
    """What the proxy itself counts, of every request."""

    statuses: Counter[str] = field(factory=Counter)
    first_byte: Histogram = field(factory=Histogram)
    whole: Histogram = field(factory=Histogram)


def text(meters: Meters, counts: Counts, judged: Mapping[str, Any], requirements: Mapping[str, Requirement]) -> str:
    """`judged` is what the judging process said last."""
    return "\n".join([*_lines(meters, counts, judged, requirements), "# EOF", ""])


def _lines(
    meters: Meters, counts: Counts, judged: Mapping[str, Any], requirements: Mapping[str, Requirement]
) -> Iterator[str]:
    yield from _family("alphaedge_requests", "counter", "Requests that passed, by the status of the answer.")
    for status, number in sorted(meters.statuses.items()):
        yield f'alphaedge_requests_total{{status="{status}"}} {number}'
    yield from _family("alphaedge_judged", "counter", "Exchanges that were judged.")
    yield f"alphaedge_judged_total {judged.get('judged', 0)}"
    yield from _family("alphaedge_unjudged", "counter", "Exchanges that were not judged, by the reason.")
    for reason in ("too_large", "behind", "lost"):
        yield f'alphaedge_unjudged_total{{reason="{reason}"}} {getattr(counts, reason)}'
    yield f'alphaedge_unjudged_total{{reason="unreadable"}} {judged.get("unreadable", 0)}'
    yield from _family("alphaedge_findings", "counter", "Exchanges that broke a requirement of the contract.")
    for id, number in judged.get("failed", {}).items():
        yield f'alphaedge_findings_total{{requirement="{id}",level="{requirements[id].level}"}} {number}'
    yield from _family("alphaedge_tokens", "counter", "Tokens, as the server counts them.")
    for kind, number in zip(("prompt", "completion"), judged.get("tokens", (0, 0)), strict=True):
        yield f'alphaedge_tokens_total{{kind="{kind}"}} {number}'
    yield from _family("alphaedge_first_byte_seconds", "histogram", "From the request to the first byte of the body.")
    yield from meters.first_byte.lines("alphaedge_first_byte_seconds")
    yield from _family("alphaedge_exchange_seconds", "histogram", "From the request to the end of the answer.")
    yield from meters.whole.lines("alphaedge_exchange_seconds")


def _family(name: str, kind: str, help: str) -> Iterator[str]:
    yield f"# TYPE {name} {kind}"
    if name.endswith("_seconds"):
        yield f"# UNIT {name} seconds"
    yield f"# HELP {name} {help}"
