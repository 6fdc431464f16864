"""The run for a person: subjects with their requirements, failures first, and one line that says it all."""

from __future__ import annotations

from collections import Counter

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..requirements import Level
from ..session import Run
from ..verdict import Conclusion, Status, Verdict
from .text import curl, prevalence, safe

SHOWN = 5
"""Requirements that a line names; report.json names them all."""
STYLE = {
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
}


def show(run: Run) -> None:
    console = Console(highlight=False, soft_wrap=True)
    if run.reason is not None:
        console.print(Text.assemble(("INCONCLUSIVE", "bold yellow"), f": {safe(run.reason)}"))
        return
    _print_subjects(console, run)
    for verdict in sorted(run.verdicts.values(), key=_order):
        if verdict.findings:
            _print_findings(console, run, verdict)
    _print_inconclusive(console, run)
    console.print(_summary(run))


def _print_inconclusive(console: Console, run: Run) -> None:
    """A line for each reason, with the first of the requirements that it keeps from being judged."""
    reasons: dict[tuple[Level, str], list[str]] = {}
    for verdict in run.verdicts.values():
        if verdict.status is Status.INCONCLUSIVE:
            reasons.setdefault((verdict.requirement.level, verdict.reason or ""), []).append(verdict.requirement.id)
    for (level, reason), ids in reasons.items():
        more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
        text = f"inconclusive {level} {', '.join(ids[:SHOWN])}{more}: {safe(reason)}"
        console.print(Text(text, style="yellow"))


def _order(verdict: Verdict) -> tuple[int, int]:
    return verdict.requirement.level.rank, list(Status).index(verdict.status)


def _print_subjects(console: Console, run: Run) -> None:
    subjects: dict[str, list[Verdict]] = {}
    for verdict in run.verdicts.values():
        subjects.setdefault(verdict.requirement.subject, []).append(verdict)
    statuses = [status for status in Status if any(verdict.status is status for verdict in run.verdicts.values())]
    table = Table(title=f"{run.target.url} · {safe(run.target.model)}", title_justify="left", box=None, pad_edge=False)
    table.add_column("subject")
    for status in statuses:
        table.add_column(status, justify="right", header_style=STYLE[status])
    for subject, verdicts in sorted(subjects.items(), key=lambda entry: min(map(_severity, entry[1]))):
        counts = Counter(verdict.status for verdict in verdicts)
        cells = [Text(str(counts[status] or ""), style=STYLE[status]) for status in statuses]
        table.add_row(subject, *cells)
    console.print(table)
    console.print()


def _severity(verdict: Verdict) -> tuple[int, int]:
    return list(Status).index(verdict.status), verdict.requirement.level.rank


def _print_findings(console: Console, run: Run, verdict: Verdict) -> None:
    requirement, first = verdict.requirement, verdict.findings[0]
    style = STYLE[verdict.status] if requirement.level.rank <= run.settings.level.rank else "bold yellow"
    head = f"{requirement.level} {requirement.id}"
    console.print(Text.assemble((head, style), f"  {prevalence(verdict)} exchanges, {requirement.source}"))
    console.print(f"  {requirement.text}", markup=False)
    console.print(f"  {safe(first.exchange.probe.name)}: {safe(first.message)}", markup=False)
    if (impact := run.impacts.get(first.exchange.number)) is not None:
        console.print(f"  in a program, {safe(impact)}", markup=False)
    console.print(f"  {curl(first.exchange, run.target)}\n", markup=False, style="dim")


def _summary(run: Run) -> Text:
    conclusion = run.conclusion
    counts = Counter((verdict.status, verdict.requirement.level) for verdict in run.verdicts.values())
    parts = [f"{counts[Status.FAILED, level]} {level} failed" for level in Level if counts[Status.FAILED, level]]
    for status in (Status.INCONCLUSIVE, Status.WAIVED, Status.PASSED):
        number = sum(counts[status, level] for level in Level)
        if number:
            parts.append(f"{number} {status}")
    prompt, completion = run.tokens
    cost = f"{run.requests} requests, {prompt} + {completion} tokens, {run.seconds:.1f} s"
    text = Text.assemble((conclusion.upper(), CONCLUSION_STYLE[conclusion]), f": {', '.join(parts)} · {cost}")
    if run.stopped is not None:
        text.append(f" · {run.stopped}, so {run.unsent} requests were not sent")
    if run.target.key is None:
        text.append(" · no ALPHAEDGE_API_KEY is set, so the requirements on keys were not judged")
    if run.settings.report is not None:
        text.append(f" · {run.settings.report}/report.json")
    return text
