"""The contract: a document that says which of its keywords an instance violates."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import jsonschema_rs
from attrs import frozen

from .document import shorten
from .schemas import SchemaDocument

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


@frozen
class Contract(SchemaDocument):
    """One contract file, read, with a validator for each of its schemas."""

    @classmethod
    def load(cls, source: Path | None = None) -> Self:
        """Raises ConfigurationError when the file cannot be read as a contract, or cannot serve as a contract."""
        contract = cls.read(source or SHIPPED)
        contract.check()
        return contract

    @cached_property
    def _registry(self) -> jsonschema_rs.Registry:
        return jsonschema_rs.Registry([(URI, self.document)])

    @cached_property
    def _validators(self) -> dict[str, jsonschema_rs.Draft202012Validator]:
        return {}

    def violations(self, pointer: str, instance: Any) -> list[Violation]:
        """Every keyword of a schema that an instance breaks; a wrong type hides what else is wrong at its place."""
        if pointer not in self._validators:
            self._validators[pointer] = jsonschema_rs.Draft202012Validator(
                {"$ref": f"{URI}#{pointer}"}, registry=self._registry
            )
        errors = self._validators[pointer].iter_errors(_validatable(instance))
        found = [v for error in errors for v in self._violations(error)]
        mistyped = {v.path for v in found if v.pointer.endswith("/type")}
        return [v for v in found if v.path not in mistyped or v.pointer.endswith("/type")]

    def broken_musts(self, pointer: str, instance: Any) -> list[Violation]:
        """The violations of keywords of level MUST."""
        if pointer not in self._musts:
            self._musts[pointer] = {keyword.pointer for keyword in self.keywords(pointer) if keyword.level == "MUST"}
        return [found for found in self.violations(pointer, instance) if found.pointer in self._musts[pointer]]

    @cached_property
    def _musts(self) -> dict[str, set[str]]:
        return {}

    def _violations(self, error: Any) -> Iterator[Violation]:
        location = error.absolute_keyword_location.removeprefix(URI).removeprefix("#")
        if error.kind.name == "required":
            index = self.at(location).index(error.kind.property)
            came = shorten(json.dumps(error.instance, ensure_ascii=False))
            message = f"{json.dumps(error.kind.property)} is missing in {came}"
            yield Violation(f"{location}/{index}", tuple(error.instance_path), message, error.kind.property)
        elif error.kind.name == "oneOf" and self.nullable(location.removesuffix("/oneOf")):
            for branch in error.kind.context:
                for inner in branch:
                    if not inner.absolute_keyword_location.startswith(URI + "#" + location):
                        yield from self._violations(inner)
        else:
            came = f", got {json.dumps(error.instance)}" if error.kind.name == "const" else ""
            yield Violation(location, tuple(error.instance_path), shorten(error.message + came))


def _validatable(value: Any, depth: int = 0) -> Any:
    """The same value as far as any keyword can tell, without what the validator cannot take: halves of a surrogate
    pair become U+FFFD, and what lies deeper than any schema is left out."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if depth == DEEPEST and isinstance(value, dict | list):
        return type(value)()
    if isinstance(value, dict):
        return {_validatable(name): _validatable(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_validatable(item, depth + 1) for item in value]
    return value
