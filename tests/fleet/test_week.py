"""A week, a run every twelve hours: what is reported is what was planted, and nothing else."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

from attrs import frozen

from alphaedge_conformance.fleet import changes
from alphaedge_conformance.fleet.changes import Changes

from .simulated import IDS, history, judge_all, lanes

TARGETS = [f"target-{number:03}" for number in range(144)]
BEGIN = datetime(2026, 5, 4)
RUNS = 14
"""A week: 144 targets are judged on 1,008 target-days."""


@frozen
class Fault:
    """Is there from one run on, up to another."""

    comes: int
    goes: int = RUNS


PERMANENT = {("target-007", IDS[3]): Fault(0), ("target-008", IDS[3]): Fault(0)}
COMES = {(f"target-{number:03}", IDS[number % 10]): Fault(3 + number % 10) for number in range(20, 40)}
GOES = {(f"target-{number:03}", IDS[number % 10]): Fault(0, 3 + number % 10) for number in range(40, 50)}
BOTH = {(f"target-{number:03}", IDS[number % 10]): Fault(4, 9) for number in range(50, 55)}
FAULTS = PERMANENT | COMES | GOES | BOTH
FLICKER = {
    (f"target-{number:03}", IDS[number % 10]): share
    for number, share in zip(range(60, 80), [0.05, 0.1, 0.2, 0.2] * 5, strict=True)
}
"""In which share of all times that it is asked a requirement fails."""
GONE = ("target-100", "target-101")
"""Answer to nothing in a run in the middle."""


def week(folder: Path, seed: int) -> Changes:
    chance, kept, fleet = random.Random(seed), history(folder), lanes(TARGETS)
    for run in range(RUNS):

        def status(target: str, id: str, run: int = run) -> str:
            if target in GONE and run == 6:
                return "inconclusive"
            fault = FAULTS.get((target, id))
            broken = fault is not None and fault.comes <= run < fault.goes
            return "failed" if broken or chance.random() < FLICKER.get((target, id), 0.0) else "passed"

        judge_all(kept, f"run-{run:02}", BEGIN + timedelta(hours=12 * run), fleet, status)
    return changes.read(kept, BEGIN)


def planted() -> set[tuple[str, str, str, str]]:
    """Target, requirement, what it turned into, when."""
    moments = [f"{BEGIN + timedelta(hours=12 * run):%Y-%m-%dT%H:%M:%SZ}" for run in range(RUNS)]
    return {
        (*key, now, moments[run])
        for key, fault in FAULTS.items()
        for now, run in (("failed", fault.comes), ("passed", fault.goes))
        if 0 < run < RUNS
    }


def test_a_week_reports_exactly_what_was_planted(tmp_path: Path) -> None:
    found = week(tmp_path, seed=3)
    reported = {(each["target"], each["requirement"], each["now"], each["at"]) for each in found["changes"]}
    false = reported - planted()
    assert planted() - reported == set()
    assert len(false) <= 1, false  # in 1,008 target-days
    assert {(each["target"], each["requirement"]) for each in found["flaky"]} <= set(FLICKER)
    often = [each for each in found["flaky"] if FLICKER[each["target"], each["requirement"]] == 0.2]
    assert len(often) >= 6  # of ten; the others happened to hold still for a while
    assert all(0 < each["failed_runs"] < each["runs"] for each in found["flaky"])
    assert found["unjudged"] == []
    assert found["baselines"] == []
    assert changes.has_failures(found)
