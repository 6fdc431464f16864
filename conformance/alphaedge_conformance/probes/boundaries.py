"""Probes from the contract: each keyword of the request at its bound and just beyond, one edit away from a request that
is accepted.

The values come from Schemathesis's coverage phase, and from the bounds themselves for places that it does not reach;
what a value breaks is asked of the contract itself.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import define, evolve, field

from ..contract import Contract, Keyword, Place, Violation, pointer, shorten
from ..contract.bounds import admitted, breaking, is_telling
from ..contract.edits import ABSENT, Edit, has, path_of
from ..contract.requirements import Level, Requirement, accepted_ids, by_keyword
from ..contract.samples import witnesses
from ..exchange import Expect, Probe, encode
from ..exchange.strict_json import Json
from .making import written

STEP = 0.001
"""How far beyond a bound a number is sent first: less than any server may round."""
WIDEST = 2**63
"""The first integer that no common type holds."""
FRACTION, TINY, HUGE = 0.123, 1e-300, "1e400"
LONG = 120
"""Characters of a name."""


def probes(
    contract: Contract, requirements: Mapping[str, Requirement], control: Probe, bodies: Iterable[Any]
) -> Iterator[Probe]:
    """One probe for each edit that a keyword of the request gives occasion to: of the control, or of the smallest
    request that has the keyword's place. One value that breaks a keyword tells as much as ten, but a list or an object
    is worth a request beside a plain value."""
    edges = _Boundaries(contract, by_keyword(requirements.values(), contract.name), control)
    for edit in _beyond(contract):
        yield from edges.of_control(edit, is_chosen=True)
    for edit in (edit for body in bodies for edit in difference(contract.example_request, body)):
        yield from edges.of_control(edit)
    for place in contract.places(contract.request_schema):
        yield from edges.of_place(place)
    yield from edges.beyond_floats()


@define
class _Boundaries:
    """Makes probes of edits, and knows what they show already."""

    contract: Contract
    by_pointer: Mapping[str, Requirement]
    control: Probe
    _sent: set[str] = field(factory=set)
    _bodies: set[str] = field(factory=set)
    """Of accepted requests."""
    _broken: set[tuple[str, bool, tuple[str, ...]]] = field(factory=set)
    """The requirements that a request breaks, whether by a list or an object, and where."""
    _names: dict[str, str] = field(factory=dict)
    """Of requests, by their bodies."""

    @property
    def schema(self) -> str:
        return self.contract.request_schema

    def of_control(self, edit: Edit, is_chosen: bool = False) -> Iterator[Probe]:
        """The probe of an edit of the control, if it tells anything. What is inside of a part that the control lacks
        has a request of its own to differ from."""
        if str(edit) in self._sent:
            return
        body = edit.apply(self.control.request)
        if not is_chosen and not is_telling(self.contract, self.schema, edit, body):
            return
        self._sent.add(str(edit))
        is_new = isinstance(edit.value, dict | list) and not has(self.control.request, edit.path)
        violations = self.contract.violations(self.schema, body)
        if not violations:
            is_shown = not is_new and not self.contract.is_by_hand(body)
            if is_shown and (about := self._accepted(edit.path, body)):
                yield self._probe(str(edit), body, about, Expect.ACCEPTED, self.control)
        elif len({violation.pointer for violation in violations}) == 1:
            is_inside = is_new and violations[0].path != edit.path
            if not is_inside:
                yield from self._refused(edit, body, violations[0], self.control, is_chosen)

    def beyond_floats(self) -> Iterator[Probe]:
        """A number that JSON has, and floating-point numbers have not, for each that has a maximum."""
        for name, schema in _members(self.contract):
            at = self.contract.resolve(self.schema) + pointer("properties", name)
            requirement = self.by_pointer.get(f"{self.contract.resolve(at)}/maximum")
            if schema.get("type") == "number" and requirement is not None:
                about, edit = frozenset({requirement.id}), f"{name} = {HUGE}"
                made = self._probe(edit, {name: HUGE}, about, Expect.REFUSED, self.control)
                yield evolve(made, body=written(self.control.request, {name: HUGE}))

    def of_place(self, place: Place) -> Iterator[Probe]:
        """The probes of a place that no edit of the control showed: the smallest request that has it, the last values
        that its keywords admit, and those just beyond."""
        if place.by_hand is not None:
            return
        left = list(place.keywords)
        for number, spot in enumerate(witnesses(self.contract, self.schema, place, self.control.request)):
            path, control = path_of(spot.instance, spot.path), self.control
            left = [keyword for keyword in left if not self._is_broken(keyword, path)]
            if number and not left:
                return
            if spot.instance != self.control.request:
                edits = ", ".join(map(str, difference(self.control.request, spot.instance)))
                own = self.by_pointer.get(place.schema)
                is_judged = own is not None and own.kind == "accepted" and not number
                about = self._accepted(path, spot.instance) if is_judged else frozenset[str]()
                control = self._probe(shorten(edits, LONG), spot.instance, about, Expect.ACCEPTED, self.control)
                yield control
            if not number:
                yield from self._bounds(place, spot.instance, path, control)
            for keyword in left:
                found = breaking(self.contract, self.schema, keyword, spot.instance, path, only_telling=True)
                if found is not None:
                    body = found.apply(spot.instance)
                    yield from self._refused(found, body, self.contract.violations(self.schema, body)[0], control)

    def _is_broken(self, keyword: Keyword, path: tuple[str | int, ...]) -> bool:
        """Whether a probe breaks a keyword there already."""
        requirement = self.by_pointer.get(keyword.pointer)
        found = {(id, where) for id, _, where in self._broken}
        return requirement is None or (requirement.id, _general(path)) in found

    def _bounds(self, place: Place, instance: Any, path: tuple[str | int, ...], control: Probe) -> Iterator[Probe]:
        for edit in admitted(self.contract, self.schema, place, instance, path):
            body = edit.apply(instance)
            is_new = json.dumps(body) not in self._bodies | {json.dumps(self.control.request)}
            if is_new and (about := self._accepted(edit.path, body)):
                yield self._probe(str(edit), body, about, Expect.ACCEPTED, control)

    def _accepted(self, path: tuple[str | int, ...], body: Any) -> frozenset[str]:
        return accepted_ids(self.contract, self.by_pointer, path, body)

    def _refused(
        self, edit: Edit, body: Any, violation: Violation, control: Probe, is_chosen: bool = False
    ) -> Iterator[Probe]:
        requirement = self.by_pointer.get(violation.pointer)
        if requirement is None:
            return
        way = (requirement.id, isinstance(edit.value, dict | list), _general(violation.path))
        if way not in self._broken or is_chosen:
            self._broken.add(way)
            expect = Expect.EITHER if requirement.level is Level.MAY else Expect.REFUSED
            yield self._probe(str(edit), body, frozenset({requirement.id}), expect, control)

    def _probe(self, name: str, body: Any, about: frozenset[str], expect: Expect, control: Probe) -> Probe:
        text = json.dumps(body)
        if expect is Expect.ACCEPTED:
            self._bodies.add(text)
        if text not in self._names:
            name = name if control is self.control else shorten(name, LONG)
            taken = set(self._names.values())
            self._names[text] = name if name not in taken else f"{name} ({len(taken)})"
        texts = [requirement.text for requirement in self.by_pointer.values() if requirement.id in about]
        return evolve(
            self.control,
            name=self._names[text],
            why=" ".join(texts) or "The smallest request that contains it.",
            body=encode(body),
            requirement_ids=about,
            expect=expect,
            differs_from=None if control is self.control else control.name,
        )


def _general(path: tuple[str | int, ...]) -> tuple[str, ...]:
    """A path whatever the index."""
    return tuple("[]" if isinstance(part, int) else part for part in path)


def _beyond(contract: Contract) -> Iterator[Edit]:
    """For each number just beyond its bounds, since that tells more than a value that is far away, then far beyond; a
    fraction for an integer, and inside of the bounds a fraction of some digits and a tiny one."""
    for name, schema in _members(contract):
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


def _members(contract: Contract) -> Iterator[tuple[str, Json]]:
    """The members of a request, each with its schema."""
    top = contract.resolve(contract.request_schema)
    for name in contract.at(top).get("properties", {}):
        schema = contract.at(contract.resolve(top + pointer("properties", name)))
        if isinstance(schema, dict):
            yield name, schema


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


def coverage(contract: Contract) -> Iterator[Any]:
    """The JSON bodies of Schemathesis's coverage phase. Raises ConfigurationError for what it cannot read."""
    from schemathesis.errors import SchemathesisError

    try:
        yield from _coverage(contract)
    except SchemathesisError as wrong:
        raise contract.error(
            "", f"is not a valid OpenAPI document: {wrong}; run `alphaedge-contract lint` on it"
        ) from None


def _coverage(contract: Contract) -> Iterator[Any]:
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
