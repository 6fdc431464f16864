"""Targets that nobody asks: reports made of a plan of what is wrong when, judged and kept as those of a fleet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from alphaedge_conformance.fleet.coordinator import Coordinator
from alphaedge_conformance.fleet.history import History
from alphaedge_conformance.fleet.lanes import Lane
from alphaedge_conformance.fleet.outcome import Outcome
from alphaedge_conformance.fleet.work import Task, Unit, judged
from alphaedge_conformance.fleet.workers import threads
from alphaedge_conformance.report.document import Report
from alphaedge_conformance.run.targets import Entry
from alphaedge_conformance.sending.settings import Settings

IDS = tuple(f"subject.requirement-{number:02}" for number in range(10))
Status = Callable[[str, str], str]
"""What a requirement of a target is, each time somebody asks."""


def report(target: str, at: datetime, statuses: Mapping[str, str], **members: Any) -> Report:
    made: Any = {
        "format": 1,
        "kit": {"name": "alphaedge", "version": "1.0"},
        "contract": {"version": "1", "digest": "c" * 64},
        "target": {"name": target, "url": f"http://{target}.example", "model": "m", "server": None, "has_key": True},
        "started": at.isoformat(),
        "seconds": 2.0,
        "seed": 1,
        "level": "MUST",
        "verdict": "deviates" if "failed" in statuses.values() else "conforms",
        "reason": None,
        "problems": [],
        "cost": {
            "planned_requests": 10,
            "requests": 10,
            "unanswered_requests": 0,
            "prompt_tokens": 100,
            "completion_tokens": 50,
        },
        "requirements": [_requirement(id, status) for id, status in statuses.items()],
    }
    made |= members
    return cast(Report, made)


def _requirement(id: str, status: str) -> dict[str, Any]:
    failed = int(status == "failed")
    return {
        "id": id,
        "level": "MUST",
        "scored": True,
        "source": "documented",
        "title": f"What {id} says.",
        "quote": None,
        "pointer": "/x",
        "status": status,
        "reason": None,
        "failed": failed,
        "of": 4,
        "interval": None,
        "findings": [{"message": f"expected {id}"}] * failed,
    }


def lanes(names: Sequence[str], of_each: int = 1) -> list[Lane]:
    """Targets in lanes of so many."""
    entries = [Entry(f"[{name}]", name, f"http://{name}.example", None, None, None, None) for name in names]
    return [Lane(f"lane-{at}", 8, None, tuple(entries[at : at + of_each])) for at in range(0, len(entries), of_each)]


def judge_all(history: History, run: str, at: datetime, fleet: Sequence[Lane], status: Status, **members: Any) -> None:
    """One run of a fleet at a moment; `members` are those of every report."""

    def work(task: Task, units: Sequence[Unit]) -> list[Outcome]:
        def judge(unit: Unit) -> Callable[[Collection[str] | None], tuple[Report, Mapping[str, bytes]]]:
            name = unit.entry.name
            return lambda ids: (
                report(name, at, {id: status(name, id) for id in (IDS if ids is None else ids)}, **members),
                {},
            )

        return [judged(task.run, unit, judge(unit)) for unit in units]

    history.begin(run, len(fleet), "")
    Coordinator(task(run), history, threads(1), work=work, width=len(fleet)).run(fleet)


def task(run: str) -> Task:
    return Task(run, None, (), IDS, Settings())


def history(folder: Path) -> History:
    return History(folder / "history.duckdb")
