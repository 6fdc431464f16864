"""Instances of a schema: the smallest valid one, one that has a place, one that breaks a single assertion."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain, islice, product
from typing import Any

from attrs import evolve, field, frozen

from ..errors import ConfigurationError
from .document import pointer as pointer_of
from .edits import Edit
from .places import Place
from .validation import Contract

ATTEMPTS = 64
"""Ways to choose among branches that are tried for one value."""
DEEP = 12
"""Levels below which an optional member is left out."""
FORMATTED = {
    "date": "2026-01-31",
    "time": "12:30:00Z",
    "date-time": "2026-01-31T12:30:00Z",
    "duration": "PT1S",
    "email": "someone@example.com",
    "idn-email": "someone@example.com",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uri-reference": "https://example.com/",
    "iri": "https://example.com/",
    "iri-reference": "https://example.com/",
    "uri-template": "https://example.com/{id}",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "json-pointer": "/a",
    "relative-json-pointer": "1/a",
    "regex": "a+",
}
KINDS = {
    "object": {"properties", "required", "additionalProperties", "patternProperties", "propertyNames", "minProperties"},
    "array": {"items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"},
    "string": {"minLength", "maxLength", "pattern", "format"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
}
"""What a schema without a type describes, by its keywords."""
INSIDE = {
    *("properties", "patternProperties", "additionalProperties", "unevaluatedProperties", "dependentSchemas"),
    *("items", "prefixItems", "unevaluatedItems"),
}
"""Keywords that lead from a value to one inside of it, or need one there."""
NOTHING: Any = object()


class NoSample(ConfigurationError):
    """No value is known that a schema accepts."""


@frozen
class _Wanted:
    """One schema in force for a value, and the way from it to the place that the value has to have."""

    pointer: str
    steps: tuple[str, ...] | None = None
    """None where the way does not lead through this schema."""


@frozen
class Sampler:
    """Proposes values, and takes those that the validator accepts."""

    contract: Contract
    whole: bool = False
    """Whether optional members are there too."""
    leave_out: frozenset[str] = frozenset()
    """Members that are not made up, at any depth."""
    depth: int = 0
    outer: tuple[str, ...] = field(default=())

    def sample(self, schema: str, steps: tuple[str, ...] | None = None) -> Any:
        """A value that a schema accepts, with the place that an evaluation path leads to. Raises NoSample."""
        return self._value([_Wanted(schema, steps)])

    def _value(self, wanted: list[_Wanted]) -> Any:
        pointers = [each.pointer for each in wanted]
        for schemas in islice(self._ways(wanted), ATTEMPTS):
            for value in self._candidates(schemas):
                if all(self.contract.is_valid(pointer, value) for pointer in pointers):
                    return value
        at = pointers[0]
        message = f"no value that {at} accepts is known; give one in `examples`, or correct the schema"
        raise NoSample(message, self.contract.source, self.contract.line(at))

    # Which schemas are in force

    def _ways(self, wanted: list[_Wanted]) -> Iterator[list[_Wanted]]:
        """Every choice of branches: the schemas that are in force then, each without `$ref`."""
        yield from (_joined(choice) for choice in product(*(list(self._unfolded(each)) for each in wanted)))

    def _unfolded(self, wanted: _Wanted) -> Iterator[list[_Wanted]]:
        schema = self.contract.at(wanted.pointer)
        if not isinstance(schema, dict):
            yield [wanted]
            return
        here, steps = wanted.pointer, wanted.steps
        own = evolve(wanted, steps=steps if steps and steps[0] in INSIDE else None)
        parts: list[list[list[_Wanted]]] = [[[own]]]

        def inner(*way: str) -> _Wanted:
            rest = _after(steps, way)
            at = schema["$ref"].removeprefix("#") if way == ("$ref",) else here + pointer_of(*way)
            return _Wanted(at, rest)

        if "$ref" in schema:
            self.contract.resolve(here)
            parts.append(list(self._unfolded(inner("$ref"))))
        for index in range(len(schema.get("allOf", ()))):
            parts.append(list(self._unfolded(inner("allOf", str(index)))))
        for name in ("anyOf", "oneOf"):
            if name in schema:
                branches = [inner(name, str(index)) for index in range(len(schema[name]))]
                forced = [branch for branch in branches if branch.steps is not None]
                ordered = forced or sorted(branches, key=lambda branch: self.contract.is_null(branch.pointer))
                parts.append([way for branch in ordered for way in self._unfolded(branch)])
        if "if" in schema:
            then = [_Wanted(f"{here}/if"), *([inner("then")] if "then" in schema else [])]
            otherwise = [inner("else")] if "else" in schema else []
            is_then = steps is not None and steps[:1] == ("then",)
            is_else = steps is not None and steps[:1] == ("else",)
            choices = [then] if is_then else [otherwise] if is_else else [otherwise, then]
            parts.append([way for choice in choices for way in self._ways(choice)])
        if steps is not None and steps[:1] == ("dependentSchemas",):
            parts.append(list(self._unfolded(inner("dependentSchemas", steps[1]))))
        for choice in product(*parts):
            yield _joined(choice)

    # What is proposed

    def _candidates(self, wanted: list[_Wanted]) -> Iterator[Any]:
        schemas = [self.contract.at(each.pointer) for each in wanted]
        if False in schemas:
            return
        schemas = [each for each in schemas if isinstance(each, dict)]
        ahead = {each.steps[0] for each in wanted if each.steps}
        if not ahead:
            for schema in schemas:
                yield from copy.deepcopy(
                    [*schema.get("examples", ()), *schema.get("enum", ())]
                    + [schema[name] for name in ("const", "default") if name in schema]
                )
        for kind in _kinds(schemas, ahead):
            if kind == "object":
                yield from self._objects(wanted, schemas)
            elif kind == "array":
                yield from self._arrays(wanted, schemas)
            elif kind == "string":
                yield from _strings(schemas)
            elif kind in ("integer", "number"):
                yield from _numbers(schemas, kind == "integer")
            elif kind == "boolean":
                yield from (False, True)
            else:
                yield None

    def _objects(self, wanted: list[_Wanted], schemas: list[dict[str, Any]]) -> Iterator[Any]:
        names = list(dict.fromkeys(name for schema in schemas for name in schema.get("required", ())))
        for each in wanted:
            if each.steps and each.steps[0] in ("properties", "dependentSchemas"):
                names.append(each.steps[1])
            elif each.steps and each.steps[0] in ("patternProperties", "additionalProperties", "unevaluatedProperties"):
                names.append(self._new_name(schemas, each.steps))
        if self.whole and self.depth < DEEP:
            every = [name for schema in schemas for name in schema.get("properties", ())]
            optional = [name for name in every if name not in names and name not in self.leave_out]
            if not every and any(isinstance(schema.get("additionalProperties"), dict) for schema in schemas):
                optional = [self._new_name(schemas, ("additionalProperties",))]
            yield from self._object(wanted, [*names, *optional], is_lenient=True)
        yield from self._object(wanted, names)
        optional = [name for schema in schemas for name in schema.get("properties", ()) if name not in names]
        least = max((int(schema.get("minProperties", 0)) for schema in schemas), default=0)
        more = [*optional, *new_names(least)]
        yield from self._object(wanted, [*names, *more][: max(least, len(names))])

    def _object(self, wanted: list[_Wanted], names: Iterable[str], is_lenient: bool = False) -> Iterator[Any]:
        waiting, made = list(dict.fromkeys(names)), dict[str, Any]()
        wanted = [*wanted, *self._dependent(wanted, waiting)]
        required = {
            name
            for each in wanted
            if isinstance(schema := self.contract.at(each.pointer), dict)
            for name in schema.get("required", ())
        }
        waiting += sorted(required - {*waiting})
        while waiting:
            name = waiting.pop(0)
            inner = list(self._of_member(wanted, name))
            if is_lenient and name not in required and any(each.pointer in self.outer for each in inner):
                continue  # an optional member that holds itself
            try:
                made[name] = self._deeper(inner)._value(inner) if inner else "x"
            except NoSample:
                if is_lenient and name not in required:
                    continue
                return
            for each in wanted:
                schema = self.contract.at(each.pointer)
                others = schema.get("dependentRequired", {}).get(name, ()) if isinstance(schema, dict) else ()
                waiting += [other for other in others if other not in made]
        yield made

    def _dependent(self, wanted: list[_Wanted], names: Iterable[str]) -> Iterator[_Wanted]:
        """The schemas that members bring with them."""
        for each in wanted:
            schema = self.contract.at(each.pointer)
            schemas = schema.get("dependentSchemas", {}) if isinstance(schema, dict) else {}
            yield from (
                _Wanted(each.pointer + pointer_of("dependentSchemas", name)) for name in names if name in schemas
            )

    def _deeper(self, wanted: list[_Wanted]) -> Sampler:
        return evolve(self, depth=self.depth + 1, outer=(*self.outer, *(each.pointer for each in wanted)))

    def _of_member(self, wanted: list[_Wanted], name: str) -> Iterator[_Wanted]:
        """The schemas that are in force for a member."""
        is_known = False
        for each in wanted:
            schema, steps = self.contract.at(each.pointer), each.steps
            if not isinstance(schema, dict):
                continue
            ways: list[tuple[str, ...]] = []
            if name in schema.get("properties", {}):
                ways.append(("properties", name))
            ways += [("patternProperties", p) for p in schema.get("patternProperties", {}) if re.search(p, name)]
            if not ways and "additionalProperties" in schema:
                ways.append(("additionalProperties",))
            for way in ways:
                is_known = True
                yield _Wanted(each.pointer + pointer_of(*way), _after(steps, way))
        for each in () if is_known else wanted:
            schema, way = self.contract.at(each.pointer), ("unevaluatedProperties",)
            if isinstance(schema, dict) and way[0] in schema:
                yield _Wanted(each.pointer + pointer_of(*way), _after(each.steps, way))

    def _new_name(self, schemas: list[dict[str, Any]], steps: tuple[str, ...]) -> str:
        """A name for a member that has none in the schema."""
        if steps[0] == "patternProperties":
            return _found(steps[1], 1) or "x"
        taken = {name for schema in schemas for name in schema.get("properties", ())}
        for schema in schemas:
            names = schema.get("propertyNames")
            if isinstance(names, dict) and "$ref" not in names:
                return str(next(iter(_strings([{**names}])), "x"))
        return next(name for name in ("x", "x1", "x2", "x3") if name not in taken)

    def _arrays(self, wanted: list[_Wanted], schemas: list[dict[str, Any]]) -> Iterator[Any]:
        least = max((int(schema.get("minItems", 0)) for schema in schemas), default=0)
        forced = [
            each for each in wanted if each.steps and each.steps[0] in ("prefixItems", "items", "unevaluatedItems")
        ]
        for each in forced:
            assert each.steps
            before = len(self.contract.at(each.pointer).get("prefixItems", ()))
            least = max(least, int(each.steps[1]) + 1 if each.steps[0] == "prefixItems" else before + 1)
        has_items = any(name in schema for schema in schemas for name in ("items", "prefixItems"))
        lengths = [max(least, 1), least] if self.whole and self.depth < DEEP and has_items else [least]
        for length in dict.fromkeys((*lengths, least + 1)):
            for contained in (False, True):
                try:
                    yield [self._item(wanted, schemas, index, contained) for index in range(length)]
                except NoSample:
                    continue

    def _item(self, wanted: list[_Wanted], schemas: list[dict[str, Any]], index: int, contained: bool) -> Any:
        inner: list[_Wanted] = []
        for each in wanted:
            schema, steps = self.contract.at(each.pointer), each.steps
            if not isinstance(schema, dict):
                continue
            prefix = len(schema.get("prefixItems", ()))
            way = ("prefixItems", str(index)) if index < prefix else ("items",)
            if way[0] in schema:
                inner.append(_Wanted(each.pointer + pointer_of(*way), _after(steps, way)))
            if contained and "contains" in schema and index < schema.get("minContains", 1):
                inner.append(_Wanted(f"{each.pointer}/contains"))
        value = self._deeper(inner)._value(inner) if inner else "x"
        if any(schema.get("uniqueItems") for schema in schemas) and index:
            pointers = [each.pointer for each in inner]
            different = (v for v in others(value, index) if all(self.contract.is_valid(p, v) for p in pointers))
            value = next(different, value)
        return value


def _joined(lists: Iterable[list[_Wanted]]) -> list[_Wanted]:
    return list(chain.from_iterable(lists))


def _after(steps: tuple[str, ...] | None, way: tuple[str, ...]) -> tuple[str, ...] | None:
    """What is left of a way behind its beginning; None where it begins otherwise."""
    return steps[len(way) :] if steps is not None and steps[: len(way)] == way else None


def _kinds(schemas: list[dict[str, Any]], ahead: set[str]) -> list[str]:
    """The types that a value may have, those that are known to be possible first."""
    if ahead & {"properties", "patternProperties", "additionalProperties", "unevaluatedProperties", "dependentSchemas"}:
        return ["object"]
    if ahead & {"items", "prefixItems", "unevaluatedItems"}:
        return ["array"]
    typed = [[t] if isinstance(t := schema["type"], str) else t for schema in schemas if "type" in schema]
    if typed:
        common = [kind for kind in typed[0] if all(kind in types or kind == "integer" for types in typed)]
        return sorted(common, key=lambda kind: kind == "null") or typed[0]
    found = [kind for kind, words in KINDS.items() if any(words & schema.keys() for schema in schemas)]
    return [*found, *(kind for kind in ("string", "integer", "object", "array") if kind not in found)]


def _strings(schemas: list[dict[str, Any]]) -> Iterator[str]:
    yield from (v for s in schemas for v in (*s.get("enum", ()), *([s["const"]] if "const" in s else ())) if v)
    least = max((int(schema.get("minLength", 0)) for schema in schemas), default=0)
    for schema in schemas:
        if "format" in schema:
            yield FORMATTED.get(schema["format"], "x")
    for schema in schemas:
        if "pattern" in schema:
            yield from filter(None, (_found(schema["pattern"], max(least, 1)), _found(schema["pattern"], least)))
    yield "x" * max(least, 1)
    yield "x" * least


@cache
def _found(pattern: str, least: int) -> str | None:
    """A simple text of at least so many characters that matches a pattern, of Hypothesis."""
    import hypothesis
    from hypothesis import Phase
    from hypothesis import strategies as st

    quiet = hypothesis.settings(
        database=None,
        deadline=None,
        max_examples=100,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    texts = st.from_regex(pattern, alphabet=st.characters(min_codepoint=32, max_codepoint=126))
    try:
        return hypothesis.find(texts, lambda text: len(text) >= least, settings=quiet)
    except (hypothesis.errors.HypothesisException, re.error):
        return None


def _numbers(schemas: list[dict[str, Any]], is_integer: bool) -> Iterator[Any]:
    lowest = max((schema["minimum"] for schema in schemas if "minimum" in schema), default=None)
    above = max((schema["exclusiveMinimum"] for schema in schemas if "exclusiveMinimum" in schema), default=None)
    highest = min((schema["maximum"] for schema in schemas if "maximum" in schema), default=None)
    below = min((schema["exclusiveMaximum"] for schema in schemas if "exclusiveMaximum" in schema), default=None)
    step = max((schema["multipleOf"] for schema in schemas if "multipleOf" in schema), default=None)
    found = [] if lowest is None else [math.ceil(lowest) if is_integer else lowest]
    found += [] if above is None else [math.floor(above) + 1, above + 0.5]
    found += [0, 1] if lowest is None and above is None else []
    found += [] if highest is None else [math.floor(highest) if is_integer else highest]
    found += [] if below is None else [math.ceil(below) - 1, below - 0.5]
    if above is not None and below is not None:
        found.append((above + below) / 2)
    if step is not None:
        start = next((value for value in (lowest, above) if value is not None), 0)
        found = [step * (math.floor(start / step) + n) for n in range(3)] + found
    yield from (value for value in found if not is_integer or value == int(value))


def others(value: Any, number: int) -> Iterator[Any]:
    """Values like one, but another."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield from (value + number, value - number)
    elif isinstance(value, str):
        yield f"{value}{number}"
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from ({**value, name: other} for other in others(member, number))


# An instance that has a place


@frozen
class Spot:
    """An instance, and a value in it by its pointer."""

    instance: Any
    path: str


def spots(contract: Contract, root: str, place: Place, instance: Any) -> list[Spot]:
    """Where an instance has a place."""
    steps = pointer_of(*place.steps)
    found = [each.path for each in contract.reached(root, instance) if each.steps == steps]
    return [Spot(instance, path) for path in dict.fromkeys(found)]


def new_names(number: int) -> list[str]:
    """Names of members, of letters alone."""
    return ["x" + "".join(chr(97 + int(digit)) for digit in str(each)) for each in range(number)]


def witnesses(contract: Contract, root: str, place: Place, base: Any = NOTHING) -> Iterator[Spot]:
    """The smallest valid instance that has a place, one with every optional member too, and one without those of
    `base`."""
    if (smallest := witness(contract, root, place, base)) is not None:
        yield smallest
    for sampler in (Sampler(contract, whole=True), Sampler(contract)):
        try:
            made = sampler.sample(root, place.steps)
        except NoSample:
            continue
        if sampler.whole and isinstance(made, dict) and isinstance(base, dict):
            made = {**made, **base}
        if contract.is_valid(root, made):
            yield from spots(contract, root, place, made)[:1]


def witness(contract: Contract, root: str, place: Place, base: Any = NOTHING) -> Spot | None:
    """The smallest valid instance that has a place: `base`, should it have it, or `base` with what it takes; None where
    none is known."""
    for instance in _with_place(contract, root, place, base):
        if contract.is_valid(root, instance) and (found := spots(contract, root, place, instance)):
            return found[0]
    return None


def _with_place(contract: Contract, root: str, place: Place, base: Any) -> Iterator[Any]:
    if base is not NOTHING:
        yield base
        try:
            grafted = _grafted(contract, [_Wanted(root, place.steps)], base)
        except NoSample:
            pass
        else:
            yield grafted
            yield _completed(contract, root, grafted)
    try:
        made = Sampler(contract).sample(root, place.steps)
    except NoSample:
        return
    if isinstance(base, dict) and isinstance(made, dict):
        yield {**made, **{name: value for name, value in base.items() if name not in place.steps}}
    yield made


def _grafted(contract: Contract, wanted: list[_Wanted], value: Any) -> Any:
    """A value with a place made in it, and the rest as it is."""
    sampler = Sampler(contract)
    for schemas in islice(sampler._ways(wanted), ATTEMPTS):
        ahead = next((each.steps for each in schemas if each.steps), None)
        if ahead is None:
            break
        if isinstance(value, dict) and ahead[0] in ("properties", "patternProperties", "additionalProperties"):
            described = [s for each in schemas if isinstance(s := contract.at(each.pointer), dict)]
            name = ahead[1] if ahead[0] == "properties" else sampler._new_name(described, ahead)
            inner = list(sampler._of_member(schemas, name))
            if name in value:
                return {**value, name: _grafted(contract, inner, value[name])}
            return {**value, name: sampler._value(inner)}
        if isinstance(value, list) and value and ahead[0] == "items":
            prefix = max(
                len(s.get("prefixItems", ())) for e in schemas if isinstance(s := contract.at(e.pointer), dict)
            )
            if prefix < len(value):
                inner = [_Wanted(each.pointer + "/items", each.steps[1:]) for each in schemas if each.steps]
                return [*value[:prefix], _grafted(contract, inner, value[prefix]), *value[prefix + 1 :]]
    if all(contract.is_valid(each.pointer, value) for each in wanted) and not any(each.steps for each in wanted):
        return value
    return sampler._value(wanted)


def _completed(contract: Contract, root: str, instance: Any) -> Any:
    """An instance with the members that it lacks."""
    for _ in range(5):
        lacking = [each for each in contract.violations(root, instance) if each.missing is not None]
        if not lacking:
            return instance
        path, missing = lacking[0].path, lacking[0].missing
        places = [p for p in contract.places(root) if p.path and p.path[-1] == missing]
        for place in places:
            try:
                value = Sampler(contract).sample(place.schema)
            except NoSample:
                continue
            instance = Edit((*path, str(missing)), value).apply(instance)
            break
        else:
            return instance
    return instance
