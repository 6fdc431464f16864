"""A schema with everything it refers to in its place, so that where a part is written makes no difference."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from attrs import evolve, field, frozen

from ..contract import Contract, pointer

MAPS = ("properties", "patternProperties", "dependentSchemas")
LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
SINGLES = (
    *("items", "additionalProperties", "unevaluatedProperties", "unevaluatedItems", "contains", "propertyNames"),
    *("not", "if", "then", "else", "contentSchema"),
)
WORDS = {"title", "description", "examples", "example", "deprecated", "$comment", "externalDocs", "xml"}
"""Keywords that judge nothing; those with `x-` are as silent, and `default` is not."""
OPENNESS = ("additionalProperties", "unevaluatedProperties")

Key = tuple[str, ...]
"""A place inside a schema: a keyword, and the name or number in it."""
Address = tuple[Key, ...]


@frozen(eq=False)
class Tree:
    """One schema: what it says itself, and the schemas in it."""

    pointer: str
    """Where it is written."""
    said: dict[str, Any] = field(factory=dict)
    """Its keywords that hold no schema."""
    parts: dict[Key, Tree] = field(factory=dict)
    places: dict[str, str] = field(factory=dict)
    """The pointer of each keyword; a schema with a `$ref` has some of its own and some of what it refers to."""
    cut: bool = False
    """It leads back into itself, and stands here for anything."""

    @cached_property
    def whole(self) -> bool:
        """Whether nothing in it is cut."""
        return not self.cut and all(part.whole for part in self.parts.values())

    @cached_property
    def schema(self) -> dict[str, Any]:
        """As JSON Schema, as it is written."""
        return self._rendered(closed=False)

    @cached_property
    def closed(self) -> dict[str, Any]:
        """As JSON Schema, with no other members than it names: what somebody sends who goes by it."""
        return self._rendered(closed=True)

    @cached_property
    def form(self) -> str:
        """The same for two schemas that say the same in the same way."""
        parts = {" ".join(key): part.form for key, part in self.parts.items()}
        said = {name: value for name, value in self.said.items() if not silent(name) and name != "default"}
        if isinstance(said.get("required"), list):
            said["required"] = sorted(said["required"])
        return json.dumps([said, parts], sort_keys=True)

    def place(self, keyword: str) -> str:
        return self.places.get(keyword, self.pointer)

    def under(self, keyword: str) -> dict[str, Tree]:
        """The schemas in a keyword, by name or number."""
        return {key[1]: part for key, part in self.parts.items() if key[0] == keyword and len(key) == 2}

    def at(self, address: Address) -> Tree:
        found = self
        for key in address:
            found = found.parts[key]
        return found

    def with_(self, address: Address, new: Tree) -> Tree:
        """The same with another schema at this address."""
        if not address:
            return new
        part = self.parts[address[0]].with_(address[1:], new)
        return evolve(self, parts={**self.parts, address[0]: part})

    def with_keywords(self, other: Tree, keywords: frozenset[str]) -> Tree:
        """The same, but these keywords are those of another schema."""
        kept = {name: value for name, value in self.said.items() if name not in keywords}
        parts = {key: part for key, part in self.parts.items() if key[0] not in keywords}
        return evolve(
            self,
            said={**kept, **{name: value for name, value in other.said.items() if name in keywords}},
            parts={**parts, **{key: part for key, part in other.parts.items() if key[0] in keywords}},
        )

    def with_part(self, key: Key, part: Tree | None) -> Tree:
        """The same with one schema in it added, replaced or left out."""
        parts = {other: each for other, each in self.parts.items() if other != key}
        return evolve(self, parts=parts if part is None else {**parts, key: part})

    def _rendered(self, closed: bool) -> dict[str, Any]:
        if self.cut:
            return {}
        made: dict[str, Any] = {name: value for name, value in self.said.items() if not silent(name)}
        for name in ("default", "contentMediaType", "contentEncoding", "discriminator"):
            made.pop(name, None)
        for key, part in self.parts.items():
            inner = part.closed if closed else part.schema
            if key[0] in MAPS:
                made.setdefault(key[0], {})[key[1]] = inner
            elif key[0] in LISTS:
                made.setdefault(key[0], []).append(inner)
            elif key[0] != "contentSchema":
                made[key[0]] = inner
            elif part.said.get("type") == "object":
                # No validator looks into a text; this much tells the text of an object from other texts.
                made["pattern"] = r"^\s*\{"
        if closed and "properties" in made and not any(name in made for name in OPENNESS):
            made["additionalProperties"] = False
        return made


def silent(keyword: str) -> bool:
    """Whether a keyword judges nothing."""
    return keyword in WORDS or keyword.startswith("x-")


def read(contract: Contract, here: str, around: tuple[str, ...] = ()) -> Tree:
    """The schema at a pointer; raises ConfigurationError for a `$ref` that leads nowhere."""
    node = contract.at(here)
    if not isinstance(node, dict):
        said: dict[str, Any] = {} if node is not False else {"enum": []}
        return Tree(here, said, {}, dict.fromkeys(said, here))
    target = contract.resolve(here) if "$ref" in node else here
    if target in around:
        return Tree(target, {"back": len(around) - around.index(target)}, cut=True)
    around = (*around, target)
    made = _own(contract, here, node, around)
    if target == here:
        return made
    referred = read(contract, target, around[:-1])
    clash = [
        name for name in (*made.said, *(key[0] for key in made.parts)) if not silent(name) and _has(referred, name)
    ]
    if clash:
        return evolve(made, parts={**made.parts, ("allOf", f"ref {target}"): referred})
    own = {name for name in made.said if name != "$ref"}
    return evolve(
        referred,
        said={**referred.said, **{name: made.said[name] for name in own}},
        parts={**referred.parts, **made.parts},
        places={**referred.places, **{name: made.places[name] for name in (*own, *(key[0] for key in made.parts))}},
    )


def _has(tree: Tree, keyword: str) -> bool:
    return keyword in tree.said or any(key[0] == keyword for key in tree.parts)


def _own(contract: Contract, here: str, node: dict[str, Any], around: tuple[str, ...]) -> Tree:
    said = {name: value for name, value in node.items() if name not in ("$ref", "$defs", "definitions")}
    parts = {}
    for key, at in _inner(node, here):
        said.pop(key[0], None)
        parts[key] = read(contract, at, around)
    return Tree(here, said, parts, {name: here + pointer(name) for name in node})


def _inner(node: dict[str, Any], here: str) -> Iterator[tuple[Key, str]]:
    """The schemas directly in a schema."""
    for keyword, value in node.items():
        if keyword in MAPS and isinstance(value, dict):
            yield from (((keyword, str(name)), here + pointer(keyword, name)) for name in value)
        elif keyword in LISTS and isinstance(value, list):
            yield from (((keyword, str(index)), here + pointer(keyword, index)) for index in range(len(value)))
        elif keyword in SINGLES and isinstance(value, dict):
            yield (keyword,), here + pointer(keyword)
