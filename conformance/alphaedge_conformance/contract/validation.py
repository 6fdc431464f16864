"""The contract: a document that says which of its keywords an instance violates."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import quote, unquote

import jsonschema_rs
from attrs import frozen

from . import overlays
from .document import pointer as pointer_of
from .document import shorten, tokens
from .places import Keyword, SchemaDocument

URI = "urn:alphaedge:contract"
DEEPEST = 100
"""Levels of an instance that are validated; no schema of a contract reaches so deep, and the validator ends at 255."""
SHIPPED = Path(__file__).parents[1] / "openapi.yaml"
"""The contract that this suite carries; in a checkout a link to the one at the top."""


@frozen
class Violation:
    """A keyword that an instance breaks, and where in the instance."""

    pointer: str
    path: tuple[str | int, ...]
    message: str
    missing: str | None = None
    """The required member that is not there."""


class Evaluated(NamedTuple):
    """One schema, or one keyword of it, that had a say about one value of an instance."""

    pointer: str
    """Where it stands in the contract."""
    steps: str
    """How the validator came there, as a pointer: `$ref` and branches included."""
    path: str
    """The value, as a pointer into the instance."""
    is_valid: bool


@frozen
class Contract(SchemaDocument):
    """One contract file, read, with a validator for each of its schemas."""

    @classmethod
    def load(cls, source: Path | None = None, profiles: Iterable[str] = ()) -> Self:
        """The contract with the profiles of these names or files. Raises ConfigurationError when a file cannot be read
        as a contract or an overlay, or cannot serve as one."""
        contract = cls.read(source or SHIPPED).with_overlays(map(overlays.load, profiles))
        with contract.expecting_its_form():
            contract.check()
        return contract

    @cached_property
    def _registry(self) -> jsonschema_rs.Registry:
        return jsonschema_rs.Registry([(URI, self.document)])

    @cached_property
    def _validators(self) -> dict[str, jsonschema_rs.Draft202012Validator]:
        return {}

    def _validator(self, pointer: str) -> jsonschema_rs.Draft202012Validator:
        if pointer not in self._validators:
            self._validators[pointer] = jsonschema_rs.Draft202012Validator(
                {"$ref": f"{URI}#{quote(pointer)}"}, registry=self._registry, validate_formats=True
            )
        return self._validators[pointer]

    def is_valid(self, pointer: str, instance: Any) -> bool:
        return self._validator(pointer).is_valid(validatable(instance))

    def evaluate(self, pointer: str, instance: Any) -> Iterator[Evaluated]:
        """What of a schema had a say about an instance, and about what in it."""
        for each in self._validator(pointer).evaluate(validatable(instance)).list()["details"]:
            steps = each["evaluationPath"].removeprefix("/$ref")
            yield Evaluated(_pointer(each["schemaLocation"]), steps, each["instanceLocation"], each["valid"])

    def exercised(self, pointer: str, instance: Any) -> set[str]:
        """The pointers of the assertions that an instance gives occasion to judge: those of each value that it has."""
        found: set[str] = set()
        values, of_schema = _Values(validatable(instance)), self._keywords_of(pointer)
        for each in self.reached(pointer, instance):
            for keyword in of_schema.get(each.pointer, ()):
                is_object = keyword.name in ("required", "dependentRequired") and isinstance(values[each.path], dict)
                if keyword.name == "required" and not is_object:
                    continue
                if keyword.name == "dependentRequired" and not (is_object and keyword.value[0] in values[each.path]):
                    continue
                found.add(keyword.pointer)
        return found

    def _keywords_of(self, pointer: str) -> dict[str, list[Keyword]]:
        """The assertions of each schema inside of one: the validator merges some that stand beside each other, and then
        lists the schema alone."""
        if pointer not in self._by_schema:
            self._by_schema[pointer] = {place.schema: list(place.keywords) for place in self.places(pointer)}
        return self._by_schema[pointer]

    @cached_property
    def _by_schema(self) -> dict[str, dict[str, list[Keyword]]]:
        return {}

    def reached(self, pointer: str, instance: Any) -> Iterator[Evaluated]:
        """As `evaluate`, without what only decides whether something else applies: conditions, and branches that a
        value is not meant for."""
        every = [each for each in self.evaluate(pointer, instance) if _is_of_value(each)]
        invalid = [each for each in every if not each.is_valid and self._is_one_of_several(each.steps, each.pointer)]
        for each in every:
            if not any(
                _is_inside(each.steps, branch.steps) and _is_inside(each.path, branch.path) for branch in invalid
            ):
                yield each

    def is_by_hand(self, request: Any) -> bool:
        """Whether a request has a part that only requests written by hand can show, by `x-by-hand`."""
        return any(
            each.pointer in self._by_hand for each in self.evaluate(self.request_schema, request) if each.is_valid
        )

    @cached_property
    def _by_hand(self) -> frozenset[str]:
        """The schemas of such parts; what only says which members go together is none of them."""
        every = (place for place in self.places(self.request_schema) if place.by_hand is not None)
        return frozenset(place.schema for place in every if "dependentSchemas" not in place.steps)

    def _is_one_of_several(self, steps: str, pointer: str) -> bool:
        """Whether an evaluation path ends at a branch of a union of several."""
        words = tokens(steps)
        if len(words) < 2 or words[-2] not in ("anyOf", "oneOf") or not words[-1].isdigit():
            return False
        union = pointer.rpartition("/")[0]
        return isinstance(self.at(union), list) and len(self.branches(union)) > 1

    def violations(self, pointer: str, instance: Any) -> list[Violation]:
        """Every keyword of a schema that an instance breaks; a wrong type hides what else is wrong at its place, and
        what is wrong inside of a value hides that it is not evaluated then."""
        errors = self._validator(pointer).iter_errors(validatable(instance))
        found = [v for error in errors for v in self._violations(error, pointer)]
        mistyped = {v.path for v in found if v.pointer.endswith("/type")}
        found = [v for v in found if v.path not in mistyped or v.pointer.endswith("/type")]
        return [v for v in found if not (v.pointer.endswith(UNEVALUATED) and _is_explained(v, found))]

    def broken_musts(self, pointer: str, instance: Any) -> list[Violation]:
        """The violations of keywords of level MUST."""
        if pointer not in self._musts:
            self._musts[pointer] = {keyword.pointer for keyword in self.keywords(pointer) if keyword.level == "MUST"}
        return [found for found in self.violations(pointer, instance) if found.pointer in self._musts[pointer]]

    @cached_property
    def views(self) -> dict[str, Contract]:
        """By operationId what `further.operations` made."""
        return {}

    @cached_property
    def unbreakable(self) -> dict[str, dict[str, str]]:
        """By schema what `bounds.unbreakable` found."""
        return {}

    @cached_property
    def _musts(self) -> dict[str, set[str]]:
        return {}

    def _violations(self, error: Any, root: str) -> Iterator[Violation]:
        location = _pointer(error.absolute_keyword_location)
        path = tuple(error.instance_path)
        kind = error.kind.name
        if kind == "required":
            missing = error.kind.property
            came = shorten(json.dumps(error.instance, ensure_ascii=False))
            message = f"{json.dumps(missing)} is missing in {came}"
            yield Violation(self._requiring(location, error.instance, missing), path, message, missing)
        elif kind in ("anyOf", "oneOf") and (meant := self._meant(location, error)) is not None:
            for inner in meant:
                yield from self._violations(inner, root)
        elif kind == "propertyNames":
            steps = [str(step) for step in error.evaluation_path[1:]]
            at = self._followed(root, steps[: steps.index("propertyNames") + 1])
            yield Violation(at, path, shorten(error.message))
        else:
            came = f", got {json.dumps(error.instance)}" if kind == "const" else ""
            yield Violation(location, path, shorten(error.message + came))

    def _requiring(self, location: str, instance: Any, missing: str) -> str:
        """The pointer of the one entry that asks for a member."""
        above, _, word = location.rpartition("/dependentRequired")
        if word in ("", *(f"/{index}" for index in range(100))) and self.has(f"{above}/dependentRequired"):
            for member, others in self.at(f"{above}/dependentRequired").items():
                if member in instance and missing in others:
                    return f"{above}/dependentRequired" + pointer_of(member, others.index(missing))
        return f"{location}/{self.at(location).index(missing)}"

    def _meant(self, location: str, error: Any) -> list[Any] | None:
        """What is wrong by the branch of an `anyOf` or `oneOf` that a value is meant for: the only one but null, or the
        only one whose types and constants it has. None where no branch is."""
        others = {int(tokens(branch)[-1]) for branch in self.branches(location)}
        candidates = [list(errors) for index, errors in enumerate(error.kind.context) if index in others]
        if len(candidates) > 1:
            at = list(error.instance_path)
            candidates = [errors for errors in candidates if errors and not any(_tells_apart(e, at) for e in errors)]
        return candidates[0] if len(candidates) == 1 and candidates[0] else None

    def _followed(self, here: str, steps: list[str]) -> str:
        """Where an evaluation path leads, from a schema."""
        for step in steps:
            here = self.at(here)["$ref"].removeprefix("#") if step == "$ref" else here + pointer_of(step)
        return here


UNEVALUATED = ("/unevaluatedProperties", "/unevaluatedItems")


def _is_explained(violation: Violation, found: list[Violation]) -> bool:
    """Whether something else is wrong inside of the same value."""
    depth = len(violation.path)
    return any(other.path[:depth] == violation.path and other.pointer != violation.pointer for other in found)


def _tells_apart(error: Any, at: list[str | int]) -> bool:
    """Whether an error says that a value was never meant for a branch: another type, or another constant, of itself or
    of a member."""
    kind, path = error.kind.name, list(error.instance_path)
    return (path == at and kind in ("type", "const", "enum")) or (path[:-1] == at and kind == "const")


CONDITIONS = {"if", "not", "contains", "propertyNames"}
"""Keywords whose schema a value need not satisfy, or that is about no value."""
NAMED = {"patternProperties", "dependentSchemas", "$defs", "properties"}
"""Keywords whose own keys are names."""
DESCENDING = {"properties", "patternProperties", "prefixItems", "additionalProperties", "items"} | {
    *("unevaluatedProperties", "unevaluatedItems"),
}
"""Keywords that lead from a value to one inside of it."""


PATHS = 10_000
"""Of the validator's own, that are kept with what they mean: each chunk of a stream has the same ones."""


@lru_cache(PATHS)
def _pointer(location: str) -> str:
    """A pointer into the contract, of an address that the validator gives."""
    return unquote(location.removeprefix(URI).removeprefix("#"))


def _is_of_value(each: Evaluated) -> bool:
    """Whether a value has to satisfy what an evaluation path leads to: no condition, and no keyword of the list or the
    object around it."""
    return _depth(each.steps) == each.path.count("/")


@lru_cache(PATHS)
def _depth(steps: str) -> int | None:
    """How far inside of an instance an evaluation path leads; None where it is a condition."""
    depth, words = 0, iter(tokens(steps))
    for word in words:
        if word in CONDITIONS:
            return None
        depth += word in DESCENDING
        if word in NAMED:
            next(words, None)
    return depth


def _is_inside(path: str, outer: str) -> bool:
    return path == outer or path.startswith(outer + "/")


@frozen
class _Values:
    """The values of an instance by pointer."""

    instance: Any

    def __getitem__(self, path: str) -> Any:
        here = self.instance
        for token in tokens(path):
            here = here[int(token)] if isinstance(here, list) else here[token]
        return here


def validatable(value: Any, depth: int = 0) -> Any:
    """The same value as far as any keyword can tell, without what the validator cannot take: halves of a surrogate
    pair become U+FFFD, a number beyond all floats the largest of them; what no schema reaches is left out."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, float) and math.isinf(value):
        return math.copysign(sys.float_info.max, value)
    if depth == DEEPEST and isinstance(value, dict | list):
        return type(value)()
    if isinstance(value, dict):
        return {validatable(name): validatable(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [validatable(item, depth + 1) for item in value]
    return value
