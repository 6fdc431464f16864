"""The fleet as an OpenMetrics text, for the textfile collector of node_exporter and anything that reads the format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC
from importlib.metadata import version

from ..judging.verdicts import Conclusion
from .changes import Changes
from .latest import Latest

Number = float | int | None
GAUGES: tuple[tuple[str, str, str, Callable[[Latest], Number]], ...] = (
    ("must_failed", "", "Requirements of level MUST that failed in the last run.", lambda each: each.must_failed),
    ("should_failed", "", "Requirements of level SHOULD that failed in the last run.", lambda each: each.should_failed),
    ("requests", "", "Requests of the last run, retries included.", lambda each: each.requests),
    ("prompt_tokens", "", "Prompt tokens of the last run, as the target counts.", lambda each: each.prompt_tokens),
    ("completion_tokens", "", "Completion tokens of the last run.", lambda each: each.completion_tokens),
    ("first_byte_p50_seconds", "seconds", "Time to the first byte, median.", lambda each: each.first_byte_p50),
    ("whole_p50_seconds", "seconds", "Time of a whole answer, median.", lambda each: each.whole_p50),
    ("whole_p95_seconds", "seconds", "Time of a whole answer, 95th percentile.", lambda each: each.whole_p95),
    (
        "judged_timestamp_seconds",
        "seconds",
        "When the target was last judged, in Unix time.",
        lambda each: each.started.replace(tzinfo=UTC).timestamp(),
    ),
)


def text(targets: Sequence[Latest], changes: Changes) -> str:
    """A whole exposition, with its end."""
    return "".join(f"{line}\n" for line in (*_metrics(targets, changes), "# EOF"))


def _metrics(targets: Sequence[Latest], changes: Changes) -> Iterator[str]:
    yield from _family("alphaedge_kit", "info", "", "The kit that judges.")
    yield f"alphaedge_kit_info{{version={_quoted(version('alphaedge'))}}} 1"
    yield from _family("alphaedge_target_verdict", "stateset", "", "What the last run says of a target.")
    for each in targets:
        for verdict in Conclusion:
            labels = f"target={_quoted(each.target)},alphaedge_target_verdict={_quoted(verdict)}"
            yield f"alphaedge_target_verdict{{{labels}}} {int(each.verdict == verdict)}"
    for name, unit, help, value in GAUGES:
        yield from _family(f"alphaedge_target_{name}", "gauge", unit, help)
        for each in targets:
            if (found := value(each)) is not None:
                yield f"alphaedge_target_{name}{{target={_quoted(each.target)}}} {found}"
    yield from _family("alphaedge_changes", "gauge", "", f"Confirmed changes since {changes['since']}.")
    for now in ("failed", "passed"):
        yield f"alphaedge_changes{{now={_quoted(now)}}} {sum(each['now'] == now for each in changes['changes'])}"
    yield from _family("alphaedge_flaky", "gauge", "", "Flaky requirements, over all targets.")
    yield f"alphaedge_flaky {len(changes['flaky'])}"


def _family(name: str, kind: str, unit: str, help: str) -> Iterator[str]:
    yield f"# TYPE {name} {kind}"
    if unit:
        yield f"# UNIT {name} {unit}"
    yield f"# HELP {name} {_escaped(help)}"


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
