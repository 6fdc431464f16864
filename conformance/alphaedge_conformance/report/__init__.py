"""What people and machines read of a run."""

from __future__ import annotations

import json
from pathlib import Path

from .. import har
from ..errors import ConfigurationError
from ..session import Run
from . import document, terminal
from .document import Report


def write(run: Run, folder: Path) -> None:
    """Writes report.json and what is made of it; pytest writes junit.xml beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    report = document.of(run)
    text = json.dumps(report, ensure_ascii=False, indent=2)
    _write(folder / "report.json", text + "\n")
    views(report, folder)


def views(report: Report, folder: Path) -> None:
    """Writes report.html and badge.svg. What went over the wire is read back from exchanges.har, where no key is."""
    from .badge import badge
    from .page import report_page

    try:
        exchanges = har.read(folder / "exchanges.har").exchanges
    except ConfigurationError:
        exchanges = ()
    page = report_page(report, {exchange.number: exchange for exchange in exchanges})
    _write(folder / "report.html", page)
    _write(folder / "badge.svg", badge(report))


def _write(path: Path, text: str) -> None:
    """A half of a surrogate pair, which a server may send as an escape, is an escape again."""
    path.write_bytes(text.encode("utf-8", "backslashreplace"))


def show(run: Run) -> None:
    """Prints the run for a person."""
    terminal.show(run)
