"""What a workflow of GitHub shows: annotations (workflow commands on standard output), and the summary of a job in
Markdown. What servers say is in neither raw."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..contract import Contract
from ..judging.verdicts import Conclusion, Status
from .causes import gravity
from .comparison import WORST_FIRST, Comparison, is_one, telling_rows
from .document import Report, Requirement
from .since import headline
from .text import findings, prevalence, safe

MOST = 10
"""Annotations that GitHub shows of a step."""
LONGEST = 300
"""Characters of a server's words in a table."""
MARKUP = str.maketrans({char: f"\\{char}" for char in r"\`*_{}[]<>()#+-!|~@:"} | {"&": "&amp;"})


def commands(report: Report | Comparison, contract: Contract) -> list[str]:
    """Workflow commands for what fails the run, the gravest first, as warnings for what is only reported. GitHub shows
    ten of a step and drops the rest, so the last one says how many there are."""
    every = list(_commands(report, contract))
    if len(every) <= MOST:
        return every
    left = len(every) - MOST + 1
    return [*every[: MOST - 1], f"::notice title=alphaedge::{left} more are in the summary of the job"]


def _commands(report: Report | Comparison, contract: Contract) -> Iterator[str]:
    if is_one(report):
        for target in sorted(report["targets"], key=lambda target: WORST_FIRST.index(Conclusion(target["verdict"]))):
            if target["verdict"] != "conforms":
                what = f"{target['verdict']}: {safe(target['reason'] or 'see the summary of the job')}"
                yield f"::error title={_property(target['name'])}::{_data(what)}"
            yield from (f"::error title=waivers::{_data(safe(problem))}" for problem in target["problems"])
        return
    for problem in report["problems"]:
        yield f"::error title=waivers::{_data(safe(problem))}"
    if report["verdict"] == "inconclusive":
        yield f"::error title=inconclusive::{_data(safe(report['reason'] or 'not everything could be judged'))}"
    failed = [each for each in report["requirements"] if each["status"] == Status.FAILED]
    for each in sorted(failed, key=lambda each: (not each["scored"], *gravity(each))):
        command = "error" if each["scored"] else "warning"
        place = _place(contract, each["pointer"])
        yield f"::{command} {place}title={_property(each['id'])}::{_data(findings(each))}"


def summary(report: Report | Comparison) -> str:
    """Markdown."""
    lines = _comparison(report) if is_one(report) else _report(report)
    return "\n".join(lines) + "\n\n"


def _report(report: Report) -> Iterator[str]:
    target, cost = report["target"], report["cost"]
    yield f"## {_text(target['name'])}: {report['verdict']}\n"
    if report["reason"] is not None:
        yield f"{_text(report['reason'])}\n"
    counts = Counter(each["status"] for each in report["requirements"])
    said = ", ".join(f"{counts[status]} {status}" for status in Status if counts[status])
    what = f"{_text(target['url'])}, {_text(target['model'])}: {said}."
    yield f"{what} {cost['requests']} requests, {report['seconds']:.1f} s.\n"
    yield from (f"- {_text(problem)}" for problem in report["problems"])
    if changes := report.get("since"):
        yield f"{_text(headline(changes))} since {_text(changes['started'])}.\n"
    failed = sorted((each for each in report["requirements"] if each["status"] == Status.FAILED), key=gravity)
    if failed:
        yield from ("| requirement | level | how often | what came |", "|---|---|---|---|")
        yield from map(_row, failed)


def _row(requirement: Requirement) -> str:
    first = requirement["findings"][0]
    said = [_prose(requirement["title"]), _text(f"{first['probe']}: {first['message'][:LONGEST]}")]
    said += [_prose(f"In a program, {first['impact']}.")] if first["impact"] is not None else []
    cells = [_code(requirement["id"]), _text(requirement["level"]), _text(prevalence(requirement))]
    return f"| {' | '.join(cells)} | {'<br>'.join(said)} |"


def _comparison(comparison: Comparison) -> Iterator[str]:
    names = [target["name"] for target in comparison["targets"]]
    against = f" against {_text(comparison['against'])}" if comparison["against"] is not None else ""
    yield f"## {len(names)} targets{against}: {comparison['verdict']}\n"
    yield from _table("target", ["verdict", "requests", "seconds", "why"])
    for target in comparison["targets"]:
        cells = [target["name"], target["verdict"], str(target["cost"]["requests"]), f"{target['seconds']:.1f}"]
        why = "; ".join(filter(None, [target["reason"], *target["problems"]]))
        yield f"| {' | '.join(map(_text, [*cells, why]))} |"
    yield ""
    rows = telling_rows(comparison)
    if rows:
        yield from _table("requirement", ["level", *names])
    for row in rows:
        judged = [row["targets"].get(name) for name in names]
        often = [f" {cell['failed']}/{cell['of']}" if cell and cell["failed"] else "" for cell in judged]
        said = [f"{cell['status']}{times}" if cell else "" for cell, times in zip(judged, often, strict=True)]
        yield f"| {_code(row['id'])} | {' | '.join(map(_text, [row['level'], *said]))} |"


def _table(first: str, others: Iterable[str]) -> Iterator[str]:
    columns = [first, *others]
    yield f"| {' | '.join(map(_text, columns))} |"
    yield f"|{'---|' * len(columns)}"


def _prose(text: str) -> str:
    """A sentence of ours, whose `code` stays code."""
    parts = safe(text).split("`")
    if len(parts) % 2 == 0:
        return _text(text)
    return "".join(_code(part) if number % 2 else _text(part) for number, part in enumerate(parts))


def _code(text: str) -> str:
    """Code, or plain text where it cannot be that."""
    plain = safe(text)
    return f"`{plain}`" if plain and not set(plain) & set("`|<>&\\") else _text(text)


def _text(text: str) -> str:
    """Text without any markup: of Markdown, or of HTML."""
    return safe(text).translate(MARKUP)


def _place(contract: Contract, pointer: str) -> str:
    """Where a requirement stands, if the contract lies in the workspace."""
    path = contract.source.resolve()
    if not path.is_relative_to(Path.cwd()) or path.is_relative_to(sys.prefix):
        return ""
    return f"file={_property(str(path.relative_to(Path.cwd())))},line={contract.line(pointer)},"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(safe(text)).replace(":", "%3A").replace(",", "%2C")
