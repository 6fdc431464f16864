"""How far a run has come: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Mapping
from threading import Event, Thread
from types import TracebackType
from typing import Self

from attrs import frozen
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar
from rich.text import Text

EVERY = 5.0
"""Seconds between two lines where there is no terminal."""
SAMPLES = 30
"""Answers whose pace says how long the rest takes."""
FEWEST = 8
"""Answers before which nobody knows."""


@frozen
class RunProgress:
    """The last that a run reported of its progress."""

    done: int
    planned: int
    findings: int
    under_way: Mapping[int, str]


class Progress:
    """The requests that are done, the findings so far, what is waited for and the time left; on standard error, and
    nothing where pytest prints."""

    def __init__(self, wanted: bool) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("requests"), BarColumn(bar_width=20), MofNCompleteColumn(), _Rest(self))
        is_shown = wanted and console.is_terminal
        self._bar = Bar(*columns, console=console, transient=True, disable=not is_shown)
        self._task = self._bar.add_task("requests", total=None)
        self._prints_lines = wanted and not is_shown
        self._over = Event()
        self._targets: dict[str, RunProgress] = {}
        self._arrivals: deque[tuple[float, int]] = deque(maxlen=SAMPLES)

    def __call__(self, done: int, planned: int, findings: int, under_way: Mapping[int, str], /, of: str = "") -> None:
        self._targets[of] = RunProgress(done, max(done, planned), findings, under_way)
        now = self._now
        self._arrivals.append((time.monotonic(), now.done))
        self._bar.update(self._task, completed=now.done, total=now.planned)

    @property
    def _now(self) -> RunProgress:
        """All targets together."""
        every = list(self._targets.values())
        waiting = [name for each in every for name in list(each.under_way.values())]
        done, planned, findings = (
            sum(getattr(each, name) for each in every) for name in ("done", "planned", "findings")
        )
        return RunProgress(done, planned, findings, dict(enumerate(waiting)))

    @property
    def line(self) -> str:
        now = self._now
        return f"{now.done} of {now.planned} requests, {self.rest}"

    @property
    def rest(self) -> str:
        """What a bar cannot show."""
        now = self._now
        parts = [f"{now.findings} finding{'s' if now.findings != 1 else ''}"]
        if left := time_left(list(self._arrivals), now.planned):
            parts.append(left)
        return ", ".join(parts) + _waiting(list(now.under_way.values()))

    def __enter__(self) -> Self:
        self._bar.start()
        if self._prints_lines:
            Thread(target=self._print_lines, daemon=True).start()
        return self

    def _print_lines(self) -> None:
        while not self._over.wait(EVERY):
            if self._targets:
                print(self.line, file=sys.stderr, flush=True)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._bar.stop()


class _Rest(TextColumn):
    """Looked at anew each time the bar is drawn, also while nothing arrives."""

    def __init__(self, progress: Progress) -> None:
        super().__init__("")
        self._progress = progress

    def render(self, task: object) -> Text:
        return Text(self._progress.rest)


def time_left(arrivals: list[tuple[float, int]], planned: int) -> str:
    """From the pace of the last answers, as seconds and how many there were by then; nothing where they are too few to
    tell."""
    if len(arrivals) < FEWEST:
        return ""
    (start, before), (end, done) = arrivals[0], arrivals[-1]
    if done <= before or end <= start or done >= planned:
        return ""
    left = (planned - done) * (end - start) / (done - before)
    if left < 10:
        return "a few seconds left"
    return f"about {round(left, -1):.0f} s left" if left < 95 else f"about {left / 60:.0f} min left"


def _waiting(names: list[str]) -> str:
    if not names:
        return ""
    others = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"; waiting for {names[0]!r}{others}"
