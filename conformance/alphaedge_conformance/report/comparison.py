"""comparison.json: the runs of several targets side by side, a row for each requirement.

`comparison.schema.json` beside this file describes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from typing_extensions import TypeIs

from ..verdict import Conclusion, Status
from .document import FORMAT, Cost, Report, Requirement, Target

WORST_FIRST = (Conclusion.DEVIATES, Conclusion.INCONCLUSIVE, Conclusion.CONFORMS)


class Compared(Target):
    """A target, and what its run says; `report` is its folder."""

    verdict: str
    reason: str | None
    seconds: float
    cost: Cost
    report: str


class Cell(TypedDict):
    status: str
    reason: str | None
    failed: int
    of: int


class Row(TypedDict):
    """A requirement; a target that was not judged on it has no cell."""

    id: str
    level: str
    source: str
    title: str
    quote: str | None
    pointer: str
    differs: bool
    targets: dict[str, Cell]


class Comparison(TypedDict):
    format: int
    kit: dict[str, str]
    contract: dict[str, str]
    started: str
    seconds: float
    seed: int
    level: str
    verdict: str
    against: str | None
    targets: list[Compared]
    requirements: list[Row]


def of(reports: Sequence[Report], seconds: float, against: str | None = None) -> Comparison:
    """The reports of targets that were judged by the same contract; `seconds` is what all took together."""
    first = reports[0]
    rows: dict[str, Row] = {}
    for report in reports:
        for each in report["requirements"]:
            row = rows.setdefault(each["id"], _row(each))
            row["targets"][report["target"]["name"]] = {
                "status": each["status"],
                "reason": each["reason"],
                "failed": each["failed"],
                "of": each["of"],
            }
    judged = {name for row in rows.values() for name, cell in row["targets"].items() if cell["of"]}
    for row in rows.values():
        cells = (row["targets"].get(name) for name in judged)
        row["differs"] = len({cell and cell["status"] for cell in cells}) > 1
    return {
        "format": FORMAT,
        "kit": first["kit"],
        "contract": first["contract"],
        "started": min(report["started"] for report in reports),
        "seconds": round(seconds, 3),
        "seed": first["seed"],
        "level": first["level"],
        "verdict": conclude(reports, against),
        "against": against,
        "targets": [
            {
                **report["target"],
                "verdict": report["verdict"],
                "reason": report["reason"],
                "seconds": report["seconds"],
                "cost": report["cost"],
                "report": folder(report["target"]["name"]),
            }
            for report in reports
        ],
        "requirements": list(rows.values()),
    }


def shown(comparison: Comparison) -> list[Row]:
    """What is worth a line: what the targets differ in, or, where none is held against another, do not all pass."""
    rows, dull = comparison["requirements"], {Status.PASSED, Status.NOT_APPLICABLE, Status.INCONCLUSIVE}
    fails = [bool({cell["status"] for cell in row["targets"].values()} - dull) for row in rows]
    is_held = comparison["against"] is not None
    return [row for row, fail in zip(rows, fails, strict=True) if row["differs"] or (fail and not is_held)]


def conclude(reports: Sequence[Report], against: str | None) -> Conclusion:
    """The worst of all targets. Held against one of them: deviates where another breaks what it keeps, and is
    inconclusive where something was not judged in both."""
    conclusions = {Conclusion(report["verdict"]) for report in reports}
    if against is not None:
        conclusions = {Conclusion.CONFORMS}
        kept = next(_scored(report) for report in reports if report["target"]["name"] == against)
        for found in map(_scored, reports):
            for id, status in found.items():
                if status == Status.FAILED and kept.get(id) in (Status.PASSED, Status.WAIVED):
                    conclusions.add(Conclusion.DEVIATES)
                if Status.INCONCLUSIVE in (status, kept.get(id)):
                    conclusions.add(Conclusion.INCONCLUSIVE)
    return next(each for each in WORST_FIRST if each in conclusions)


def _scored(report: Report) -> dict[str, str]:
    return {each["id"]: each["status"] for each in report["requirements"] if each["scored"]}


def _row(requirement: Requirement) -> Row:
    return {
        "id": requirement["id"],
        "level": requirement["level"],
        "source": requirement["source"],
        "title": requirement["title"],
        "quote": requirement["quote"],
        "pointer": requirement["pointer"],
        "differs": False,
        "targets": {},
    }


def is_one(data: Report | Comparison) -> TypeIs[Comparison]:
    return "targets" in data


def folder(name: str) -> str:
    """The folder of a target's own report, beside comparison.json."""
    return "".join(char if char.isalnum() or char in ".-_" else "-" for char in name).lstrip(".") or "-"
