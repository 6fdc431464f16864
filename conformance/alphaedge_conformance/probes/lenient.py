"""Values of a wrong type that lenient parsers convert: ``"4"`` for 4, ``"true"`` or 1 for true, a list for a text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import evolve

from ..contract import Contract
from ..contract.edits import Edit, has
from ..contract.requirements import Requirement, lenient, plain_places
from ..exchange import Effort, Expect, Probe, encode
from ..exchange.strict_json import Json

LATER = ("false", 0)
"""Values that tell little more than those that every run sends."""


def probes(contract: Contract, requirements: Mapping[str, Requirement], control: Probe) -> Iterator[Probe]:
    """For each type in the request, what is often taken for it."""
    about = lenient(requirements.values(), contract.name)
    for path, here in plain_places(contract, contract.request_schema):
        if (requirement := about.get(f"{here}/type")) is None or not has(control.request, path[:-1]):
            continue
        for value in _values(contract.at(here)):
            edit = Edit(path, value)
            is_later = any(value is later for later in LATER)
            yield evolve(
                control,
                name=str(edit),
                why=requirement.text,
                body=encode(edit.apply(control.request)),
                requirement_ids=frozenset({requirement.id}),
                expect=Expect.REFUSED,
                effort=Effort.THOROUGH if is_later else Effort.STANDARD,
            )


def _values(schema: Json) -> Iterator[Any]:
    match schema["type"]:
        case "integer":
            yield from (str(schema.get("minimum", 4)), True)
        case "number":
            yield from (str(schema.get("maximum", 1) / 2), True)
        case "boolean":
            yield from ("true", 1, *LATER)
        case "array":
            yield "Hello!"
        case "string":
            yield from ([{"type": "text", "text": "Hello!"}], [], None)
