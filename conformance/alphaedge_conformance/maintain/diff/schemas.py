"""Compares two schemas part by part: each difference with its place, its effect, and the edit of OLD that makes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from attrs import evolve, frozen

from ...contract import pointer
from .keywords import ABSENT, BOTH, NARROWED, NEITHER, UNKNOWN, UNPROVABLE, WIDENED, Effect, quoted_value, words
from .keywords import effect as effect_of
from .tree import IN_PLACE, Address, Key, Tree, silent

Edit = Callable[[Tree], Tree]
"""Makes of a schema of OLD the one with a single change."""


@frozen
class Difference:
    """One difference between two schemas."""

    keyword: str
    text: str
    pointer: str
    removed: bool = False
    effect: Effect = NEITHER
    member: str | None = None
    """`added` or `removed`, where it is about a member that a schema names."""
    level: str = "MUST"
    """Of the keyword, in NEW."""
    levels: tuple[str, str] | None = None
    """Before and after, where only the level changed."""
    value: tuple[str, ...] = ()
    """Where in an instance: the members from the top, `[]` for an item."""
    owner: Address = ()
    """Where in OLD the schema stands that judges the value as a whole."""
    whole: Tree | None = None
    """That schema in NEW."""
    edit: Edit | None = None
    """None where no value is judged differently."""
    chunk: tuple[Tree, Tree] | None = None
    """The schemas of the content of a text, which are compared on their own."""

    @property
    def provable(self) -> bool:
        """Whether the algebra of schemas may overrule the rule."""
        return self.keyword not in UNPROVABLE and self.member is None

    @property
    def cosmetic(self) -> bool:
        return self.edit is None and self.levels is None and self.chunk is None and self.keyword != "default"


@frozen
class Spot:
    """Where in OLD the comparison is."""

    address: Address = ()
    owner: Address = ()
    whole: Tree | None = None
    """The schema of NEW that judges the value as a whole."""
    value: tuple[str, ...] = ()
    level: str | None = None
    """Of the keyword around, inside `anyOf` and its like."""
    flip: bool = False
    """Inside `not`."""
    doubt: bool = False
    """Inside `oneOf`, `if` and their like, where taking less may mean taking more."""

    def into(self, key: Key, level: str | None, flip: bool = False, doubt: bool = False) -> Spot:
        """One schema further in."""
        address = (*self.address, key)
        if key[0] in IN_PLACE:
            return evolve(self, address=address, level=level, flip=self.flip ^ flip, doubt=self.doubt or doubt)
        value = (*self.value, key[1] if key[0] == "properties" else "[]" if "tems" in key[0] else f"<{key[0]}>")
        inner = Spot(address, address, None, value, None, self.flip ^ flip, self.doubt or doubt)
        return inner if key[0] != "contains" else evolve(inner, value=(*self.value, "[]"))

    def of(self, effect: Effect) -> Effect:
        if self.doubt and effect != NEITHER:
            return UNKNOWN
        return effect.flipped() if self.flip else effect


def differences(old: Tree, new: Tree, spot: Spot | None = None) -> Iterator[Difference]:
    """Every difference between two schemas, in the order of NEW."""
    spot = spot or Spot()
    if spot.address == spot.owner:
        spot = evolve(spot, whole=new)
    if old.cut or new.cut:
        if old.form != new.form:
            text = "refers to itself in another way"
            yield Difference("$ref", text, new.pointer, effect=UNKNOWN, value=spot.value, edit=lambda root: root)
        return
    for found in (*_said(old, new, spot), *_required(old, new, spot), *_levels(old, new, spot)):
        yield evolve(found, value=spot.value, owner=spot.owner, whole=spot.whole)
    for keyword in dict.fromkeys(key[0] for key in (*new.parts, *old.parts)):
        yield from _parts(keyword, old, new, spot)


def _level(new: Tree, keyword: str, spot: Spot) -> str:
    return spot.level or str(new.said.get("x-levels", {}).get(keyword, "MUST"))


def _said(old: Tree, new: Tree, spot: Spot) -> Iterator[Difference]:
    """The keywords that hold no schema."""
    before, after = _with_enum(old), _with_enum(new)
    for keyword in dict.fromkeys((*after, *before)):
        was, now = before.get(keyword, ABSENT), after.get(keyword, ABSENT)
        if keyword in ("required", "x-levels") or (was is not ABSENT and now is not ABSENT and _equal(was, now)):
            continue
        if (keyword,) in old.parts or (keyword,) in new.parts:
            continue  # a schema there before or after: told by its parts
        there = "const" if keyword == "enum" and "enum" not in (old if now is ABSENT else new).said else keyword
        source = old if now is ABSENT else new
        difference = Difference(there, words(keyword, was, now), source.place(there), now is ABSENT)
        if silent(keyword):
            yield evolve(difference, text=f"`{keyword}` {_fate(was, now)}")
            continue
        if keyword == "default":
            yield evolve(difference, effect=NEITHER if ABSENT in (was, now) else BOTH)
            continue
        if there == "const" and now is not ABSENT and was is not ABSENT:
            difference = evolve(difference, text=words("const", was[0] if len(was) == 1 else was, now[0]))
        yield evolve(
            difference,
            effect=spot.of(effect_of(keyword, was, now)),
            level=_level(new, there, spot),
            edit=_edit(spot.address, new, {"enum", "const"} if keyword == "enum" else {keyword}),
        )


def _with_enum(tree: Tree) -> dict[str, Any]:
    """A `const` is an `enum` of one."""
    if "const" in tree.said and "enum" not in tree.said:
        return {
            "enum" if name == "const" else name: [value] if name == "const" else value
            for name, value in tree.said.items()
        }
    return tree.said


def _equal(was: Any, now: Any) -> bool:
    return type(was) is type(now) and bool(was == now)


def _fate(was: Any, now: Any) -> str:
    return "is new" if was is ABSENT else "is gone" if now is ABSENT else "has other words"


def _edit(address: Address, new: Tree, keywords: set[str]) -> Edit:
    return lambda root: root.with_(address, root.at(address).with_keywords(new, frozenset(keywords)))


def _required(old: Tree, new: Tree, spot: Spot) -> Iterator[Difference]:
    """Each member that became required or optional by itself."""
    before, after = list(old.said.get("required", ())), list(new.said.get("required", ()))

    def without(member: str) -> Edit:
        return lambda root: root.with_(
            spot.address, _requiring(root.at(spot.address), [m for m in before if m != member])
        )

    def with_one(member: str) -> Edit:
        return lambda root: root.with_(spot.address, _requiring(root.at(spot.address), [*before, member]))

    for index, member in enumerate(after):
        if member not in before:
            of = new.parts.get(("properties", member))
            level = spot.level or (of.said.get("x-levels", {}).get("required", "MUST") if of else "MUST")
            text, place = f"`{member}` became required", f"{new.place('required')}/{index}"
            difference = Difference("required", text, place, effect=spot.of(NARROWED), level=level)
            yield evolve(difference, edit=with_one(member))
    for index, member in enumerate(before):
        if member not in after:
            text, place = f"`{member}` is no longer required", f"{old.place('required')}/{index}"
            difference = Difference("required", text, place, True, spot.of(WIDENED))
            yield evolve(difference, edit=without(member))


def _requiring(tree: Tree, members: list[str]) -> Tree:
    return evolve(tree, said={**tree.said, "required": members})


def _levels(old: Tree, new: Tree, spot: Spot) -> Iterator[Difference]:
    """The levels of keywords that are there before and after."""
    before, after = old.said.get("x-levels", {}), new.said.get("x-levels", {})
    for keyword in dict.fromkeys((*after, *before)):
        was, now = before.get(keyword, "MUST"), after.get(keyword, "MUST")
        kept = keyword == "required" or all(
            keyword in tree.said or any(key[0] == keyword for key in tree.parts) for tree in (old, new)
        )
        if was != now and kept:
            place = (new if keyword in after else old).place("x-levels") + f"/{keyword}"
            text = f"the level of `{keyword}` was {was}, is {now}"
            yield Difference("x-levels", text, place, removed=keyword not in after, levels=(was, now))


def _parts(keyword: str, old: Tree, new: Tree, spot: Spot) -> Iterator[Difference]:
    """The schemas in a keyword."""
    before = {key: part for key, part in old.parts.items() if key[0] == keyword}
    after = {key: part for key, part in new.parts.items() if key[0] == keyword}
    level = None if _nullable(new, keyword) else _level(new, keyword, spot)
    flip, doubt = keyword == "not", keyword in ("oneOf", "if", "then", "else", "contains", "dependentSchemas")
    if keyword == "oneOf" and _nullable(old, keyword) and _nullable(new, keyword):
        doubt = False
    pairs, gone, came = _aligned(keyword, before, after)
    for there, key in pairs:
        if keyword == "contentSchema":
            chunk = (before[there], after[key])
            yield Difference(keyword, "", new.place(keyword), value=spot.value, chunk=chunk)
        else:
            yield from differences(before[there], after[key], spot.into(there, level, flip, doubt))
    whole = not before or not after

    def at(difference: Difference) -> Difference:
        return evolve(difference, value=spot.value, owner=spot.owner, whole=spot.whole)

    for key in came:
        effect = _of_a_part(keyword, whole, added=True, instead=old.said.get(keyword, True))
        difference = at(_part_difference(key, after[key], "is new", new, whole))
        yield evolve(
            difference, effect=spot.of(effect), level=_level(new, keyword, spot), edit=_add(spot, key, after[key], new)
        )
        if whole and keyword not in ("properties", "dependentSchemas", "patternProperties"):
            return
    for key in gone:
        effect = _of_a_part(keyword, whole, added=False, instead=new.said.get(keyword, True))
        difference = at(_part_difference(key, before[key], "is gone", old, whole))
        yield evolve(difference, removed=True, effect=spot.of(effect), edit=_take(spot, key, new, whole))
        if whole and keyword not in ("properties", "dependentSchemas", "patternProperties"):
            return


def _nullable(tree: Tree, keyword: str) -> bool:
    """Whether it is ``oneOf: [X, {type: "null"}]``, which is X or null and no riddle."""
    branches = list(tree.under(keyword).values())
    return keyword == "oneOf" and len(branches) == 2 and any(each.said.get("type") == "null" for each in branches)


def _aligned(
    keyword: str, before: dict[Key, Tree], after: dict[Key, Tree]
) -> tuple[list[tuple[Key, Key]], list[Key], list[Key]]:
    """Which schema of OLD became which one of NEW; branches of `anyOf` and its like have no names, and are known by
    what they say."""
    if keyword not in ("allOf", "anyOf", "oneOf"):
        return (
            [(key, key) for key in after if key in before],
            [k for k in before if k not in after],
            [k for k in after if k not in before],
        )
    gone, came, pairs = list(before), list(after), []
    for key in after:
        twin = next((other for other in gone if before[other].form == after[key].form), None)
        if twin is not None:
            pairs.append((twin, key))
            gone.remove(twin)
            came.remove(key)
    if gone and came:
        # Those at the same place first; what is left over was added or removed.
        for key in [key for key in came if key in gone] + came:
            if key in came and gone:
                twin = key if key in gone else gone[0]
                if len(gone) == len(came) or key in gone:
                    pairs.append((twin, key))
                    gone.remove(twin)
                    came.remove(key)
    return pairs, gone, came


def _of_a_part(keyword: str, whole: bool, added: bool, instead: Any) -> Effect:
    """Of a schema that came or went; `whole` with its keyword, `instead` what stands there in the other contract."""
    if keyword in ("if", "then", "else", "dependentSchemas", "patternProperties", "unevaluatedItems"):
        return UNKNOWN
    if keyword == "properties":
        return NEITHER
    if keyword == "contentSchema":
        return BOTH
    if keyword == "oneOf" and not whole:
        return UNKNOWN
    narrows = added ^ (keyword == "anyOf" and not whole) ^ (instead is False)
    return NARROWED if narrows else WIDENED


def _part_difference(key: Key, part: Tree, fate: str, holder: Tree, whole: bool) -> Difference:
    keyword = key[0]
    at = holder.place(keyword) + (f"/{pointer(key[1])[1:]}" if len(key) == 2 else "")
    if keyword == "properties":
        member = "added" if fate == "is new" else "removed"
        return Difference(keyword, f"the member `{key[1]}` {fate}", at, member=member)
    if whole or len(key) == 1:
        return Difference(keyword, f"`{keyword}` {fate}", holder.place(keyword))
    if keyword in ("allOf", "anyOf", "oneOf", "prefixItems"):
        text = f"a branch of `{keyword}` {fate}: {quoted_value(part.schema)}"
        return Difference(keyword, text, part.pointer if key[1].startswith("ref ") else at)
    return Difference(keyword, f"`{key[1]}` of `{keyword}` {fate}", at)


def _add(spot: Spot, key: Key, part: Tree, new: Tree) -> Edit:
    """With all its siblings where the keyword is new; beside those of OLD where it is not."""

    def edit(root: Tree) -> Tree:
        here = root.at(spot.address)
        if key[0] != "properties" and not any(other[0] == key[0] for other in here.parts):
            return root.with_(spot.address, here.with_keywords(new, frozenset({key[0]})))
        free = key if len(key) == 1 or key not in here.parts else (key[0], f"new {key[1]}")
        return root.with_(spot.address, here.with_part(free, part))

    return edit


def _take(spot: Spot, key: Key, new: Tree, whole: bool) -> Edit:
    """Also takes what stands for it in NEW: a boolean."""

    def edit(root: Tree) -> Tree:
        here = root.at(spot.address)
        if key[0] != "properties" and (whole or len(key) == 1):
            return root.with_(spot.address, here.with_keywords(new, frozenset({key[0]})))
        return root.with_(spot.address, here.with_part(key, None))

    return edit


def place(value: tuple[str, ...]) -> str:
    """Where in an instance, as `choices[].message`."""
    return re.sub(r"\.\[\]", "[]", ".".join(value))
