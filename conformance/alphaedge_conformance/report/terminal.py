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
from ..run.discovering import Outcome
from .causes import Cause, causes, gravity
from .document import Cost, Money, Profile, Report, Requirement, Since
from .since import figures, headline, lines
from .text import noticed, prevalence, safe, seen

SHOWN = 5
"""Requirements that a line names; report.json names them all."""
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
    if not quiet:
        print_changes(out, report.get("since"))
    is_judged = any(each["of"] or each["status"] == Status.KIT_ERROR for each in report["requirements"])
    if not quiet and is_judged:
        _print_subjects(out, report)
        _print_profiles(out, report)
        for cause in causes(report["requirements"]):
            _print_findings(out, cause.first)
            _print_others(out, cause)
        if not report.get("seen_only"):
            _print_unjudged(out, report)
    out.print(_summary(report, folder))


def print_changes(out: Console, changes: Since | None, indent: str = "") -> None:
    """What is not as it was in an earlier run."""
    if changes is None:
        return
    out.print(Text(f"{indent}since {changes['started']}: {headline(changes)}", style="bold"))
    style = {"new": STYLE[Status.FAILED], "fixed": STYLE[Status.PASSED], "unjudged": STYLE[Status.INCONCLUSIVE]}
    for kind, text in lines(changes):
        out.print(Text.assemble(f"{indent}  ", (f"{kind:10}", style.get(kind, "")), f"  {text}"))
    for name, was, now in figures(changes):
        out.print(Text(f"{indent}  {name}: {was} → {now}"))
    out.print()


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
    for name, group in sorted(subjects.items(), key=lambda entry: min(map(gravity, entry[1]))):
        counts = Counter(requirement["status"] for requirement in group)
        cells = [Text(str(counts[status] or ""), style=STYLE[status]) for status in statuses]
        table.add_row(name, *cells)
    out.print(table)
    out.print()


OUTCOME_STYLE = {Outcome.SUPPORTED: "green", Outcome.IGNORED: "yellow", Outcome.REFUSED: "dim", Outcome.UNKNOWN: "dim"}


def outcome_of(profile: Profile) -> Text:
    """What is known of a profile, in a word or two."""
    words = [*(["claimed"] if profile["claimed"] else []), *([profile["outcome"]] if profile["outcome"] else [])]
    style = OUTCOME_STYLE[Outcome(profile["outcome"])] if profile["outcome"] else ""
    return Text(", ".join(words), style=style)


def _print_profiles(out: Console, report: Report) -> None:
    for profile in report.get("profiles", []):
        reason = f": {safe(profile['reason'])}" if profile["reason"] else ""
        out.print(Text.assemble(f"profile {safe(profile['name'])}  ", outcome_of(profile), reason))
    if report.get("profiles"):
        out.print()


def _print_findings(out: Console, requirement: Requirement) -> None:
    first = requirement["findings"][0]
    status, level = Status(requirement["status"]), Level(requirement["level"])
    head = f"{level} {requirement['id']}"
    out.print(Text.assemble((head, _style(requirement)), f"  {prevalence(requirement)}, {requirement['source']}"))
    out.print(f"  {requirement['title']}", markup=False)
    if requirement["reason"] is not None:
        out.print(f"  {status}: {safe(requirement['reason'])}", markup=False)
    for line in noticed(first):
        out.print(f"  {line}", markup=False)
    out.print(f"  {safe(first['curl'])}\n", markup=False, style="dim")


def _print_others(out: Console, cause: Cause) -> None:
    """What probably has the same cause, a line each."""
    for each in cause.requirements[1:]:
        head = (f"{each['level']} {each['id']}", _style(each))
        out.print(Text.assemble("  probably the same: ", head, f"  {prevalence(each)}, {each['source']}"))
    if len(cause.requirements) > 1:
        out.print()


def _style(requirement: Requirement) -> str:
    """Of a requirement with findings."""
    status = Status(requirement["status"])
    return STYLE[status] if status is not Status.FAILED or requirement["scored"] else "bold yellow"


def _summary(report: Report, folder: Path | None) -> Text:
    conclusion = Conclusion(report["verdict"])
    head = (conclusion.upper(), CONCLUSION_STYLE[conclusion])
    requirements, cost = report["requirements"], report["cost"]
    if conclusion is not Conclusion.KIT_ERROR and not any(each["of"] for each in requirements):
        return Text.assemble(head, f": {safe(report['reason'] or 'nothing was judged')}")
    counts = Counter((Status(each["status"]), Level(each["level"])) for each in requirements)
    said = seen(report) if report.get("seen_only") else counted(counts)
    text = Text.assemble(head, f": {said} · {cost_of(cost, report['seconds'])}")
    for problem in report["problems"]:
        text.append(f" · {safe(problem)}")
    if report["reason"] is not None:
        text.append(f" · {safe(report['reason'])}")
    if changes := report.get("since"):
        text.append(f" · {headline(changes)} since {changes['started']}")
    if cost["unanswered_requests"] and not report.get("seen_only"):
        text.append(f" · {cost['unanswered_requests']} planned requests were not answered")
    if not report["target"]["has_key"]:
        text.append(" · without a key, so the requirements on keys were not judged")
    if folder is not None:
        text.append(f" · {folder}/report.html")
    return text


def counted(counts: Counter[tuple[Status, Level]]) -> str:
    """How many failed of each level, and how many have each other status."""
    failing = (level for level in Level if counts[Status.FAILED, level])
    parts = [  # a MAY is never failed
        f"{counts[Status.FAILED, level]} {level} {'reported' if level is Level.MAY else 'failed'}" for level in failing
    ]
    for status in (Status.KIT_ERROR, Status.INCONCLUSIVE, Status.WAIVED, Status.PASSED):
        number = sum(counts[status, level] for level in Level)
        if number:
            parts.append(f"{number} {status}")
    return ", ".join(parts)


def cost_of(cost: Cost, seconds: float) -> str:
    """What a run took."""
    tokens = f"{cost['prompt_tokens']} prompt and {cost['completion_tokens']} completion tokens"
    price = cost.get("price")
    paid = f", {price_of(price)}" if price is not None else ""
    return f"{cost['requests']} requests, {tokens}{paid}, {seconds:.1f} s"


def price_of(price: Money) -> str:
    return f"{price['amount']:.4f} {safe(price['currency'])}"
