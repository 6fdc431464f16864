"""How far a run has come: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

EVERY = 5.0
"""Seconds between two lines where there is no terminal."""


class Progress:
    """The requests that are done, the findings so far, the time left; on standard error, and nothing where pytest
    prints."""

    def __init__(self, wanted: bool) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("requests"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[findings]}"))
        is_shown = wanted and console.is_terminal
        self._bar = Bar(*columns, TimeRemainingColumn(), console=console, transient=True, disable=not is_shown)
        self._task = self._bar.add_task("requests", total=None, findings="")
        self._prints_lines = wanted and not is_shown
        self._started = self._printed = time.monotonic()
        self._targets: dict[str, tuple[int, int, int]] = {}

    def __call__(self, done: int, planned: int, findings: int, of: str = "") -> None:
        self._targets[of] = done, planned, findings
        done, planned, findings = map(sum, zip(*self._targets.values(), strict=True))
        found = f"{findings} finding{'s' if findings != 1 else ''}"
        self._bar.update(self._task, completed=done, total=planned, findings=found)
        now = time.monotonic()
        if self._prints_lines and now - self._printed >= EVERY:
            self._printed = now
            left = (now - self._started) / done * (planned - done)
            print(f"{done} of {planned} requests, {found}, about {left:.0f} s left", file=sys.stderr, flush=True)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.stop()
