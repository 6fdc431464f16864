"""Several targets for a person at a terminal: a table of them, and below it only what they differ in, or break."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..contract.requirements import Level
from ..judging.verdicts import Conclusion, Status
from .comparison import Cell, Compared, Comparison, Row, telling_rows
from .terminal import CONCLUSION_STYLE, STYLE, console, cost_of, counted, outcome_of, price_of, print_changes
from .text import duration, safe

NONE: Cell = {"status": "", "reason": None, "failed": 0, "of": 0}
NARROWEST, OTHERS = 12, 56
"""Characters that a name has at least, and those that the other columns of the table of targets take at most."""
GAP = 2
"""Between two columns."""


def show_comparison(comparison: Comparison, folder: Path | None, quiet: bool = False) -> None:
    """Prints several targets; quiet: a line for each, and the last one."""
    out = console()
    if quiet:
        for target in comparison["targets"]:
            out.print(_line(comparison, target))
    else:
        for target in comparison["targets"]:
            if changes := target.get("since"):
                out.print(Text(safe(target["name"]), style="bold"))
                print_changes(out, changes, "  ")
        _print_targets(out, comparison)
        _print_profiles(out, comparison)
        _print_differences(out, comparison)
    for problem in dict.fromkeys(each for target in comparison["targets"] for each in target["problems"]):
        out.print(Text(safe(problem), style="bold red"))
    conclusion = Conclusion(comparison["verdict"])
    against = f" against {safe(comparison['against'])}" if comparison["against"] is not None else ""
    where = f" · {folder}/comparison.html" if folder is not None else ""
    total = f"{len(comparison['targets'])} targets{against}, {comparison['seconds']:.1f} s{where}"
    out.print(Text.assemble((conclusion.upper(), CONCLUSION_STYLE[conclusion]), f": {total}"))


def _line(comparison: Comparison, target: Compared) -> Text:
    counts, reason = _counts(comparison, target), target["reason"]
    is_judged = any(status in (Status.PASSED, Status.FAILED) for status, _ in counts)
    said = " · ".join([*([counted(counts)] if is_judged else []), *([safe(reason)] if reason is not None else [])])
    conclusion = Conclusion(target["verdict"])
    head = (conclusion.upper(), CONCLUSION_STYLE[conclusion])
    return Text.assemble(f"{safe(target['name'])}: ", head, f": {said} · {cost_of(target['cost'], target['seconds'])}")


def _counts(comparison: Comparison, target: Compared) -> Counter[tuple[Status, Level]]:
    return Counter(
        (Status(row["targets"][target["name"]]["status"]), Level(row["level"]))
        for row in comparison["requirements"]
        if target["name"] in row["targets"]
    )


def _print_targets(out: Console, comparison: Comparison) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
    longest = max(NARROWEST, out.width - OTHERS)
    table.add_column("target", no_wrap=True, overflow="ellipsis", max_width=longest)
    for name in ("verdict", "MUST", "SHOULD"):
        table.add_column(name, no_wrap=True)
    for name in ("cost", "p50"):
        table.add_column(name, no_wrap=True, justify="right")
    for target in comparison["targets"]:
        counts, conclusion = _counts(comparison, target), Conclusion(target["verdict"])
        failed = [
            Text(f"{number} failed" if (number := counts[Status.FAILED, level]) else "", style=STYLE[Status.FAILED])
            for level in (Level.MUST, Level.SHOULD)
        ]
        price, latency = target["cost"].get("price"), target.get("latency")
        tokens = target["cost"]["prompt_tokens"] + target["cost"]["completion_tokens"]
        cost = price_of(price) if price is not None else f"{tokens} tokens"
        half = duration(latency["whole"]["p50"]) if latency is not None else ""
        verdict = Text(conclusion, style=CONCLUSION_STYLE[conclusion])
        table.add_row(safe(target["name"]), verdict, *failed, cost, half)
    out.print(table, soft_wrap=False)
    for target in comparison["targets"]:
        if target["reason"] is not None:
            out.print(Text(f"{safe(target['name'])}: {safe(target['reason'])}"))
    out.print()


def _print_profiles(out: Console, comparison: Comparison) -> None:
    """A row for each profile that was claimed or tried, a column for each target."""
    known = {
        target["name"]: {each["name"]: each for each in target.get("profiles", [])} for target in comparison["targets"]
    }
    names = dict.fromkeys(name for profiles in known.values() for name in profiles)
    if not names:
        return
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
    for column in ("profile", *map(safe, known)):
        table.add_column(column)
    for name in names:
        cells = (outcome_of(profiles[name]) if name in profiles else Text() for profiles in known.values())
        table.add_row(safe(name), *cells)
    out.print(table)
    out.print()


def _print_differences(out: Console, comparison: Comparison) -> None:
    every = comparison["requirements"]
    rows = sorted(telling_rows(comparison), key=lambda row: Level(row["level"]).rank)
    names = [target["name"] for target in comparison["targets"]]
    unjudged = [name for name in names if not any(row["targets"].get(name, NONE)["of"] for row in every)]
    columns = [["requirement", *(row["id"] for row in rows)], ["level", *(row["level"] for row in rows)]]
    columns += [[safe(name), *(_cell(row["targets"].get(name)).plain for row in rows)] for name in names]
    if sum(GAP + max(map(len, column)) for column in columns) - GAP <= out.width:
        _print_matrix(out, rows, names)
    else:
        for row in rows:
            out.print(Text.assemble(f"{row['level']} ", (row["id"], "bold")))
            judged = {name: cell for name, cell in row["targets"].items() if name not in unjudged}
            for line in _in_words(judged, len(names), out.width):
                out.print(Text(line), soft_wrap=False, overflow="ellipsis", no_wrap=True)
    if rows:
        out.print()
    what = "are the same in all" if comparison["against"] is not None else "fail on no target"
    out.print(f"{len(every) - len(rows)} requirements {what}")
    if unjudged:
        out.print(_fitting(f"not judged, {len(unjudged)} of {len(names)}: ", unjudged, out.width), markup=False)
    out.print()


def _print_matrix(out: Console, rows: Sequence[Row], names: Sequence[str]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
    for name in ("requirement", "level", *map(safe, names)):
        table.add_column(name, no_wrap=True)
    for row in rows:
        table.add_row(row["id"], row["level"], *(_cell(row["targets"].get(name)) for name in names))
    if rows:
        out.print(table)


def _cell(cell: Cell | None) -> Text:
    if cell is None:
        return Text()
    status = Status(cell["status"])
    times = f" {cell['failed']}/{cell['of']}" if cell["failed"] else ""
    return Text(status + times, style=STYLE[status])


def _in_words(cells: Mapping[str, Cell], targets: int, width: int) -> Iterator[str]:
    """``failed on 12 of 50: a, b and 10 more`` for each status but passed and not applicable; as many names as fit."""
    for status in Status:
        if status in (Status.PASSED, Status.NOT_APPLICABLE):
            continue
        if found := [name for name, cell in cells.items() if cell["status"] == status]:
            yield _fitting(f"  {status} on {len(found)} of {targets}: ", found, width)


def _fitting(head: str, names: Sequence[str], width: int) -> str:
    """The head, and as many names as fit on the line, one at least."""
    fitting = (text for few in range(len(names), 0, -1) if len(text := head + _some(names, few)) <= width)
    return next(fitting, head + _some(names, 1))


def _some(names: Sequence[str], most: int) -> str:
    first = [safe(name) for name in names[:most]]
    if len(names) > most:
        return f"{', '.join(first)} and {len(names) - most} more"
    return " and ".join(filter(None, [", ".join(first[:-1]), first[-1]]))
