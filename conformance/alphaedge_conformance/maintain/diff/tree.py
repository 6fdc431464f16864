"""A schema with everything it refers to in its place, so that where a part is written makes no difference."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from attrs import evolve, field, frozen

from ...contract import Contract, pointer

MAPS = ("properties", "patternProperties", "dependentSchemas")
LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
SINGLES = (
    *("items", "additionalProperties", "unevaluatedProperties", "unevaluatedItems", "contains", "propertyNames"),
    *("not", "if", "then", "else", "contentSchema"),
)
IN_PLACE = {"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"}
"""Keywords whose schemas judge the same value as the schema around them."""
WORDS = {"title", "description", "examples", "example", "deprecated", "$comment", "externalDocs", "xml"}
"""Keywords that judge nothing; those with `x-` are as silent, and `default` is not."""
OPENNESS = ("additionalProperties", "unevaluatedProperties")
NEIGHBOURLY = {*OPENNESS, "unevaluatedItems", "if", "then", "else", "items", "prefixItems", "contains", "minContains"}
"""Keywords whose meaning depends on what stands beside them."""

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
        if "const" in said and "enum" not in said:
            said["enum"] = [said.pop("const")]
        for name in ("enum", "required", "type"):
            if name in said:
                values = said[name] if isinstance(said[name], list) else [said[name]]
                said[name] = sorted(json.dumps(value, sort_keys=True) for value in values)
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

    def _rendered(self, closed: bool, inside: bool = False) -> dict[str, Any]:
        """`inside` a schema that judges the same value, which is closed around all of its members."""
        if self.cut:
            return {}
        made: dict[str, Any] = {name: value for name, value in self.said.items() if not silent(name)}
        for name in ("default", "contentMediaType", "contentEncoding", "discriminator"):
            made.pop(name, None)
        for key, part in self.parts.items():
            # What is forbidden, or asked for a reason, is not what anybody sends.
            inner = part._rendered(closed and key[0] not in ("not", "if"), inside=key[0] in IN_PLACE)
            if key[0] in MAPS:
                made.setdefault(key[0], {})[key[1]] = inner
            elif key[0] in LISTS:
                made.setdefault(key[0], []).append(inner)
            elif key[0] != "contentSchema":
                made[key[0]] = inner
            elif part.said.get("type") == "object":
                # No validator looks into a text; this much tells the text of an object from other texts.
                made["pattern"] = r"^\s*\{"
        if closed and not inside:
            self._close(made)
        return made

    def _close(self, made: dict[str, Any]) -> None:
        """Forbids other members than it names, unless it says itself what it thinks of them."""
        names, opinion = self._members()
        if not names or opinion:
            return
        if names == set(made.get("properties", ())):
            made["additionalProperties"] = False
        else:
            made["propertyNames"] = {"enum": sorted(names)}

    def _members(self) -> tuple[set[str], bool]:
        """The members that it names, here or in a schema that judges the same value; and whether it has a word for
        those that it does not name."""
        names = {key[1] for key in self.parts if key[0] == "properties"}
        keywords = {*self.said, *(key[0] for key in self.parts)}
        opinion = self.cut or not keywords.isdisjoint((*OPENNESS, "patternProperties", "propertyNames"))
        for key, part in self.parts.items():
            if key[0] in IN_PLACE:
                more, another = part._members()
                names, opinion = names | more, opinion or another
        return names, opinion


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
    if target != here:
        made = _joined(made, ("allOf", f"ref {target}"), read(contract, target, around[:-1]))
    for key in [key for key in made.parts if key[0] == "allOf" and not key[1].startswith("ref ")]:
        made = _joined(made.with_part(key, None), key, made.parts[key])
    return made


def _joined(tree: Tree, key: Key, other: Tree) -> Tree:
    """Both in one: what is said beside a `$ref`, or around an `allOf`, is said as if written there. Where both have the
    same keyword, or one that looks at its neighbours, they stay apart."""
    words = {name for name in tree.said if silent(name)}
    own = {name for name in (*tree.said, *(each[0] for each in tree.parts)) if not silent(name)}
    others = {name for name in (*other.said, *(each[0] for each in other.parts)) if not silent(name)}
    if other.cut or (own and others and (own & others or not NEIGHBOURLY.isdisjoint(own | others))):
        return tree.with_part(key, other)
    return evolve(
        other,
        pointer=tree.pointer if own else other.pointer,
        said={**other.said, **tree.said},
        parts={**other.parts, **tree.parts},
        places={**other.places, **{name: at for name, at in tree.places.items() if name in own | words}},
    )


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
