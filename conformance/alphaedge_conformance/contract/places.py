"""The places of a schema: every position of an instance that it describes, and the assertions of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from attrs import evolve, field, frozen

from .document import pointer, tokens
from .operations import OperationDocument

FORMATS = {
    *("date", "time", "date-time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6"),
    *("uri", "uri-reference", "iri", "iri-reference", "uri-template", "uuid", "json-pointer", "relative-json-pointer"),
    "regex",
}
"""Those that the validator knows; any other says something to programs alone."""
ASSERTIONS = {
    *("type", "const", "enum", "required", "minProperties", "maxProperties"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "pattern", "format", "minItems", "maxItems", "uniqueItems"),
    *("not", "contains", "minContains", "maxContains", "propertyNames", "dependentRequired"),
}
ANNOTATIONS = {
    *("title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly", "$comment"),
    *("contentMediaType", "contentEncoding", "contentSchema", "discriminator", "externalDocs", "xml", "$defs"),
}
APPLICATORS = {
    *("$ref", "allOf", "anyOf", "oneOf", "if", "then", "else", "dependentSchemas", "properties", "patternProperties"),
    *("additionalProperties", "unevaluatedProperties", "items", "prefixItems", "unevaluatedItems"),
}


@frozen
class Keyword:
    """One assertion of one schema: ``minimum: 0`` of ``/components/schemas/…/temperature``."""

    pointer: str
    """Where it stands in the contract; a required member has a pointer of its own."""
    name: str
    value: Any
    path: tuple[str, ...]
    """From the component to the schema that holds it: member names, ``[]`` for an item, ``{}`` for a value of any
    name, ``(string)`` for a branch."""
    component: str
    level: str
    quote: str | None
    schema: str
    """The pointer of the schema that holds it."""
    is_optional: bool = False
    """Whether a valid instance may lack what it is about."""
    by_hand: str | None = None
    """Why only requests that are written by hand can show it, by `x-by-hand` of the schema or one around it."""


@frozen
class Place:
    """One position of an instance, as one schema describes it."""

    schema: str
    """The pointer of the schema, its own `$ref` not followed."""
    path: tuple[str, ...]
    component: str
    quote: str | None
    steps: tuple[str, ...]
    """The evaluation path from the schema that was walked."""
    is_optional: bool
    is_whole: bool
    """Whether it is a value of its own, and no further condition on one that another place stands for."""
    keywords: tuple[Keyword, ...] = field(repr=False)
    """Its own, without those of the places inside of it."""
    by_hand: str | None = None


@frozen
class _Spot:
    """What a walk knows of where it stands."""

    path: tuple[str, ...]
    component: str
    quote: str | None
    is_sent: bool = False
    """Whether it is part of a request: a format is read more leniently there."""
    steps: tuple[str, ...] = ()
    outer: frozenset[str] = frozenset()
    """The schemas that this one is inside of: one that holds itself is walked once."""
    is_optional: bool = False
    is_whole: bool = True
    by_hand: str | None = None


@frozen
class SchemaDocument(OperationDocument):
    """A document whose schemas can be walked place by place and keyword by keyword."""

    @cached_property
    def _walked(self) -> dict[str, tuple[Place, ...]]:
        return {}

    @cached_property
    def _referred(self) -> Counter[str]:
        """How often each schema is referred to."""
        return Counter(
            part["$ref"].removeprefix("#")
            for _, part in self.parts()
            if isinstance(part, dict) and isinstance(part.get("$ref"), str)
        )

    def is_null(self, pointer: str) -> bool:
        """Whether a schema describes null alone."""
        return self.at(self.resolve(pointer)) in ({"type": "null"}, {"const": None}, {"enum": [None]})

    def branches(self, union: str) -> list[str]:
        """The branches of an `anyOf` or `oneOf`, by pointer, without those that are null."""
        every = [f"{union}/{index}" for index in range(len(self.at(union)))]
        return [branch for branch in every if not self.is_null(branch)]

    def places(self, pointer: str) -> tuple[Place, ...]:
        """Every place of a schema, in the order of the file; a component has its places wherever it is used."""
        if pointer not in self._walked:
            spot = _Spot((), self._component(pointer), None, pointer == self.request_schema)
            self._walked[pointer] = tuple(self._places(pointer, spot))
        return self._walked[pointer]

    def _component(self, pointer: str) -> str:
        """The name of a schema; of one that stands in its operation, what it is there."""
        here = self.resolve(pointer)
        if self.chosen is None or here.startswith("/components/"):
            return tokens(here)[-1]
        return {self.request_schema: "request", self.completion_schema: "answer"}.get(pointer, "error")

    def keywords(self, pointer: str) -> Iterator[Keyword]:
        """Every assertion of a schema and of all below it, once each, in the order of the file."""
        found: dict[str, Keyword] = {}
        for place in self.places(pointer):
            for keyword in place.keywords:
                known = found.setdefault(keyword.pointer, keyword)
                if known.is_optional and not keyword.is_optional:
                    found[keyword.pointer] = evolve(known, is_optional=False)
        return iter(found.values())

    def _places(self, here: str, spot: _Spot) -> Iterator[Place]:
        schema = self.at(here)
        if isinstance(schema, dict):
            by_hand = schema.get("x-by-hand", spot.by_hand) if spot.is_sent else None
            spot = evolve(spot, quote=schema.get("x-quote", spot.quote), by_hand=by_hand)
        if schema is True or here in spot.outer:
            return
        if (
            schema is not False
            and "$ref" in schema
            and not schema.keys() - ANNOTATIONS - {"$ref"} - _extensions(schema)
        ):
            yield from self._referenced(here, spot)  # nothing is said here but where it stands
            return
        keywords = self._own(here, spot)
        only = self._nullable_branch(here)
        if keywords or only is None:
            about = (here, spot.path, spot.component, spot.quote, spot.steps, spot.is_optional, spot.is_whole)
            yield Place(*about, keywords, spot.by_hand)
        if schema is False:
            return
        inner = evolve(spot, outer=spot.outer | {here})
        if "$ref" in schema:
            yield from self._referenced(here, evolve(inner, is_whole=False))
        yield from self._composed(here, inner)
        yield from self._members(here, inner)
        yield from self._items(here, inner)

    def _referenced(self, here: str, spot: _Spot) -> Iterator[Place]:
        """A component is a subject of its own, but a plain value that one place alone refers to has the name of that
        place."""
        self.resolve(here)
        target = self.at(here)["$ref"].removeprefix("#")
        schema = self.at(target)
        spot = evolve(spot, steps=(*spot.steps, "$ref"))
        is_plain = isinstance(schema, dict) and not {"properties", "x-subject", "$ref"} & schema.keys()
        if not (is_plain and self._referred[target] == 1 and spot.path):
            spot = evolve(spot, path=(), component=tokens(target)[-1])
        yield from self._places(target, spot)

    def _own(self, here: str, spot: _Spot) -> tuple[Keyword, ...]:
        """The assertions of a schema itself."""
        schema = self.at(here)
        levels = schema.get("x-levels", {}) if isinstance(schema, dict) else {}
        found: list[Keyword] = []

        def add(at: str, name: str, value: Any, **other: Any) -> None:
            about: dict[str, Any] = {"path": spot.path, "level": levels.get(name, "MUST"), "quote": spot.quote, **other}
            of: dict[str, Any] = {"component": spot.component, "is_optional": spot.is_optional, "by_hand": spot.by_hand}
            found.append(Keyword(at, name, value, schema=here, **of, **about))

        if schema is False:
            add(here, "forbidden", False)
            return tuple(found)
        for name, value in schema.items():
            at = here + pointer(name)
            if name == "format" and spot.is_sent and name not in levels:
                levels = {**levels, name: "SHOULD"}
            if name == "required":
                for index, member in enumerate(value):
                    of = schema.get("properties", {}).get(member, {})
                    of = of if isinstance(of, dict) else {}
                    level = of.get("x-levels", {}).get("required", "MUST")
                    said = of.get("x-quote", spot.quote)
                    add(f"{at}/{index}", name, member, path=(*spot.path, member), level=level, quote=said)
            elif name == "dependentRequired":
                for member, others in value.items():
                    for index, other in enumerate(others):
                        add(at + pointer(member, index), name, [member, other], path=(*spot.path, other))
            elif name in ("anyOf", "oneOf"):
                if len(self.branches(at)) > 1:
                    add(at, name, value)
            elif name in ("additionalProperties", "unevaluatedProperties", "items", "unevaluatedItems"):
                if value is False:
                    add(at, name, value)
            elif name in ("minContains", "maxContains") and "contains" not in schema:
                continue
            elif name in ASSERTIONS and (name != "format" or value in FORMATS):
                add(at, name, value)
            elif name not in APPLICATORS | ANNOTATIONS | {"format"} and not name.startswith("x-"):
                raise self.error(at, f"no rule is known for the keyword `{name}`; use another")
        return tuple(found)

    def _nullable_branch(self, here: str) -> str | None:
        """What a schema that says nothing but "or null" is, otherwise."""
        schema = self.at(here)
        if not isinstance(schema, dict):
            return None
        for name in ("oneOf", "anyOf"):
            if name in schema and len(schema[name]) == 2 and len(branches := self.branches(f"{here}/{name}")) == 1:
                return branches[0]
        return None

    def _composed(self, here: str, spot: _Spot) -> Iterator[Place]:
        """The schemas that say more of the same value."""
        schema = self.at(here)
        for index in range(len(schema.get("allOf", ()))):
            steps = (*spot.steps, "allOf", str(index))
            yield from self._places(f"{here}/allOf/{index}", evolve(spot, steps=steps, is_whole=False))
        for name in ("anyOf", "oneOf"):
            if name not in schema:
                continue
            branches = self.branches(f"{here}/{name}")
            names = self._names_of_branches(branches)
            for branch in branches:
                steps = (*spot.steps, name, tokens(branch)[-1])
                if len(branches) == 1:
                    yield from self._places(branch, evolve(spot, steps=steps, is_optional=True))
                else:
                    path = (*spot.path, f"({names[branch]})")
                    yield from self._places(branch, evolve(spot, steps=steps, path=path, is_optional=True))
        for name in ("then", "else"):
            if name in schema and "if" in schema:
                more = evolve(spot, steps=(*spot.steps, name), is_optional=True, is_whole=False)
                yield from self._places(f"{here}/{name}", evolve(more, path=(*spot.path, f"({name})")))
        for member in schema.get("dependentSchemas", ()):
            more = evolve(spot, steps=(*spot.steps, "dependentSchemas", member), is_optional=True, is_whole=False)
            path = (*spot.path, f"(with {member})")
            yield from self._places(here + pointer("dependentSchemas", member), evolve(more, path=path))

    def _names_of_branches(self, branches: list[str]) -> dict[str, str]:
        """What tells them apart, in a word each."""
        names: dict[str, str] = {}
        for branch in branches:
            schema = self.at(self.resolve(branch))
            schema = schema if isinstance(schema, dict) else {}
            kind = schema.get("type")
            consts = [
                str(member["const"])
                for member in schema.get("properties", {}).values()
                if isinstance(member, dict) and isinstance(member.get("const"), str)
            ]
            name = schema.get("title") or next(iter(consts), None) or (kind if isinstance(kind, str) else "value")
            taken = set(names.values())
            names[branch] = next(
                word for word in (name, *(f"{name} {n}" for n in range(2, 2 + len(branches)))) if word not in taken
            )
        return names

    def _members(self, here: str, spot: _Spot) -> Iterator[Place]:
        schema = self.at(here)
        for member in schema.get("properties", {}):
            optional = spot.is_optional or member not in schema.get("required", ())
            inner = _inside(spot, member, optional, "properties", member)
            yield from self._places(here + pointer("properties", member), inner)
        for pattern in schema.get("patternProperties", {}):
            inner = _inside(spot, "{" + pattern + "}", True, "patternProperties", pattern)
            yield from self._places(here + pointer("patternProperties", pattern), inner)
        for name in ("additionalProperties", "unevaluatedProperties"):
            if isinstance(schema.get(name), dict):
                yield from self._places(f"{here}/{name}", _inside(spot, "{}", True, name))

    def _items(self, here: str, spot: _Spot) -> Iterator[Place]:
        schema = self.at(here)
        for index in range(len(schema.get("prefixItems", ()))):
            optional = spot.is_optional or schema.get("minItems", 0) <= index
            inner = _inside(spot, f"[{index}]", optional, "prefixItems", str(index))
            yield from self._places(f"{here}/prefixItems/{index}", inner)
        for name in ("items", "unevaluatedItems"):
            if isinstance(schema.get(name), dict):
                optional = spot.is_optional or schema.get("minItems", 0) <= len(schema.get("prefixItems", ()))
                yield from self._places(f"{here}/{name}", _inside(spot, "[]", optional, name))


def _inside(spot: _Spot, name: str, optional: bool, *steps: str) -> _Spot:
    return evolve(spot, path=(*spot.path, name), steps=(*spot.steps, *steps), is_optional=optional, is_whole=True)


def _extensions(schema: dict[str, Any]) -> set[str]:
    return {name for name in schema if name.startswith("x-")}
