"""How far a run has come, on a terminal."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from ..exchange import Exchange
from ..probes import Plan


class Progress:
    """A bar of the exchanges that are done; nothing where there is no terminal, or where pytest prints."""

    def __init__(self, wanted: bool) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("exchanges"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Bar(*columns, console=console, transient=True, disable=not (wanted and console.is_terminal))
        self._task = self._bar.add_task("exchanges", total=None)

    def __call__(self, exchange: Exchange, plan: Plan) -> None:
        self._bar.update(self._task, advance=1, total=len(plan.probes))

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.stop()
