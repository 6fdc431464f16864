"""The edits that an assertion gives occasion to: at its bound, and just beyond."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from .document import pointer as pointer_of
from .edits import ABSENT, Edit, path_of, value_at
from .places import Keyword, Place
from .samples import NOTHING, NoSample, Sampler, new_names, others, witnesses
from .validation import Contract

JUNK: tuple[Any, ...] = (7, "surprise", {}, [], True, 0.5, "", None, -7, "x" * 300, ["surprise"], {"x_surprise": 7})
"""Values that break most schemas."""


def breaking(
    contract: Contract,
    root: str,
    keyword: Keyword,
    instance: Any,
    path: tuple[str | int, ...],
    only_telling: bool = False,
) -> Edit | None:
    """The first edit of a valid instance, at the value at `path`, that breaks an assertion and nothing else; None where
    none is known."""
    for edit in _beyond(contract, keyword, value_at(instance, path), path):
        edited = edit.apply(instance)
        broken = {each.pointer for each in contract.violations(root, edited)}
        if broken == {keyword.pointer} and not (only_telling and not is_telling(contract, root, edit, edited)):
            return edit
    return None


def within(contract: Contract, keyword: Keyword, value: Any, path: tuple[str | int, ...]) -> Iterator[Edit]:
    """The last values that an assertion admits, should nothing else forbid them."""
    bound = _whole(keyword.value)
    match keyword.name:
        case "enum":
            yield from (Edit(path, each) for each in bound)
        case "type" if isinstance(bound, list) and "null" in bound:
            yield Edit(path, None)
        case "minimum" | "maximum":
            yield Edit(path, bound)
        case "exclusiveMinimum" | "exclusiveMaximum":
            sign = 1 if keyword.name == "exclusiveMinimum" else -1
            yield from (Edit(path, bound + sign * step) for step in (0.5, 1))
        case "minLength" | "maxLength" if isinstance(value, str) and bound <= 1000:
            yield Edit(path, _long(value, bound))
        case "minItems" | "maxItems" if isinstance(value, list) and bound <= 100:
            yield from (Edit(path, each) for each in _lists(contract, keyword.schema, value, bound))
        case "minProperties" | "maxProperties" if isinstance(value, dict) and bound <= 100:
            yield Edit(path, _objects(value, bound))


def _beyond(contract: Contract, keyword: Keyword, value: Any, path: tuple[str | int, ...]) -> Iterator[Edit]:
    """The most telling first: just beyond the bound."""
    bound = _whole(keyword.value)
    schema = contract.at(keyword.schema)
    step = schema.get("multipleOf", 1) if isinstance(schema, dict) else 1
    match keyword.name:
        case "required":
            if isinstance(value, dict) and bound in value:
                yield Edit((*path, bound), ABSENT)
            return
        case "dependentRequired":
            member, other = bound
            if isinstance(value, dict):
                yield Edit((*path, other), ABSENT) if other in value and member in value else Edit(path, value)
                yield Edit(path, {**{name: v for name, v in value.items() if name != other}, member: "x"})
                yield Edit(path, {**{name: v for name, v in value.items() if name != other}, member: 1})
            return
        case "minimum" | "exclusiveMinimum":
            yield from (Edit(path, each) for each in (bound - 1, bound - 0.5, bound, bound - step))
        case "maximum" | "exclusiveMaximum":
            yield from (Edit(path, each) for each in (bound + 1, bound + 0.5, bound, bound + step))
        case "multipleOf":
            if isinstance(value, int | float):
                yield from (Edit(path, value + more) for more in (1, bound / 2, -1, -bound / 2))
        case "minLength" | "maxLength" if isinstance(value, str):
            yield Edit(path, _long(value, max(0, bound - 1 if keyword.name == "minLength" else bound + 1)))
        case "pattern" | "format" if isinstance(value, str):
            texts = ("surprise", "not so", "", "!", "Ünïcode", value + " ", " " + value, value + "!", value.upper())
            yield from (Edit(path, text) for text in texts)
        case "minItems" | "maxItems" if isinstance(value, list):
            length = bound - 1 if keyword.name == "minItems" else bound + 1
            yield from (Edit(path, each) for each in _lists(contract, keyword.schema, value, max(0, length)))
        case "minContains" | "maxContains" | "contains" | "items" | "unevaluatedItems" if isinstance(value, list):
            for junk in JUNK:
                yield Edit(path, [*value, junk])
                yield Edit(path, [junk for _ in value] or [junk])
            yield Edit(path, [])
            for count in range(len(value)):
                yield Edit(path, value[:count])
            yield from (Edit(path, value * count) for count in range(2, 12))
        case "uniqueItems" if isinstance(value, list):
            yield Edit(path, [*value, *value[:1]])
            yield from (Edit(path, [junk, junk]) for junk in JUNK)
        case "minProperties" | "maxProperties" if isinstance(value, dict):
            length = bound - 1 if keyword.name == "minProperties" else bound + 1
            yield Edit(path, _objects(value, max(0, length)))
        case "additionalProperties" | "unevaluatedProperties" if isinstance(value, dict):
            yield from (Edit((*path, "x_unknown_member"), junk) for junk in JUNK)
        case "propertyNames" if isinstance(value, dict):
            filler = next(iter(value.values()), "x")
            for name in ("", "!", "surprise", "Ünïcode", "x" * 300, "0", "a b"):
                yield Edit((*path, name), filler)
        case "const" | "enum":
            values = [bound] if keyword.name == "const" else bound
            for each in values:
                if isinstance(each, bool):
                    yield Edit(path, not each)
                elif isinstance(each, int | float):
                    yield from (Edit(path, max(v for v in values if isinstance(v, int | float)) + 1),)
                elif isinstance(each, str):
                    yield Edit(path, "surprise")
        case "not":
            for schema in _forbidden(contract, keyword.pointer):
                try:
                    yield Edit(path, Sampler(contract).sample(schema))
                except NoSample:
                    continue
                if isinstance(value, dict):
                    yield from _with(contract, schema, value, path)
    yield from (Edit(path, junk) for junk in JUNK)


def _forbidden(contract: Contract, here: str) -> Iterator[str]:
    """The schema of a `not`, and its branches."""
    yield here
    schema = contract.at(contract.resolve(here))
    for name in ("anyOf", "oneOf"):
        yield from (f"{contract.resolve(here)}/{name}/{index}" for index in range(len(schema.get(name, ()))))


def _with(contract: Contract, schema: str, value: dict[str, Any], path: tuple[str | int, ...]) -> Iterator[Edit]:
    """An object with what a forbidden schema asks for."""
    try:
        more = Sampler(contract).sample(schema)
    except NoSample:
        return
    if isinstance(more, dict):
        yield Edit(path, {**more, **value})
        yield Edit(path, {**value, **more})


def _whole(bound: Any) -> Any:
    """9 for 9.0, which is an integer too."""
    return int(bound) if isinstance(bound, float) and bound.is_integer() else bound


def _long(value: str, length: int) -> str:
    """A text of a length, as near to this one as can be."""
    return value[:length] + (value[-1:] or "x") * (length - len(value))


def _lists(contract: Contract, schema: str, value: list[Any], length: int) -> Iterator[list[Any]]:
    """Lists of a length, of the same items and of others like them."""
    if length <= len(value):
        yield value[:length]
        return
    if not value and contract.has(f"{schema}/items") and contract.at(f"{schema}/items"):
        try:
            value = [Sampler(contract).sample(f"{schema}/items")]
        except NoSample:
            return
    if value:
        yield value + value[-1:] * (length - len(value))
        more = [next(others(value[-1], number), value[-1]) for number in range(1, length - len(value) + 1)]
        yield value + more
    else:
        yield from ([junk] * length for junk in JUNK)
        yield list(range(length))


def _objects(value: dict[str, Any], length: int) -> dict[str, Any]:
    """An object of so many members."""
    if length <= len(value):
        return dict(list(value.items())[:length])
    filler = next(iter(value.values()), "x")
    return {**value, **dict.fromkeys(new_names(length - len(value)), filler)}


FEW = 8
"""Values of an enumeration that are all worth a request."""
TELLING_APART = ("type", "const", "enum", "required")


def admitted(contract: Contract, root: str, place: Place, instance: Any, path: tuple[str | int, ...]) -> Iterator[Edit]:
    """The edits of an instance that has a place at `path` which stay valid: the last values that its keywords admit,
    and null where the contract names it."""
    value = value_at(instance, path)
    edits = [edit for keyword in place.keywords for edit in _few(within(contract, keyword, value, path))]
    for edit in [*edits, Edit(path, None)] if place.is_whole else ():
        edited = edit.apply(instance)
        if contract.is_valid(root, edited) and is_telling(contract, root, edit, edited):
            yield edit


def _few(edits: Iterable[Edit]) -> list[Edit]:
    every = list(edits)
    return every if len(every) <= FEW else [every[0], every[-1]]


def unbreakable(contract: Contract, root: str, base: Any = NOTHING) -> dict[str, str]:
    """The assertions of a schema that no edit of a valid instance breaks alone, by pointer, each with the reason."""
    if root not in contract.unbreakable:
        contract.unbreakable[root] = _unbreakable(contract, root, base)
    return contract.unbreakable[root]


def _unbreakable(contract: Contract, root: str, base: Any) -> dict[str, str]:
    is_request = root == contract.request_schema
    unknown = "no valid instance with this place is known; add one to `examples`"
    left = dict.fromkeys((keyword.pointer for keyword in contract.keywords(root)), unknown)
    for place in contract.places(root):
        if place.by_hand is not None:
            left.update((each.pointer, place.by_hand) for each in place.keywords if each.pointer in left)
            continue
        waiting = [keyword for keyword in place.keywords if keyword.pointer in left]
        for spot in witnesses(contract, root, place, base) if waiting else ():
            path = path_of(spot.instance, spot.path)
            for keyword in tuple(waiting):
                if breaking(contract, root, keyword, spot.instance, path, is_request) is None:
                    left[keyword.pointer] = _why_not(place, keyword)
                else:
                    waiting.remove(keyword)
                    left.pop(keyword.pointer, None)
            if not waiting:
                break
    return left


def _why_not(place: Place, keyword: Keyword) -> str:
    """Why an assertion of a place that can be had is not broken alone."""
    if {"anyOf", "oneOf"} & set(place.steps) and keyword.name in TELLING_APART:
        return "it selects a branch: a value that violates it matches no branch, and violates their union"
    return "no value is known that breaks it and nothing else"


def is_telling(contract: Contract, root: str, edit: Edit, edited: Any) -> bool:
    """Whether a server that takes this value for something else than the contract does is wrong beyond doubt.

    Null is undecided, unless the contract names it there, and not only in another of several forms; many servers read
    0 and 1 as booleans and booleans as numbers, and take a list of parts for a text.
    """
    value = edit.value
    if value is ABSENT:
        return True
    wanted = _types(contract, root, edit.path, edited)
    if value is None:
        return "null" in wanted and contract.is_valid(root, edited)
    wanted -= {"null"}
    if isinstance(value, bool):
        return "boolean" in wanted or not wanted & {"integer", "number"}
    if isinstance(value, int | float):
        is_tiny = isinstance(value, float) and abs(value) <= 1e-9
        return not is_tiny if wanted & {"integer", "number"} else "boolean" not in wanted
    if isinstance(value, list):
        return "array" in wanted or "string" not in wanted
    return True


def _types(contract: Contract, root: str, path: tuple[str | int, ...], instance: Any) -> set[str]:
    """The types that the contract knows for a value."""
    at, found = pointer_of(*path), set[str]()
    for each in contract.evaluate(root, instance):
        schema = contract.at(each.pointer) if each.path == at and contract.has(each.pointer) else None
        if isinstance(schema, dict) and isinstance(named := schema.get("type"), str | list):
            found.update([named] if isinstance(named, str) else named)
    return found
