"""Requests drawn from the whole schema by Hypothesis: valid ones, and invalid ones that are one edit away."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import evolve
from hypothesis import assume
from hypothesis import strategies as st

from ..contract import Contract
from ..contract.bounds import is_telling
from ..contract.edits import ABSENT, Edit
from ..contract.requirements import Level, Requirement, accepted_ids, by_keyword
from ..exchange import Expect, Probe, chat, encode
from ..exchange.strict_json import Json
from . import boundaries

LARGEST = 64
"""Completion tokens that a drawn request asks for at most: more would cost more, and say nothing else."""


def strategy(contract: Contract, requirements: Mapping[str, Requirement], control: Probe) -> st.SearchStrategy[Probe]:
    """Draws probes; the simplest is close to the control."""
    by_pointer = by_keyword(requirements.values())
    valid = _valid(contract, control.request)

    @st.composite
    def drawn(draw: st.DrawFn) -> Probe:
        request = draw(valid)
        if draw(st.booleans()):
            return _accepted(contract, by_pointer, control, request)
        edit = draw(_edits(request))
        return _refused(contract, by_pointer, control, request, edit)

    return drawn()


def _valid(contract: Contract, control: Json) -> st.SearchStrategy[Json]:
    """Schemathesis draws them, with no other members than the contract's; they ask for the control's model."""
    import schemathesis
    from schemathesis import config as settings
    from schemathesis.generation.modes import GenerationMode

    document = copy.deepcopy(contract.document)
    for schema in _objects(document.get("components", {}).get("schemas", {})):
        schema.setdefault("additionalProperties", False)
    project = settings.ProjectConfig(generation=settings.GenerationConfig(database="none"))
    config = settings.SchemathesisConfig(projects=settings.ProjectsConfig(default=project))
    operation = schemathesis.openapi.from_dict(document, config=config)[contract.path]["POST"]
    cases: st.SearchStrategy[Any] = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    bodies = cases.map(lambda case: case.body).filter(lambda body: isinstance(body, dict))
    return bodies.map(lambda body: _affordable({**body, "model": control["model"]}, control))


def _affordable(request: Json, control: Json) -> Json:
    limit = chat.token_limit(request) or control["max_tokens"]
    return {**request, "max_tokens": min(limit, LARGEST)}


def _objects(node: Any) -> Iterator[Json]:
    """Every schema with properties."""
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        if isinstance(part, dict) and isinstance(part.get("properties"), dict):
            yield part
        yield from _objects(part)


def _edits(request: Json) -> st.SearchStrategy[Edit]:
    """Another value, or none, at one of the places of a request."""
    scalars = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8))
    lists = st.lists(scalars, max_size=2)
    values = st.one_of(st.just(ABSENT), scalars, lists, st.dictionaries(st.text(max_size=4), scalars, max_size=2))
    return st.builds(Edit, st.sampled_from(list(_paths(request))), values)


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    for step, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if step != "model":
            yield (*path, step)
            yield from _paths(part, (*path, step))


def _accepted(contract: Contract, by_pointer: Mapping[str, Requirement], control: Probe, request: Json) -> Probe:
    assume(not contract.violations(contract.request_schema, request))
    edits = list(boundaries.difference(control.request, request))
    ids = [accepted_ids(contract, by_pointer, edit.path, request) for edit in edits]
    return _probe(control, edits, request, frozenset().union(*ids), Expect.ACCEPTED)


def _refused(
    contract: Contract, by_pointer: Mapping[str, Requirement], control: Probe, request: Json, edit: Edit
) -> Probe:
    assume(edit.value is not ABSENT or isinstance(edit.path[-1], str))
    edited = edit.apply(request)
    assume(edit.value is ABSENT or is_telling(contract, contract.request_schema, edit, edited))
    violations = {violation.pointer for violation in contract.violations(contract.request_schema, edited)}
    assume(len(violations) == 1)
    requirement = by_pointer.get(violations.pop())
    assume(requirement is not None and requirement.level is not Level.MAY)
    assert requirement is not None
    edits = list(boundaries.difference(control.request, edited))
    return _probe(control, edits, edited, frozenset({requirement.id}), Expect.REFUSED)


def _probe(control: Probe, edits: list[Edit], request: Json, ids: frozenset[str], expect: Expect) -> Probe:
    return evolve(
        control,
        name="drawn: " + (", ".join(map(str, edits)) or "the control"),
        why="Drawn by Hypothesis from the whole schema.",
        body=encode(request),
        requirement_ids=ids,
        expect=expect,
    )
