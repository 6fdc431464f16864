"""What people and machines read of a run: each view is made of the data that report.json or comparison.json holds."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import jsonschema_rs

from ..archive import har
from ..contract import Contract, shorten
from ..errors import ConfigurationError
from ..run.targets import folder as target_folder
from . import comparison, document, github, terminal, terminal_comparison
from .comparison import Comparison
from .document import Report

__all__ = ["announce", "comparison", "document", "read", "render", "show", "write"]


SINGLE, COMPARED = ("report.json", "report.html", "badge.svg"), ("comparison.json", "comparison.html")


def write(
    reports: Sequence[Report], compared: Comparison | None, folder: Path, contract: Contract | None = None
) -> None:
    """Writes report.json and what is made of it; of several targets, comparison.json and a folder for each."""
    for stale in COMPARED if compared is None else SINGLE:  # of a run before
        (folder / stale).unlink(missing_ok=True)
    if compared is None:
        _write(reports[0], folder / "report.json")
        render(reports[0], folder, contract)
        return
    for report in reports:
        own = folder / target_folder(report["target"]["name"])
        own.mkdir(parents=True, exist_ok=True)
        _write(report, own / "report.json")
        render(report, own, contract)
    _write(compared, folder / "comparison.json")
    render(compared, folder)


def render(document: Report | Comparison, folder: Path, contract: Contract | None = None) -> None:
    """Writes the views of a report or a comparison into its folder. What went over the wire is read back from the
    archive there, which has no key; the text of a contract that is not the shipped one has to be given."""
    from . import page
    from .badge import badge

    if comparison.is_one(document):
        _write(page.comparison_page(document), folder / "comparison.html")
        return
    try:
        exchanges = har.read_ours(folder / har.ARCHIVE).exchanges
    except ConfigurationError:
        exchanges = ()
    numbered = {exchange.number: exchange for exchange in exchanges}
    _write(page.report_page(document, numbered, contract), folder / "report.html")
    _write(badge(document), folder / "badge.svg")


def show(document: Report | Comparison, folder: Path | None, quiet: bool) -> None:
    """Prints a report or a comparison for a person; quiet: the verdict alone."""
    if comparison.is_one(document):
        terminal_comparison.show_comparison(document, folder, quiet)
    else:
        terminal.show(document, folder, quiet)


def announce(document: Report | Comparison, contract: Contract) -> None:
    """Says it to GitHub, where its workflow runs: an annotation for each failure, and the summary of the job."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in github.commands(document, contract):
            print(line)
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        try:
            with Path(summary).open("a", encoding="utf-8") as file:
                file.write(github.summary(document))
        except OSError as error:
            print(f"GITHUB_STEP_SUMMARY: {error.strerror}; the summary was not written", file=sys.stderr)


def read(path: Path) -> Report | Comparison:
    """A report.json or comparison.json. Raises ConfigurationError for anything else."""
    expected = f"{path}: expected the report.json or comparison.json of a run"
    try:
        data: Report | Comparison = json.loads(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise ConfigurationError(f"{expected}, which is not valid JSON") from None
    kind = "comparison" if isinstance(data, dict) and comparison.is_one(data) else "report"
    schema = json.loads(Path(__file__).with_name(f"{kind}.schema.json").read_bytes())
    for wrong in jsonschema_rs.validator_for(schema).iter_errors(data):
        where = "/".join(map(str, wrong.instance_path)) or "the whole"
        raise ConfigurationError(f"{expected}; {where}: {shorten(wrong.message)}")
    return data


def reports_of(path: Path) -> dict[str, Report]:
    """The reports of a run by their targets' names: of its folder, its report.json or its comparison.json. Raises
    ConfigurationError."""
    if path.is_dir():
        there = [path / name for name in ("comparison.json", "report.json") if (path / name).is_file()]
        if not there:
            raise ConfigurationError(f"{path}: expected a folder with the report.json or comparison.json of a run")
        path = there[0]
    found = read(path)
    if not comparison.is_one(found):
        return {found["target"]["name"]: found}
    reports = {}
    for target in found["targets"]:
        own = read(path.parent / target["report"] / "report.json")
        if comparison.is_one(own):
            raise ConfigurationError(f"{path.parent / target['report']}: expected the report of one target")
        reports[target["name"]] = own
    return reports


def _write(data: Report | Comparison | str, path: Path) -> None:
    """A half of a surrogate pair, which a server may send as an escape, is an escape again."""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, indent=2) + "\n"
    path.write_bytes(text.encode("utf-8", "backslashreplace"))
