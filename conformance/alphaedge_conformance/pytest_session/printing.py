"""What a session leaves behind: the files of the report, and what is printed of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from .. import report
from ..command import no_more_output
from ..contract import Contract
from ..judging import waivers
from ..judging.verdicts import Status
from ..report.comparison import Comparison
from ..report.document import Report


def publish(
    reports: Sequence[Report],
    comparison: Comparison | None,
    folder: Path | None,
    drafts: Path | None,
    *,
    contract: Contract | None,
    quiet: bool,
) -> bool:
    """Writes the report into `folder` and drafts of waivers into `drafts`, where they are given, and prints a summary
    where `contract` is given; whether every file could be written."""
    unwritten = None
    try:
        if folder is not None:
            report.write(reports, comparison, folder, contract)
    except OSError as error:
        unwritten = f"{error.filename}: {error.strerror}; the report is incomplete"
    drafted = waivers.draft(_failed(reports), drafts, date.today()) if drafts is not None else None
    try:
        if contract is not None:
            document = comparison or reports[0]
            report.show(document, folder, quiet)
            report.announce(document, contract)
        if drafted is not None:
            print(drafted)
        sys.stdout.flush()
    except OSError:  # whoever reads has read enough, or the disk is full
        no_more_output()
    if unwritten is not None:
        print(f"alphaedge-conform: {unwritten}", file=sys.stderr)
    return unwritten is None


def _failed(reports: Sequence[Report]) -> Iterator[tuple[str, str]]:
    """Each scored requirement that failed, with the name of its target."""
    for each in reports:
        for requirement in each["requirements"]:
            if requirement["status"] == Status.FAILED and requirement["scored"]:
                yield requirement["id"], each["target"]["name"]
