"""The last judging of every target as a report of CTRF, https://ctrf.io: a suite a target, a test a requirement."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC
from importlib.metadata import version
from typing import Any, TextIO

from ..judging.verdicts import Status
from .history import History
from .latest import Latest, verdicts
from .settling import Settled

SPECIFICATION = "0.0.0"
STATUSES = {
    Status.PASSED: "passed",
    Status.FAILED: "failed",
    Status.NOT_APPLICABLE: "skipped",
    Status.WAIVED: "skipped",
    Status.INCONCLUSIVE: "other",
    Status.KIT_ERROR: "other",
}


def write(history: History, targets: Sequence[Latest], file: TextIO) -> None:
    """A target at a time, so that a fleet fits into memory; the summary, which counts them, comes last."""
    counts: Counter[str] = Counter()
    tool = {"name": "alphaedge", "version": version("alphaedge")}
    head = json.dumps({"reportFormat": "CTRF", "specVersion": SPECIFICATION})[:-1]
    file.write(f'{head}, "results": {{"tool": {json.dumps(tool)}, "tests": [')
    separator = "\n"
    for target in targets:
        for test in _tests(history, target):
            counts[test["status"]] += 1
            counts["flaky"] += test["flaky"]
            file.write(separator + json.dumps(test, ensure_ascii=False))
            separator = ",\n"
    starts = [_milliseconds(each) for each in targets]
    stops = [_milliseconds(each) + round(1000 * each.seconds) for each in targets]
    summary = {
        "tests": sum(counts[name] for name in ("passed", "failed", "skipped", "other")),
        **{name: counts[name] for name in ("passed", "failed", "skipped", "other", "flaky")},
        "pending": 0,
        "suites": len(targets),
        "start": min(starts, default=0),
        "stop": max(stops, default=0),
    }
    file.write(f'\n], "summary": {json.dumps(summary)}}}}}\n')


def _tests(history: History, target: Latest) -> Iterator[dict[str, Any]]:
    for each in verdicts(history, target.run, target.target):
        test = {
            "name": f"{target.target}: {each['requirement']}",
            "status": STATUSES[Status(each["status"])],
            "rawStatus": each["status"],
            "duration": 0,  # an exchange is judged by many requirements; the time is the target's
            "suite": [target.target],
            "tags": [each["level"]],
            "flaky": each["settled"] == Settled.FLAKY,
        }
        if each["finding"] is not None:
            test["message"] = each["finding"]
        yield test


def _milliseconds(target: Latest) -> int:
    return round(1000 * target.started.replace(tzinfo=UTC).timestamp())
