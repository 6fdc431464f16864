"""The schemas of a contract as keywords: every assertion with its place, its level and its source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import frozen

from .document import pointer, tokens
from .operations import OperationDocument

APPLICATORS = {"$ref", "properties", "items"}
ANNOTATIONS = {"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment"}
ASSERTIONS = {
    *("type", "const", "enum", "required", "additionalProperties", "minProperties", "maxProperties"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "pattern", "minItems", "maxItems", "uniqueItems", "oneOf", "anyOf", "allOf"),
}


@frozen
class Keyword:
    """One assertion of one schema: ``minimum: 0`` of ``/components/schemas/…/temperature``."""

    pointer: str
    """Where it stands in the contract; a required member has a pointer of its own."""
    name: str
    value: Any
    path: tuple[str, ...]
    """From the component to the schema that holds it, as member names; ``[]`` for an item."""
    component: str
    level: str
    quote: str | None

    @property
    def schema(self) -> str:
        """The pointer of the schema that holds it."""
        return self.pointer.rpartition("/required/" if self.name == "required" else "/")[0]


@frozen
class SchemaDocument(OperationDocument):
    """A document whose schemas can be walked keyword by keyword."""

    def nullable(self, pointer: str) -> str | None:
        """The other branch of ``oneOf: [X, {type: "null"}]``, or None where the schema is of another form."""
        branches = self.at(pointer).get("oneOf", [])
        others = [index for index, branch in enumerate(branches) if branch != {"type": "null"}]
        return f"{pointer}/oneOf/{others[0]}" if len(branches) == 2 and len(others) == 1 else None

    def keywords(self, pointer: str) -> Iterator[Keyword]:
        """Every assertion of a schema and of all below it, once each, in the order of the file."""
        seen: set[str] = set()

        def walk(here: str, path: tuple[str, ...], component: str, quote: str | None) -> Iterator[Keyword]:
            outer, here = self.at(here), self.resolve(here)
            if "$ref" in outer:
                path, component, quote = (), tokens(here)[-1], outer.get("x-quote", quote)
            if here in seen:
                return
            seen.add(here)
            schema = self.at(here)
            quote, levels = schema.get("x-quote", quote), schema.get("x-levels", {})
            if (other := self.nullable(here)) is not None:
                yield from walk(other, path, component, quote)
                return
            for name, value in schema.items():
                if name == "required":
                    for index, member in enumerate(value):
                        of = schema.get("properties", {}).get(member, {})
                        level = of.get("x-levels", {}).get("required", "MUST")
                        at, said = f"{here}/required/{index}", of.get("x-quote", quote)
                        yield Keyword(at, name, member, (*path, member), component, level, said)
                elif name in ASSERTIONS:
                    yield Keyword(f"{here}/{name}", name, value, path, component, levels.get(name, "MUST"), quote)
                elif name not in APPLICATORS | ANNOTATIONS and not name.startswith("x-"):
                    raise self.error(f"{here}/{name}", f"no rule is known for the keyword `{name}`; use another")
            for member in schema.get("properties", {}):
                yield from walk(f"{here}/properties/{_escape(member)}", (*path, member), component, quote)
            if "items" in schema:
                yield from walk(f"{here}/items", (*path, "[]"), component, quote)

        start = self.resolve(pointer)
        yield from walk(pointer, (), tokens(start)[-1], None)

    def shown(self, pointer: str, instance: Any) -> Iterator[str]:
        """The pointers of the keywords that this instance gives occasion to judge; an optional member satisfies
        its own by its absence."""
        here = self.resolve(pointer)
        if (other := self.nullable(here)) is not None:
            if instance is not None:
                yield from self.shown(other, instance)
            return
        schema = self.at(here)
        for name in schema:
            if name == "required" and isinstance(instance, dict):
                yield from (f"{here}/required/{index}" for index in range(len(schema["required"])))
            elif name in ASSERTIONS and name != "required":
                yield f"{here}/{name}"
        if isinstance(instance, dict):
            for member, value in schema.get("properties", {}).items():
                at = f"{here}/properties/{_escape(member)}"
                if member in instance:
                    yield from self.shown(at, instance[member])
                elif member not in schema.get("required", ()):
                    yield from (f"{at}/{name}" for name in value if name in ASSERTIONS)
        if isinstance(instance, list) and "items" in schema:
            for item in instance:
                yield from self.shown(f"{here}/items", item)


def _escape(member: str) -> str:
    return pointer(member)[1:]
