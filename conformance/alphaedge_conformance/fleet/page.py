"""The fleet as a page in one file: the worst first, how each went on, and what has changed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from attrs import frozen

from ..report.page.environment import rendered
from .changes import Changes, headline
from .history import History
from .latest import Latest, latest, series

RUNS = 28
"""Of each target that a sparkline shows: a week, where a fleet is judged every six hours."""
WIDTH, HEIGHT = 84, 20
MOST = 500
"""Changes that the page lists."""


@frozen
class Line:
    """A target as the page has it."""

    target: Latest
    failures: str
    """The path of its sparkline."""
    times: str
    link: str | None
    """To its kept report, from where the page lies."""


def page(history: History, changes: Changes, folder: Path) -> str:
    """For a page that will lie in `folder`."""
    reports = os.path.relpath(history.reports.absolute(), folder.absolute())
    found = series(history, RUNS)
    lines = []
    for target in latest(history):
        runs = found[target.target]
        link = f"{reports}/{target.report}/report.html" if target.report is not None else None
        lines.append(Line(target, path([each[0] for each in runs]), path([each[1] for each in runs]), link))
    links = {line.target.target: line.link for line in lines}
    return rendered(
        "fleet.html",
        lines=lines,
        verdicts={verdict: sum(each.target.verdict == verdict for each in lines) for verdict in _verdicts(lines)},
        changes=changes,
        latest=[(each, links.get(each["target"])) for each in changes["changes"][-MOST:][::-1]],
        headline=headline(changes),
        runs=RUNS,
        box=f"0 0 {WIDTH} {HEIGHT}",
    )


def path(values: Sequence[float | int | None]) -> str:
    """A line through some values, the last one at the right end; a gap where there is none. It begins at zero, so that
    a small change looks small."""
    most = max((each for each in values if each is not None), default=0) or 1
    step = WIDTH / max(1, RUNS - 1)
    first = RUNS - len(values)
    pieces, pen = [], "M"
    for place, value in enumerate(values, first):
        if value is None:
            pen = "M"
            continue
        pieces.append(f"{pen}{place * step:.0f} {HEIGHT - 1 - (HEIGHT - 2) * value / most:.0f}")
        pen = "L"
    if len(pieces) == 1:
        pieces.append("h.1")  # a single point is seen too
    return "".join(pieces)


def _verdicts(lines: Iterable[Line]) -> list[str]:
    return list(dict.fromkeys(each.target.verdict for each in lines))
