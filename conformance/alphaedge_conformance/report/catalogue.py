"""The requirements for a person: all of them, or one with all that is known of it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from rich.table import Table

from ..errors import ConfigurationError
from ..mock.faults import Fault, all_faults
from ..probes import everything
from ..session import Suite
from .terminal import console

PROBES = 5
"""Probes and faults of a requirement that are named."""


def show_list(suite: Suite) -> None:
    """Every requirement with its level, source and sentence: a table on a terminal, else a line each."""
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


def explain(suite: Suite, id: str) -> None:
    """Prints one requirement. Raises ConfigurationError for an id that there is not."""
    if id not in suite.requirements:
        close = ", ".join(difflib.get_close_matches(id, suite.requirements, 3)) or "see --list"
        raise ConfigurationError(f"there is no requirement {id!r}; close to it: {close}")
    for line in _explained(suite, id):
        console().print(line, markup=False)


def breaking(suite: Suite, id: str) -> list[Fault]:
    """The servers of the mock that break a requirement, those first that break least besides."""
    faults = [fault for fault in all_faults(suite.contract).values() if id in fault.breaks]
    return sorted(faults, key=lambda fault: (len(fault.breaks), fault.name))


def _explained(suite: Suite, id: str) -> Iterator[str]:
    requirement, contract = suite.requirements[id], suite.contract
    yield f"{id}  {requirement.level}, {requirement.source}"
    yield f"  {requirement.text}"
    if requirement.quote is not None:
        yield f"  The page: “{requirement.quote}”"
    yield f"  {contract.source.name}, line {contract.line(requirement.pointer)}: {requirement.pointer}"
    plan = everything(contract, suite.requirements, str(contract.example_request["model"]), 1)
    probes = [probe for probe in plan.probes if id in probe.about]
    if probes:
        yield f"\njudged on {len(probes)} request{'s' if len(probes) > 1 else ''} of its own"
        width = max(len(probe.name) for probe in probes[:PROBES])
        yield from (f"  {probe.name:{width}}  {probe.why}" for probe in probes[:PROBES])
        yield from [f"  and {len(probes) - PROBES} more"] if len(probes) > PROBES else []
    else:
        kinds = ", ".join(sorted(suite.checks[id].kinds))
        yield f"\njudged on every request that shows it, answered as: {kinds}"
    yield "\na server that breaks it"
    for fault in breaking(suite, id)[:1]:
        others = len(fault.breaks) - 1
        yield f"  {fault.text}" + (f" It breaks {others} more with it." if others else "")
        yield f"  python -m alphaedge_conformance.mock --fault {fault.name}"
