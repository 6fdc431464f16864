"""The catalogue: one sentence a server must satisfy, each with an id, a level and a source.

Most are derived from the keywords of the contract's schemas; what JSON Schema cannot say stands in `x-requirements`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import count
from typing import Any, Literal

from attrs import evolve, frozen

from ..errors import DuplicateId
from .bounds import unbreakable
from .document import pointer, shorten
from .edits import has
from .places import Keyword, Place
from .samples import NOTHING, witness
from .validation import Contract


class Level(StrEnum):
    """RFC 2119, in falling order."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"

    @property
    def rank(self) -> int:
        return list(Level).index(self)


class Source(StrEnum):
    DOCUMENTED = "documented"
    """The page says it or shows it."""
    CONVENTION = "convention"
    """Clients of this kind of API rely on it."""


REFUSED, REFUSED_MODEL = "400 or 422", "400, 404 or 422"
"""In words, the statuses that refuse an invalid request, and one whose model may as well be said not to exist."""
RequirementOrigin = Literal["stated", "accepted", "refused", "lenient", "response"]


@frozen
class Requirement:
    """One sentence that a server must satisfy."""

    id: str
    """``subject.statement``, in kebab-case; stable for as long as the sentence is."""
    level: Level
    source: Source
    text: str
    quote: str | None
    """The page's words, where it is documented."""
    pointer: str
    """A JSON pointer into the contract."""
    kind: RequirementOrigin = "stated"
    """Where it comes from: `x-requirements`, or a keyword of the request (its values accepted, others refused, also
    those that lenient parsers convert) or of a response."""
    is_optional: bool = False
    """Of an answer: whether it is about a part that a valid answer may lack."""

    @property
    def subject(self) -> str:
        return subject(self.id)


def subject(id: str) -> str:
    """What a requirement is about, by its id."""
    return id.partition(".")[0]


def catalogue(contract: Contract) -> dict[str, Requirement]:
    """Every requirement of a contract by id, in the order of the file. Raises ConfigurationError for a bad one."""
    found: dict[str, Requirement] = {}
    for requirement in _derived(contract):
        id = next(id for id in _free(requirement.id) if id not in found)
        found[id] = evolve(requirement, id=id)
    for requirement in _stated(contract):
        if requirement.id in found:
            raise DuplicateId(requirement.id, contract.source, contract.line(requirement.pointer))
        found[requirement.id] = requirement
    return found


def by_keyword(requirements: Iterable[Requirement]) -> dict[str, Requirement]:
    """The derived requirements by their pointers; of a property of the request, that its values are accepted."""
    return {each.pointer: each for each in requirements if each.kind not in ("stated", "lenient")}


def accepted_ids(
    contract: Contract, requirements: Mapping[str, Requirement], path: tuple[str | int, ...], request: Any
) -> frozenset[str]:
    """The ids of the requirements, by pointer, that say that a value of a request is accepted."""
    at = pointer(*path)
    reached = {each.pointer for each in contract.reached(contract.request_schema, request) if each.path == at}
    found = (requirements.get(each) for each in reached)
    return frozenset(each.id for each in found if each is not None and each.kind == "accepted")


def entries(contract: Contract) -> list[Any]:
    """Of `x-requirements`, each as it stands there. Raises ConfigurationError where that is not a list."""
    found = contract.document.get("x-requirements")
    if not isinstance(found, list | None):
        raise contract.error("/x-requirements", "expected a list of requirements; write one, or none")
    return found or []


def _stated(contract: Contract) -> Iterator[Requirement]:
    for index, entry in enumerate(entries(contract)):
        here = f"/x-requirements/{index}"
        try:
            requirement = Requirement(
                id=entry["id"],
                level=Level(entry["level"]),
                source=Source(entry["source"]),
                text=entry["text"],
                quote=entry.get("quote"),
                pointer=entry["pointer"],
            )
            contract.at(requirement.pointer)
        except (AttributeError, KeyError, ValueError, TypeError) as error:
            raise contract.error(
                here, f"expected id, level, source, text and a pointer that leads somewhere: {error}"
            ) from None
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*\.[a-z0-9]+(-[a-z0-9]+)*", str(requirement.id)):
            raise contract.error(here, f"expected an id in kebab-case as `subject.statement`, found {requirement.id!r}")
        if (requirement.source is Source.DOCUMENTED) != (requirement.quote is not None):
            raise contract.error(here, f"{requirement.id}: give the page's words as `quote` exactly when documented")
        yield requirement


def _free(id: str) -> Iterator[str]:
    """An id, and what two places are told apart by whose names come to the same."""
    yield id
    yield from (f"{id}-{number}" for number in count(2))


@frozen
class Unjudged:
    """A place or an assertion of a schema that has no requirement, and why."""

    pointer: str
    why: str


def unjudged(contract: Contract) -> Iterator[Unjudged]:
    """What of the schemas nobody can judge."""
    base = contract.example_request
    for schema in (contract.request_schema, *contract.response_schemas):
        is_request = schema == contract.request_schema
        for at, why in unbreakable(contract, schema, base if is_request else NOTHING).items():
            yield Unjudged(at, why)
    for place in _acceptable(contract):
        if witness(contract, contract.request_schema, place, base) is None:
            yield Unjudged(place.schema, "no valid request with it is known; add one to `examples`")


def _derived(contract: Contract) -> Iterator[Requirement]:
    left_out = {each.pointer for each in unjudged(contract)}
    request = [each for each in contract.keywords(contract.request_schema) if each.pointer not in left_out]
    for keyword in request:
        yield _requirement(contract, keyword, "refused")
    for place in _acceptable(contract):
        if place.schema not in left_out:
            yield _accepted(contract, place)
    yield from _lenient(contract, request)
    answers: dict[str, Keyword] = {}
    for schema in contract.response_schemas:
        for keyword in contract.keywords(schema):
            known = answers.setdefault(keyword.pointer, keyword)
            if known.is_optional and not keyword.is_optional:
                answers[keyword.pointer] = evolve(known, is_optional=False)
    for keyword in answers.values():
        if keyword.pointer not in left_out:
            yield _requirement(contract, keyword, "response")


def _requirement(contract: Contract, keyword: Keyword, kind: RequirementOrigin) -> Requirement:
    what = f"`{_named(contract, keyword.component, keyword.path)}`"
    if kind == "response":
        text = f"{what} {_holds(keyword)}."
    elif keyword.level == Level.MAY:
        text = f"A request in which {what} {_broken(keyword)} is accepted or refused, and never answered with 5xx."
    else:
        status = REFUSED_MODEL if keyword.path == ("model",) else REFUSED
        text = f"A request in which {what} {_broken(keyword)} is refused with {status}."
    return Requirement(
        id=_id(contract, keyword.component, (*keyword.path, keyword.name)),
        level=Level(keyword.level),
        source=Source.DOCUMENTED if keyword.quote else Source.CONVENTION,
        text=text,
        quote=keyword.quote,
        pointer=keyword.pointer,
        kind=kind,
        is_optional=keyword.is_optional,
    )


def _acceptable(contract: Contract) -> Iterator[Place]:
    """The places of the request whose documented values have to be accepted. Of a required one without bounds the
    control shows it, and a server that refuses the control cannot be judged."""
    request = contract.resolve(contract.request_schema)
    required = {f"{request}{pointer('properties', name)}" for name in contract.at(request).get("required", ())}
    seen: set[str] = set()
    for place in contract.places(contract.request_schema):
        names = {keyword.name for keyword in place.keywords}
        is_unbounded = len(place.keywords) == 1
        if place.schema in seen or not place.is_whole or "forbidden" in names:
            continue
        if not place.path:
            is_wanted = place.is_optional
        elif place.path[-1][0] in "[{":
            is_wanted = len(place.keywords) > 1
        else:
            is_wanted = not (is_unbounded and "type" in names and place.schema in required)
        if is_wanted:
            seen.add(place.schema)
            yield place


def _accepted(contract: Contract, place: Place) -> Requirement:
    return Requirement(
        id=_id(contract, place.component, (*place.path, "accepted")),
        level=Level.MUST,
        source=Source.DOCUMENTED if place.quote else Source.CONVENTION,
        text=f"Every documented value of `{_named(contract, place.component, place.path)}` is accepted.",
        quote=place.quote,
        pointer=place.schema,
        kind="accepted",
    )


def _id(contract: Contract, component: str, path: Iterable[str]) -> str:
    return f"{_subject(contract, component)}.{'-'.join(_word(part) for part in path)}"


def _word(part: str) -> str:
    """A part of a path, as it stands in an id."""
    if part in _WORDS:
        return _WORDS[part]
    if part.startswith("["):
        return f"item-{part[1:-1]}"
    if part.startswith("{"):
        return "matching-value"
    return re.sub("[^a-z0-9]+", "-", kebab(part)).strip("-") or "member"


_WORDS = {"[]": "item", "{}": "value"}


def _named(contract: Contract, component: str, path: Iterable[str]) -> str:
    """``request.messages[].role``."""
    return _subject(contract, component) + "".join(part if part[:1] in ("[", "{", "(") else f".{part}" for part in path)


Path = tuple[str | int, ...]
DEEPEST = 12
"""Steps: a schema may contain itself."""
LENIENT = {
    "integer": "a string or a boolean that lenient parsers take for an integer",
    "number": "a string or a boolean that lenient parsers take for a number",
    "boolean": "a string or a number that lenient parsers take for a boolean",
    "array": "a string that lenient parsers take for a list",
    "string": "null or a list that lenient parsers take for a text",
}


def plain_places(contract: Contract, at: str, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """The places of a schema that members and items alone lead to, without a choice: each by the path of a value, the
    first of each list, and the pointer of its schema."""
    here = contract.resolve(at)
    yield path, here
    schema = contract.at(here)
    if len(path) < DEEPEST and isinstance(schema, dict):
        for name in schema.get("properties", {}):
            yield from plain_places(contract, here + pointer("properties", name), (*path, name))
        if isinstance(schema.get("items"), dict):
            yield from plain_places(contract, f"{here}/items", (*path, 0))


def _lenient(contract: Contract, keywords: list[Keyword]) -> Iterator[Requirement]:
    """For each type in the request that lenient parsers convert others to, where the contract's example has or may have
    it; of strings, only those that are not names."""
    request = contract.resolve(contract.request_schema)
    shown = [(path, here) for path, here in plain_places(contract, request) if path and path[-1] != 0]
    plain = {f"{here}/type" for path, here in shown if has(contract.example_request, path[:-1])}
    for keyword in keywords:
        schema = contract.at(keyword.schema)
        is_name = keyword.value == "string" and (
            "enum" in schema or keyword.schema.rpartition("/")[0] == f"{request}/properties"
        )
        is_convertible = isinstance(keyword.value, str) and keyword.value in LENIENT and not is_name
        if keyword.pointer not in plain or not is_convertible or keyword.level == Level.MAY:
            continue
        what = f"`{_named(contract, keyword.component, keyword.path)}`"
        yield Requirement(
            id=_id(contract, keyword.component, (*keyword.path, "lenient-type")),
            level=Level.SHOULD,
            source=Source.CONVENTION,
            text=f"A request in which {what} is {LENIENT[keyword.value]} is refused with {REFUSED}.",
            quote=None,
            pointer=keyword.pointer,
            kind="lenient",
        )


def _subject(contract: Contract, component: str) -> str:
    schema = contract.document.get("components", {}).get("schemas", {}).get(component, {})
    return str(schema.get("x-subject") or kebab(component))


def kebab(name: str) -> str:
    """kebab-case of camelCase, PascalCase and snake_case."""
    return re.sub(r"(?<!^)(?=[A-Z])|(?<=[a-z])(?=[0-9])", "-", name).replace("_", "-").lower()


_ARTICLE = {"integer": "an integer", "object": "an object", "array": "an array", "null": "null"}


def _types(value: Any) -> str:
    return " or ".join(_ARTICLE.get(name, f"a {name}") for name in ([value] if isinstance(value, str) else value))


def _shown(value: Any) -> str:
    return shorten(json.dumps(value, ensure_ascii=False))


_PHRASES = {
    "exclusiveMinimum": ("is above {}", "is not above {}"),
    "exclusiveMaximum": ("is below {}", "is not below {}"),
    "multipleOf": ("is a multiple of {}", "is not a multiple of {}"),
    "minLength": ("has at least {} characters", "has fewer than {} characters"),
    "maxLength": ("has at most {} characters", "has more than {} characters"),
    "minItems": ("has at least {} items", "has fewer than {} items"),
    "maxItems": ("has at most {} items", "has more than {} items"),
    "minProperties": ("has at least {} members", "has fewer than {} members"),
    "maxProperties": ("has at most {} members", "has more than {} members"),
    "uniqueItems": ("has no item twice", "has an item twice"),
    "pattern": ("matches the pattern {}", "does not match the pattern {}"),
}
"""What is true of a value that satisfies a keyword, and of one that does not."""


def _any_of(values: list[Any]) -> str:
    return ", ".join(map(_shown, values[:-1])) + (" or " if values[1:] else "") + _shown(values[-1])


def _holds(keyword: Keyword) -> str:
    """What is true of a value that satisfies a keyword."""
    value = keyword.value
    match keyword.name:
        case "required":
            return "is present"
        case "dependentRequired":
            return f"is present where `{value[0]}` is"
        case "forbidden" | "items" | "additionalProperties" | "unevaluatedProperties" | "unevaluatedItems":
            return "has nothing that the contract does not name" if keyword.name != "forbidden" else "is absent"
        case "anyOf" | "oneOf":
            return "has one of its documented forms"
        case "not":
            return "is not what the contract forbids"
        case "contains":
            return "has an item that the contract asks for"
        case "propertyNames":
            return "has no name that the contract forbids"
        case "type":
            return f"is {_types(value)}"
        case "const":
            return f"is {_shown(value)}"
        case "enum":
            return f"is {_any_of(value)}"
        case "minimum":
            return f"is at least {value}"
        case "maximum":
            return f"is at most {value}"
        case "minLength":
            return "is not empty" if value == 1 else f"has at least {value} characters"
        case "minItems":
            return "is not empty" if value == 1 else f"has at least {value} items"
        case name if name in _PHRASES:
            return _PHRASES[name][0].format(_shown(value))
    return f"is valid against `{keyword.name}: {_shown(value)}`"


def _broken(keyword: Keyword) -> str:
    """What is true of a value that breaks a keyword."""
    value = keyword.value
    match keyword.name:
        case "required":
            return "is absent"
        case "dependentRequired":
            return f"is absent while `{value[0]}` is present"
        case "forbidden":
            return "is present"
        case "items" | "additionalProperties" | "unevaluatedProperties" | "unevaluatedItems":
            return "has something that the contract does not name"
        case "anyOf" | "oneOf":
            return "has none of its documented forms"
        case "not":
            return "is what the contract forbids"
        case "contains":
            return "has no item that the contract asks for"
        case "propertyNames":
            return "has a name that the contract forbids"
        case "type":
            return f"is not {_types(value)}"
        case "const":
            return f"is not {_shown(value)}"
        case "enum":
            return f"is not {_any_of(value)}"
        case "minimum":
            return f"is below {value}"
        case "maximum":
            return f"is above {value}"
        case "minLength" | "minItems" if value == 1:
            return "is empty"
        case name if name in _PHRASES:
            return _PHRASES[name][1].format(_shown(value))
    return f"is not valid against `{keyword.name}: {_shown(value)}`"
