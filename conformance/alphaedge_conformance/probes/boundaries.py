"""Probes from the contract: each keyword of the request at its bound and just beyond, one edit away from the control.

The values come from Schemathesis's coverage phase; what a value breaks is asked of the contract itself.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import evolve, frozen

from ..contract import Contract
from ..contract.requirements import Level, Requirement, by_keyword
from ..exchange import Expect, Probe, encode
from ..exchange.strict_json import Json

BEYOND = {"minimum": -0.5, "maximum": 0.5}

ABSENT: Any = type("Absent", (), {"__repr__": lambda self: "absent"})()


@frozen
class Edit:
    """One change of a request: the value at a path, or its absence."""

    path: tuple[str | int, ...]
    value: Any

    def __str__(self) -> str:
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path).removeprefix(".")
        if self.value is ABSENT:
            return f"{place} absent"
        return f"{place or 'body'} = {json.dumps(self.value, ensure_ascii=False)}"

    def apply(self, request: Any) -> Any:
        if not self.path:
            return self.value
        edited = copy.deepcopy(request)
        here = edited
        for part in self.path[:-1]:
            here = here[part]
        if self.value is ABSENT:
            del here[self.path[-1]]
        else:
            here[self.path[-1]] = self.value
        return edited


def probes(
    contract: Contract, requirements: Mapping[str, Requirement], control: Probe, bodies: Iterable[Any]
) -> Iterator[Probe]:
    """One probe for each edit of the control that a keyword of the request gives occasion to. One value that breaks a
    keyword tells as much as ten, but a list or an object is worth a request beside a plain value."""
    by_pointer = by_keyword(requirements.values())
    base, sent, broken = contract.example_request, set(), set()
    for edit in _edits(contract, base, bodies):
        if str(edit) in sent or not _is_telling(contract, edit):
            continue
        sent.add(str(edit))
        body = edit.apply(control.request)
        violations = {violation.pointer for violation in contract.violations(contract.request_schema, body)}
        if not violations:
            requirement = by_pointer.get(_property_pointer(contract, edit.path))
            if requirement is not None:
                yield _probe(control, edit, body, requirement, Expect.ACCEPTED)
        elif len(violations) == 1:
            requirement = by_pointer[violations.pop()]
            way = (requirement.id, isinstance(edit.value, dict | list))
            if way not in broken:
                broken.add(way)
                undecided = requirement.level is Level.MAY
                yield _probe(control, edit, body, requirement, Expect.EITHER if undecided else Expect.REFUSED)


def _probe(control: Probe, edit: Edit, body: Any, requirement: Requirement, expect: Expect) -> Probe:
    return evolve(
        control,
        name=str(edit),
        why=requirement.text,
        body=encode(body),
        requirement_ids=frozenset({requirement.id}),
        expect=expect,
    )


def _edits(contract: Contract, base: Json, bodies: Iterable[Any]) -> Iterator[Edit]:
    """Just beyond each bound first: it tells more than a value that is far away."""
    yield from _beyond(contract)
    for body in bodies:
        yield from _difference(base, body)


def _beyond(contract: Contract) -> Iterator[Edit]:
    """Half a unit beyond the bounds of a number, and a fraction for an integer."""
    top = contract.resolve(contract.request_schema)
    for name, schema in contract.at(top)["properties"].items():
        if schema.get("type") == "integer":
            yield Edit((name,), schema.get("minimum", 0) + 0.5)
        if schema.get("type") == "number":
            yield from (Edit((name,), schema[bound] + step) for bound, step in BEYOND.items() if bound in schema)


def _difference(base: Any, other: Any, path: tuple[str | int, ...] = ()) -> Iterator[Edit]:
    """The smallest edits that make `other` of `base`."""
    if isinstance(base, dict) and isinstance(other, dict):
        for name in {**base, **other}:
            if name not in other:
                yield Edit((*path, name), ABSENT)
            elif name not in base:
                yield Edit((*path, name), other[name])
            else:
                yield from _difference(base[name], other[name], (*path, name))
    elif isinstance(base, list) and isinstance(other, list) and len(base) == len(other):
        for index, (item, another) in enumerate(zip(base, other, strict=True)):
            yield from _difference(item, another, (*path, index))
    elif base != other or type(base) is not type(other):
        yield Edit(path, other)


def _is_telling(contract: Contract, edit: Edit) -> bool:
    """Whether a server that takes this value for something else than the contract does is wrong beyond doubt.

    Null is undecided everywhere; many servers read 0 and 1 as booleans and booleans as numbers, and take a list of
    parts for a text.
    """
    if edit.value is None:
        return False
    try:
        schema = contract.at(_property_pointer(contract, edit.path))
    except KeyError:
        return True
    wanted = schema.get("type")
    if wanted == "boolean":
        return not isinstance(edit.value, int | float) or isinstance(edit.value, bool)
    if wanted in ("integer", "number"):
        return not isinstance(edit.value, bool) and (not isinstance(edit.value, float) or abs(edit.value) > 1e-9)
    if wanted == "string":
        return not isinstance(edit.value, list)
    return True


def _property_pointer(contract: Contract, path: tuple[str | int, ...]) -> str:
    """Where the schema of a place in the request stands."""
    here = contract.resolve(contract.request_schema)
    for part in path:
        here = contract.resolve(f"{here}/items" if isinstance(part, int) else f"{here}/properties/{part}")
    return here


def coverage(contract: Contract) -> Iterator[Any]:
    """The JSON bodies of Schemathesis's coverage phase."""
    import schemathesis
    from schemathesis import config as settings
    from schemathesis.generation.drivers import CoverageGenerator
    from schemathesis.generation.feedback import NO_FEEDBACK
    from schemathesis.generation.overrides import Override

    generation = settings.GenerationConfig(max_examples=8, allow_x00=False, database="none")
    project = settings.ProjectConfig(generation=generation)
    schema = schemathesis.openapi.from_dict(
        copy.deepcopy(contract.document),
        config=settings.SchemathesisConfig(seed=0, projects=settings.ProjectsConfig(default=project)),
    )
    operation = schema[contract.path]["POST"]
    generation = schema.config.generation_for(operation=operation, phase="coverage")
    for case in CoverageGenerator(
        operation=operation,
        generation_modes=generation.modes,
        generation_config=generation,
        auth_storage=None,
        override=Override(),
        feedback=NO_FEEDBACK,
    ):
        media_type = case.headers.get("Content-Type", "application/json")
        if case.method == "POST" and media_type == "application/json" and _is_json(case.body):
            yield case.body


def _is_json(body: Any) -> bool:
    try:
        json.dumps(body)
    except TypeError:
        return False
    return True
