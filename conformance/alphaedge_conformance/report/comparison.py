"""comparison.json: the runs of several targets side by side, a row for each requirement.

`comparison.schema.json` beside this file describes it; `make generate` writes it from the types here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, NotRequired, TypedDict

from typing_extensions import TypeIs

from ..contract.requirements import Level
from ..judging.verdicts import Conclusion, Status
from ..run.targets import folder
from .document import FORMAT, SOURCE, ContractUsed, Cost, Kit, Profile, Report, Requirement, Since, Target
from .latency import Latency
from .units import Count, Pointer, Seconds, Time

WORST_FIRST = (Conclusion.KIT_ERROR, Conclusion.DEVIATES, Conclusion.INCONCLUSIVE, Conclusion.CONFORMS)


class Compared(Target):
    """A target, and what its run says."""

    verdict: Annotated[str, Conclusion]
    reason: str | None
    problems: list[str]
    """What is wrong with the waivers; each fails the run."""
    profiles: NotRequired[list[Profile]]
    seconds: Seconds
    cost: Cost
    latency: NotRequired[Latency | None]
    since: NotRequired[Since | None]
    """Null where there is no earlier run to compare with."""
    report: str
    """The folder of its own report, beside this file."""


class Cell(TypedDict):
    """What a run says of a requirement."""

    status: Annotated[str, Status]
    reason: str | None
    failed: Count
    """Exchanges that break it."""
    of: Count
    """Exchanges that were judged."""


class Row(TypedDict):
    """One sentence that a server must satisfy."""

    id: str
    """Stable for as long as the sentence is."""
    level: Annotated[str, Level]
    source: Annotated[str, {"pattern": SOURCE}]
    title: str
    """The sentence."""
    quote: str | None
    """The page's words."""
    pointer: Pointer
    """Into the contract."""
    differs: bool
    """Whether the targets that were judged have not all the same status; not-applicable is like any."""
    targets: dict[str, Cell]
    """By the names of the targets; one that was not judged on it is missing."""


class Comparison(TypedDict):
    """Several targets, judged by the same contract. Members that are not described here may come; ignore them."""

    format: Annotated[int, {"const": FORMAT}]
    kit: Kit
    contract: ContractUsed
    started: Time
    seconds: Seconds
    seed: int
    level: Annotated[str, Level]
    """The lowest level that can fail the run."""
    verdict: Annotated[str, Conclusion]
    """That of the whole: the worst of the targets; with `against`, what they are worse in."""
    against: str | None
    """The name of the target that the others are held against."""
    targets: Annotated[list[Compared], {"minItems": 1}]
    requirements: list[Row]


def compare(reports: Sequence[Report], seconds: float, against: str | None = None) -> Comparison:
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
        statuses = {cell and cell["status"] for cell in cells}
        row["differs"] = len(statuses - {Status.NOT_APPLICABLE}) > 1 or statuses > {Status.FAILED}
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
                "problems": report["problems"],
                "profiles": report.get("profiles", []),
                "seconds": report["seconds"],
                "cost": report["cost"],
                "latency": report.get("latency"),
                "since": report.get("since"),
                "report": folder(report["target"]["name"]),
            }
            for report in reports
        ],
        "requirements": list(rows.values()),
    }


def telling_rows(comparison: Comparison) -> list[Row]:
    """What is worth a line: what the targets differ in, or, where none is held against another, do not all pass."""
    rows, dull = comparison["requirements"], {Status.PASSED, Status.NOT_APPLICABLE, Status.INCONCLUSIVE}
    fails = [bool({cell["status"] for cell in row["targets"].values()} - dull) for row in rows]
    is_held = comparison["against"] is not None
    return [row for row, fail in zip(rows, fails, strict=True) if row["differs"] or (fail and not is_held)]


def conclude(reports: Sequence[Report], against: str | None) -> Conclusion:
    """The worst of all targets. Held against one of them: deviates where another breaks what it satisfies, or a waiver
    is wrong, and is inconclusive where something was not judged in both."""
    conclusions = {Conclusion(report["verdict"]) for report in reports}
    if against is not None:
        base = next(report for report in reports if report["target"]["name"] == against)
        failed = {Conclusion.KIT_ERROR} & conclusions
        conclusions = {Conclusion.CONFORMS, *failed, *(each for report in reports for each in _compared(report, base))}
    return next(each for each in WORST_FIRST if each in conclusions)


def _compared(report: Report, base: Report) -> Iterator[Conclusion]:
    if report["problems"]:
        yield Conclusion.DEVIATES
    if report["reason"] is not None:
        yield Conclusion.INCONCLUSIVE
    kept = _scored(base)
    for id, status in _scored(report).items():
        if status == Status.FAILED and kept.get(id) in (Status.PASSED, Status.WAIVED):
            yield Conclusion.DEVIATES
        elif Status.INCONCLUSIVE in (status, kept.get(id)):
            yield Conclusion.INCONCLUSIVE
        elif status == Status.FAILED and kept.get(id) != Status.FAILED:
            yield Conclusion.INCONCLUSIVE  # the other was not judged on it, as without a key


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
