"""A report for a person at a terminal: subjects with their requirements, failures first, and one line that says it all.

Colours and tables are rich's; where there is no terminal, or NO_COLOR is set, it is plain text of any width.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..contract.requirements import Level, subject
from ..judging.verdicts import Conclusion, Status
from .comparison import Cell, Comparison, shown
from .document import Cost, Report, Requirement
from .text import noticed, prevalence, safe

SHOWN = 5
"""Requirements that a line names; report.json names them all."""
NONE: Cell = {"status": "", "reason": None, "failed": 0, "of": 0}
STYLE = {
    Status.KIT_ERROR: "bold red",
    Status.FAILED: "bold red",
    Status.INCONCLUSIVE: "yellow",
    Status.WAIVED: "magenta",
    Status.PASSED: "green",
    Status.NOT_APPLICABLE: "dim",
}
CONCLUSION_STYLE = {
    Conclusion.CONFORMS: "bold green",
    Conclusion.DEVIATES: "bold red",
    Conclusion.INCONCLUSIVE: "bold yellow",
    Conclusion.KIT_ERROR: "bold red",
}


class Output(Console):
    def on_broken_pipe(self) -> None:
        """Leaves it to the caller; rich ends the program with 1, which means deviates here."""
        raise


def console() -> Console:
    """Standard output, as it is; NO_COLOR leaves no escape sequence at all."""
    plain = bool(os.environ.get("NO_COLOR"))
    return Output(highlight=False, soft_wrap=True, color_system=None if plain else "auto")


def show(report: Report, folder: Path | None, quiet: bool = False) -> None:
    """Prints a run; quiet: its last line alone."""
    out = console()
    is_judged = any(each["of"] or each["status"] == Status.KIT_ERROR for each in report["requirements"])
    if not quiet and is_judged:
        _print_subjects(out, report)
        for requirement in sorted(report["requirements"], key=_order):
            if requirement["findings"]:
                _print_findings(out, requirement)
        _print_unjudged(out, report)
    out.print(_summary(report, folder))


def show_comparison(comparison: Comparison, folder: Path | None, quiet: bool = False) -> None:
    """Prints what several targets differ in, or break, and a line for each."""
    out = console()
    if not quiet:
        _print_matrix(out, comparison)
    for target in comparison["targets"]:
        counts = Counter(
            (Status(row["targets"][target["name"]]["status"]), Level(row["level"]))
            for row in comparison["requirements"]
            if target["name"] in row["targets"]
        )
        said = safe(target["reason"]) if target["reason"] is not None else _counted(counts)
        conclusion = Conclusion(target["verdict"])
        head = (conclusion.upper(), CONCLUSION_STYLE[conclusion])
        cost = _cost(target["cost"], target["seconds"])
        out.print(Text.assemble(f"{safe(target['name'])}: ", head, f": {said} · {cost}"))
    for problem in dict.fromkeys(each for target in comparison["targets"] for each in target["problems"]):
        out.print(Text(safe(problem), style="bold red"))
    conclusion = Conclusion(comparison["verdict"])
    against = f" against {safe(comparison['against'])}" if comparison["against"] is not None else ""
    where = f" · {folder}/comparison.html" if folder is not None else ""
    total = f"{len(comparison['targets'])} targets{against}, {comparison['seconds']:.1f} s{where}"
    out.print(Text.assemble((conclusion.upper(), CONCLUSION_STYLE[conclusion]), f": {total}"))


def _print_unjudged(out: Console, report: Report) -> None:
    """A line for each reason, with the first of the requirements that were not judged for it."""
    reasons: dict[tuple[str, str, str], list[str]] = {}
    for each in report["requirements"]:
        if each["status"] in (Status.KIT_ERROR, Status.INCONCLUSIVE):
            reasons.setdefault((each["status"], each["level"], each["reason"] or ""), []).append(each["id"])
    for (status, level, reason), ids in reasons.items():
        more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
        text = f"{status} {level} {', '.join(ids[:SHOWN])}{more}: {safe(reason)}"
        out.print(Text(text, style=STYLE[Status(status)]))


def _order(requirement: Requirement) -> tuple[int, int]:
    return Level(requirement["level"]).rank, list(Status).index(Status(requirement["status"]))


def _print_subjects(out: Console, report: Report) -> None:
    subjects: dict[str, list[Requirement]] = {}
    for each in report["requirements"]:
        subjects.setdefault(subject(each["id"]), []).append(each)
    found = {each["status"] for each in report["requirements"]}
    statuses = [status for status in Status if status in found]
    target = report["target"]
    table = Table(
        title=f"{safe(target['url'])} · {safe(target['model'])}", title_justify="left", box=None, pad_edge=False
    )
    table.add_column("subject")
    for status in statuses:
        table.add_column(status, justify="right", header_style=STYLE[status])
    for name, group in sorted(subjects.items(), key=lambda entry: min(map(_severity, entry[1]))):
        counts = Counter(requirement["status"] for requirement in group)
        cells = [Text(str(counts[status] or ""), style=STYLE[status]) for status in statuses]
        table.add_row(name, *cells)
    out.print(table)
    out.print()


def _severity(requirement: Requirement) -> tuple[int, int]:
    level, status = _order(requirement)
    return status, level


def _print_findings(out: Console, requirement: Requirement) -> None:
    first = requirement["findings"][0]
    status, level = Status(requirement["status"]), Level(requirement["level"])
    style = STYLE[status] if status is not Status.FAILED or requirement["scored"] else "bold yellow"
    head = f"{level} {requirement['id']}"
    out.print(Text.assemble((head, style), f"  {prevalence(requirement)}, {requirement['source']}"))
    out.print(f"  {requirement['title']}", markup=False)
    if requirement["reason"] is not None:
        out.print(f"  {status}: {safe(requirement['reason'])}", markup=False)
    for line in noticed(first):
        out.print(f"  {line}", markup=False)
    out.print(f"  {safe(first['curl'])}\n", markup=False, style="dim")


def _print_matrix(out: Console, comparison: Comparison) -> None:
    rows, every = shown(comparison), comparison["requirements"]
    names = [target["name"] for target in comparison["targets"]]
    table = Table(box=None, pad_edge=False)
    table.add_column("requirement", overflow="fold")
    table.add_column("level")
    for name in names:
        table.add_column(safe(name), overflow="fold")
    for row in sorted(rows, key=lambda row: Level(row["level"]).rank):
        table.add_row(row["id"], row["level"], *(_cell(row["targets"].get(name)) for name in names))
    if rows:
        out.print(table)
        out.print()
    what = "are the same in all" if comparison["against"] is not None else "fail nowhere"
    unjudged = [name for name in names if not any(row["targets"].get(name, NONE)["of"] for row in every)]
    but = f", but {' and '.join(map(safe, unjudged))} could not be judged" if unjudged else ""
    out.print(f"{len(every) - len(rows)} requirements {what}{but}\n")


def _cell(cell: Cell | None) -> Text:
    if cell is None:
        return Text()
    status = Status(cell["status"])
    times = f" {cell['failed']}/{cell['of']}" if cell["failed"] else ""
    return Text(status + times, style=STYLE[status])


def _summary(report: Report, folder: Path | None) -> Text:
    conclusion = Conclusion(report["verdict"])
    head = (conclusion.upper(), CONCLUSION_STYLE[conclusion])
    requirements, cost = report["requirements"], report["cost"]
    if conclusion is not Conclusion.KIT_ERROR and not any(each["of"] for each in requirements):
        return Text.assemble(head, f": {safe(report['reason'] or 'nothing was judged')}")
    counts = Counter((Status(each["status"]), Level(each["level"])) for each in requirements)
    text = Text.assemble(head, f": {_counted(counts)} · {_cost(cost, report['seconds'])}")
    for problem in report["problems"]:
        text.append(f" · {safe(problem)}")
    if report["reason"] is not None:
        text.append(f" · {safe(report['reason'])}")
    if cost["unanswered_requests"]:
        text.append(f" · {cost['unanswered_requests']} planned requests have no answer")
    if not report["target"]["has_key"]:
        text.append(" · without a key, so the requirements on keys were not judged")
    if folder is not None:
        text.append(f" · {folder}/report.html")
    return text


def _counted(counts: Counter[tuple[Status, Level]]) -> str:
    failing = (level for level in Level if counts[Status.FAILED, level])
    parts = [  # a MAY is never failed
        f"{counts[Status.FAILED, level]} {level} {'reported' if level is Level.MAY else 'failed'}" for level in failing
    ]
    for status in (Status.KIT_ERROR, Status.INCONCLUSIVE, Status.WAIVED, Status.PASSED):
        number = sum(counts[status, level] for level in Level)
        if number:
            parts.append(f"{number} {status}")
    return ", ".join(parts)


def _cost(cost: Cost, seconds: float) -> str:
    tokens = f"{cost['prompt_tokens']} + {cost['completion_tokens']} tokens"
    return f"{cost['requests']} requests, {tokens}, {seconds:.1f} s"
