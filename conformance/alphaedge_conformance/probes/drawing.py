"""Requests drawn from the whole schema by Hypothesis: valid ones, and invalid ones that are one edit away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import evolve, frozen
from hypothesis import assume
from hypothesis import strategies as st

from ..contract import Contract, pointer
from ..contract.bounds import is_telling
from ..contract.edits import Edit, value_at
from ..contract.requirements import Level, Requirement, accepted_ids, by_keyword
from ..exchange import Expect, Probe, chat, encode
from ..exchange.strict_json import Json
from . import boundaries

LARGEST = 64
"""Completion tokens that a drawn request asks for at most: more would cost more, and say nothing else."""

CHOICES = 2
"""That a drawn request asks for at most: some servers make no more than a few."""
EXACT = 2**53
"""The largest number that every common type holds, and so a seed."""

DEEPEST, SEVERAL = 6, 5
"""Objects inside each other with members that may be absent, and items of a list beyond the fewest."""
NUMBERS = st.one_of(st.integers(-100, 100), st.integers(), st.floats(allow_nan=False, allow_infinity=False))
TEXTS = st.text(max_size=8)
LISTS = st.lists(st.one_of(NUMBERS, TEXTS), max_size=2)
OBJECTS = st.dictionaries(st.text(max_size=4), st.one_of(NUMBERS, TEXTS), max_size=2)


@frozen
class Drawing:
    """What Hypothesis draws for a contract, as edits of its control."""

    contract: Contract
    by_pointer: Mapping[str, Requirement]
    control: Probe

    @classmethod
    def of(cls, contract: Contract, requirements: Mapping[str, Requirement], control: Probe) -> Drawing:
        return cls(contract, by_keyword(requirements.values()), control)

    def strategy(self) -> st.SearchStrategy[Probe]:
        valid = _requests(self.contract, self.control.request)
        top = self.contract.at(self.contract.resolve(self.contract.request_schema))
        members = [name for name in top.get("properties", {}) if name != "model"]

        @st.composite
        def drawn(draw: st.DrawFn) -> Probe:
            is_edited = draw(st.booleans())
            # Now and then an edit of the control, so that there is something to send whatever the schema is.
            of_control = is_edited and draw(st.integers(0, 9)) == 0
            request = self.control.request if of_control else draw(valid)
            if is_edited:
                request = draw(_edits(request, members)).apply(request)
            probe = self.probe(request)
            assume(probe is not None)
            assert probe is not None
            return probe

        return drawn()

    def probe(self, request: Json) -> Probe | None:
        """The probe of a request; None where the contract leaves it open whether it is accepted, or where it breaks
        more than one keyword."""
        if self.contract.is_by_hand(request):
            return None
        edits = self.edits(request)
        violations = self.contract.violations(self.contract.request_schema, request)
        if not violations:
            if not _is_modest(request):
                return None
            ids = frozenset[str]().union(*(self._accepted(edit, request) for edit in edits))
            return self._probe(edits, request, ids, Expect.ACCEPTED)
        broken = self.by_pointer.get(violations[0].pointer)
        if len({each.pointer for each in violations}) > 1 or broken is None or broken.level is Level.MAY:
            return None
        where = violations[0].path
        wrong = [edit for edit in edits if edit.path == where[: len(edit.path)]]
        # Deep inside of a list that is another one as a whole, the value itself says whether it is telling.
        wrong += [Edit(where, value_at(request, where))] if where else []
        if not all(is_telling(self.contract, self.contract.request_schema, edit, request) for edit in wrong):
            return None
        return self._probe(edits, request, frozenset({broken.id}), Expect.REFUSED)

    def edits(self, request: Json) -> list[Edit]:
        """What a request differs from the control in."""
        return list(boundaries.difference(self.control.request, request))

    def without(self, probe: Probe) -> Iterator[Probe]:
        """The probes that differ from the control in one thing less."""
        edits = self.edits(probe.request)
        for left_out in edits:
            request = self.control.request
            for edit in edits:
                request = edit.apply(request) if edit is not left_out else request
            smaller = self.probe(request)
            if smaller is not None and smaller.expect is probe.expect:
                yield smaller

    def _accepted(self, edit: Edit, request: Json) -> frozenset[str]:
        return accepted_ids(self.contract, self.by_pointer, edit.path, request)

    def _probe(self, edits: list[Edit], request: Json, ids: frozenset[str], expect: Expect) -> Probe:
        return evolve(
            self.control,
            name="drawn: " + (", ".join(map(str, edits)) or "the control"),
            why="Drawn by Hypothesis from the whole schema.",
            body=encode(request),
            requirement_ids=ids,
            expect=expect,
        )


def _is_modest(request: Json) -> bool:
    """Whether a valid request asks for no more than any server gives; an empty text to stop at is refused by some."""
    most = dict.fromkeys(chat.LIMITS, LARGEST) | {"n": CHOICES}
    numbers = ((name, value) for name, value in request.items() if isinstance(value, int | float))
    stop = request.get("stop")
    is_empty = "" in stop if isinstance(stop, list) else stop == ""
    return not is_empty and all(abs(value) <= most.get(name, EXACT) for name, value in numbers)


def _requests(contract: Contract, control: Json) -> st.SearchStrategy[Json]:
    """For the control's model. What a keyword rules out that is not looked at here, the contract sees."""
    bodies = _values(contract, contract.request_schema).filter(lambda body: isinstance(body, dict))
    return bodies.map(lambda body: chat.affordable(body, control, LARGEST))


def _values(contract: Contract, at: str, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of a schema, the shortest and smallest first; of objects, the documented members alone."""
    here = contract.resolve(at)
    schema = contract.at(here)
    if not isinstance(schema, dict):
        return NUMBERS if schema else st.nothing()
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    for union in ("oneOf", "anyOf"):
        if union in schema:
            return st.one_of(*(_values(contract, f"{here}/{union}/{n}", depth) for n in range(len(schema[union]))))
    kinds = schema.get("type", "object")
    return st.one_of(
        *(_of_type(contract, here, kind, depth) for kind in ([kinds] if isinstance(kinds, str) else kinds))
    )


def _of_type(contract: Contract, here: str, kind: str, depth: int) -> st.SearchStrategy[Any]:
    schema = contract.at(here)
    least, most = schema.get("minimum"), schema.get("maximum")
    match kind:
        case "object":
            names = schema.get("properties", {}) if depth < DEEPEST else schema.get("required", ())
            members = {name: _values(contract, here + pointer("properties", name), depth + 1) for name in names}
            required = set(schema.get("required", ()))
            return st.fixed_dictionaries(
                {name: each for name, each in members.items() if name in required},
                optional={name: each for name, each in members.items() if name not in required},
            )
        case "array" if "prefixItems" in schema:
            first = (_values(contract, f"{here}/prefixItems/{n}", depth + 1) for n in range(len(schema["prefixItems"])))
            return st.tuples(*first).map(list)
        case "array":
            fewest = schema.get("minItems", 0)
            longest = min(schema.get("maxItems", fewest + SEVERAL), fewest + SEVERAL)
            items = _values(contract, f"{here}/items", depth + 1) if "items" in schema else NUMBERS
            return st.lists(items, min_size=fewest, max_size=longest)
        case "string":
            if "pattern" in schema:
                return st.from_regex(schema["pattern"], fullmatch=True)
            return st.text(min_size=schema.get("minLength", 0), max_size=schema.get("maxLength"))
        case "integer":
            return st.integers(least, most)
        case "number":
            return st.floats(least, most, allow_nan=False, allow_infinity=False)
        case "boolean":
            return st.booleans()
    return st.none()


@st.composite
def _edits(draw: st.DrawFn, request: Json, members: list[str]) -> Edit:
    """Another value of a member, whether or not it is there, or of a place inside of one: of a number often another
    number, else something of another type."""
    paths = list(_paths(request))
    path = (draw(st.sampled_from(members)),) if draw(st.booleans()) else draw(st.sampled_from(paths))
    is_number = path in paths and type(value_at(request, path)) in (int, float)
    if is_number and draw(st.booleans()):
        return Edit(path, draw(NUMBERS))
    return Edit(path, draw(st.one_of(LISTS, OBJECTS, TEXTS, NUMBERS)))


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    for step, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if step != "model":
            yield (*path, step)
            yield from _paths(part, (*path, step))
