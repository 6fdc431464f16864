"""The requirements for a person: all of them, or one with all that is known of it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen
from rich.table import Table

from ..contract.requirements import Requirement, subject
from ..errors import ConfigurationError
from ..exchange import ExpectedAnswer, Probe
from ..exchange.chat import model_of
from ..mock.faults import all_faults
from ..mock.faults.fault import Fault
from ..probes import everything
from ..run.suite import Suite
from .terminal import console

PROBES = 5
"""Probes and faults of a requirement that are named."""


def show_list(suite: Suite, as_json: bool = False) -> None:
    """Every requirement with its level, source and sentence: a table on a terminal, else a line each; or all that is
    known of each as JSON."""
    if as_json:
        print(json.dumps([_json(suite, each) for each in suite.requirements.values()], ensure_ascii=False, indent=2))
        return
    rows = [(each.id, each.level, each.source, each.text) for each in suite.requirements.values()]
    out = console()
    if not out.is_terminal:
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        for row in rows:
            print("  ".join([*(f"{cell:{width}}" for cell, width in zip(row, widths, strict=False)), row[3]]))
        return
    table = Table(box=None, pad_edge=False)
    for name in ("requirement", "level", "source"):
        table.add_column(name, no_wrap=True)
    table.add_column("sentence")
    for row in rows:
        table.add_row(*row)
    out.print(table, soft_wrap=False)


def _json(suite: Suite, requirement: Requirement) -> dict[str, str | int | None]:
    return {
        "id": requirement.id,
        "level": requirement.level,
        "source": requirement.source,
        "title": requirement.text,
        "quote": requirement.quote,
        "pointer": requirement.pointer,
        "line": suite.contract.place(requirement.pointer)[1],
    }


def explain(suite: Suite, id: str) -> None:
    """Prints one requirement. Raises ConfigurationError for an id that there is not."""
    if id not in suite.requirements:
        close = ", ".join(each for each in suite.requirements if subject(each) == id)
        close = close or ", ".join(difflib.get_close_matches(id, suite.requirements, 3)) or "see --list"
        raise ConfigurationError(f"there is no requirement {id!r}; close to it: {close}")
    for line in _explained(suite, known(suite)[id]):
        console().print(line, markup=False)


@frozen
class Known:
    """What is known of one requirement."""

    requirement: Requirement
    file: Path
    line: int
    """Of the contract, or of the profile that it comes from."""
    probes: tuple[Probe, ...]
    """The requests that are sent for its sake."""
    kinds: tuple[ExpectedAnswer, ...]
    """Where there are none: the kinds of answers that show it."""
    faults: tuple[Fault, ...]
    """The servers of the mock that break it, those first that break least besides."""

    @property
    def judged_on(self) -> str:
        if not self.probes:
            return f"every request that shows it, answered as: {', '.join(self.kinds)}"
        return f"{len(self.probes)} request{'s' if len(self.probes) > 1 else ''} of its own"


def known(suite: Suite) -> dict[str, Known]:
    """Of each requirement, in the order of the contract."""
    contract = suite.contract
    plan = everything(contract, suite.requirements, model_of(contract.example_request) or "", 1)
    faults = sorted(all_faults(contract).values(), key=lambda fault: (len(fault.breaks), fault.name))
    return {
        id: Known(
            requirement,
            *contract.place(requirement.pointer),
            tuple(probe for probe in plan.probes if id in probe.requirement_ids),
            tuple(sorted(suite.checks[id].kinds)),
            tuple(fault for fault in faults if id in fault.breaks),
        )
        for id, requirement in suite.requirements.items()
    }


def describe_fault(fault: Fault, profile: str | None = None) -> tuple[str, str]:
    """What a server of the mock does, and the command that starts it, where need be with a profile."""
    others = len(fault.breaks) - 1
    besides = f" It breaks {others} other requirement{'s' * (others > 1)}." if others else ""
    having = f" --profile {profile}" if profile is not None else ""
    return fault.text + besides, f"python -m alphaedge_conformance.mock{having} --fault {fault.name}"


def _explained(suite: Suite, each: Known) -> Iterator[str]:
    requirement = each.requirement
    yield f"{requirement.id}  {requirement.level}, {requirement.source}"
    yield f"  {requirement.text}"
    if requirement.quote is not None:
        yield f"  The page: “{requirement.quote}”"
    yield f"  {each.file.name}, line {each.line}: {requirement.pointer}"
    yield f"\njudged on {each.judged_on}"
    width = max((len(probe.name) for probe in each.probes[:PROBES]), default=0)
    yield from (f"  {probe.name:{width}}  {probe.why}" for probe in each.probes[:PROBES])
    yield from [f"  and {len(each.probes) - PROBES} more"] if len(each.probes) > PROBES else []
    yield "\na server that breaks it"
    yield from (f"  {line}" for fault in each.faults[:1] for line in describe_fault(fault, requirement.profile))
