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
from .making import written

STEP = 0.001
"""How far beyond a bound a number is sent first: less than any server may round."""
WIDEST = 2**63
"""The first integer that no common type holds."""
FRACTION, TINY, HUGE = 0.123, 1e-300, "1e400"

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
    chosen = list(_beyond(contract))
    drawn = (edit for body in bodies for edit in difference(base, body) if is_telling(contract, edit))
    for edit in (*chosen, *drawn):
        if str(edit) in sent:
            continue
        sent.add(str(edit))
        body = edit.apply(control.request)
        violations = {violation.pointer for violation in contract.violations(contract.request_schema, body)}
        if not violations:
            requirement = by_pointer.get(property_pointer(contract, edit.path))
            if requirement is not None:
                yield _probe(control, edit, body, requirement, Expect.ACCEPTED)
        elif len(violations) == 1:
            requirement = by_pointer[violations.pop()]
            way = (requirement.id, isinstance(edit.value, dict | list))
            if way not in broken or edit in chosen:
                broken.add(way)
                undecided = requirement.level is Level.MAY
                yield _probe(control, edit, body, requirement, Expect.EITHER if undecided else Expect.REFUSED)
    yield from _beyond_floats(contract, by_pointer, control)


def _beyond_floats(contract: Contract, by_pointer: Mapping[str, Requirement], control: Probe) -> Iterator[Probe]:
    """A number that JSON has, and floating-point numbers have not, for each that has a maximum."""
    top = contract.resolve(contract.request_schema)
    for name, schema in contract.at(top)["properties"].items():
        requirement = by_pointer.get(f"{top}/properties/{name}/maximum")
        if schema.get("type") == "number" and requirement is not None:
            made = _probe(control, Edit((name,), 0), None, requirement, Expect.REFUSED)
            yield evolve(made, name=f"{name} = {HUGE}", body=written(control.request, {name: HUGE}))


def _probe(control: Probe, edit: Edit, body: Any, requirement: Requirement, expect: Expect) -> Probe:
    return evolve(
        control,
        name=str(edit),
        why=requirement.text,
        body=encode(body),
        requirement_ids=frozenset({requirement.id}),
        expect=expect,
    )


def _beyond(contract: Contract) -> Iterator[Edit]:
    """For each number just beyond its bounds, since that tells more than a value that is far away, then far beyond; a
    fraction for an integer, and inside of the bounds a fraction of some digits and a tiny one."""
    top = contract.resolve(contract.request_schema)
    for name, schema in contract.at(top)["properties"].items():
        least, most = schema.get("minimum"), schema.get("maximum")
        values: list[float] = []
        if schema.get("type") == "integer":
            values = [(0 if least is None else least) + 0.5]
            values += [least - 1, least - 2, -WIDEST] if least is not None else []
            values += [most + 1, WIDEST] if most is not None else []
        if schema.get("type") == "number":
            values = [least - STEP, least - 1, least + FRACTION] if least is not None else []
            values += [TINY] if least == 0 else []
            values += [most + STEP, most + 1] if most is not None else []
        yield from (Edit((name,), value) for value in values)


def difference(base: Any, other: Any, path: tuple[str | int, ...] = ()) -> Iterator[Edit]:
    """The smallest edits that make `other` of `base`."""
    if isinstance(base, dict) and isinstance(other, dict):
        for name in {**base, **other}:
            if name not in other:
                yield Edit((*path, name), ABSENT)
            elif name not in base:
                yield Edit((*path, name), other[name])
            else:
                yield from difference(base[name], other[name], (*path, name))
    elif isinstance(base, list) and isinstance(other, list) and len(base) == len(other):
        for index, (item, another) in enumerate(zip(base, other, strict=True)):
            yield from difference(item, another, (*path, index))
    elif base != other or type(base) is not type(other):
        yield Edit(path, other)


def is_telling(contract: Contract, edit: Edit) -> bool:
    """Whether a server that takes this value for something else than the contract does is wrong beyond doubt.

    Null is undecided everywhere; many servers read 0 and 1 as booleans and booleans as numbers, and take a list of
    parts for a text.
    """
    if edit.value is None:
        return False
    try:
        schema = contract.at(property_pointer(contract, edit.path))
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


def property_pointer(contract: Contract, path: tuple[str | int, ...]) -> str:
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
