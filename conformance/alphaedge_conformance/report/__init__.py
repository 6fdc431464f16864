"""What people and machines read of a run."""

from __future__ import annotations

import json
from pathlib import Path

from ..session import Run
from . import document, terminal


def write(run: Run, folder: Path) -> None:
    """Writes report.json; pytest writes junit.xml beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document.of(run), ensure_ascii=False, indent=2)
    (folder / "report.json").write_text(text + "\n", "utf-8")


def show(run: Run) -> None:
    """Prints the run for a person."""
    terminal.show(run)
