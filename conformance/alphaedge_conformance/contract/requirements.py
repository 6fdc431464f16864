"""The catalogue: one sentence a server must satisfy, each with an id, a level and a source.

Most are derived from the keywords of the contract's schemas; what JSON Schema cannot say stands in `x-requirements`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, Literal

from attrs import frozen

from ..errors import DuplicateId
from .document import pointer
from .schemas import Keyword
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

    @property
    def subject(self) -> str:
        return subject(self.id)


def subject(id: str) -> str:
    """What a requirement is about, by its id."""
    return id.partition(".")[0]


def catalogue(contract: Contract) -> dict[str, Requirement]:
    """Every requirement of a contract by id, in the order of the file. Raises ConfigurationError for a bad one."""
    found: dict[str, Requirement] = {}
    for requirement in (*_derived(contract), *_stated(contract)):
        if requirement.id in found:
            raise DuplicateId(requirement.id, contract.source, contract.line(requirement.pointer))
        found[requirement.id] = requirement
    return found


def by_keyword(requirements: Iterable[Requirement]) -> dict[str, Requirement]:
    """The derived requirements by their pointers; of a property of the request, that its values are accepted."""
    return {each.pointer: each for each in requirements if each.kind not in ("stated", "lenient")}


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


def _derived(contract: Contract) -> Iterator[Requirement]:
    request = list(contract.keywords(contract.request_schema))
    for keyword in request:
        yield _requirement(contract, keyword, "refused")
    yield from _accepted(contract, request)
    yield from _lenient(contract, request)
    seen: set[str] = set()
    for schema in (contract.completion_schema, contract.chunk_schema, contract.error_schema):
        for keyword in contract.keywords(schema):
            if keyword.pointer not in seen:
                seen.add(keyword.pointer)
                yield _requirement(contract, keyword, "response")


def _requirement(contract: Contract, keyword: Keyword, kind: RequirementOrigin) -> Requirement:
    statement = "-".join(kebab(part) for part in (*keyword.path, keyword.name) if part != "[]")
    what = f"`{'.'.join([_subject(contract, keyword.component), *keyword.path])}`".replace(".[]", "[]")
    if kind == "response":
        text = f"{what} {_holds(keyword)}."
    elif keyword.level == Level.MAY:
        text = f"A request in which {what} {_broken(keyword)} is accepted or refused, and never answered with 5xx."
    else:
        status = REFUSED_MODEL if keyword.path == ("model",) else REFUSED
        text = f"A request in which {what} {_broken(keyword)} is refused with {status}."
    return Requirement(
        id=f"{_subject(contract, keyword.component)}.{statement}",
        level=Level(keyword.level),
        source=Source.DOCUMENTED if keyword.quote else Source.CONVENTION,
        text=text,
        quote=keyword.quote,
        pointer=keyword.pointer,
        kind=kind,
    )


def _accepted(contract: Contract, keywords: list[Keyword]) -> Iterator[Requirement]:
    """For each property of the request: its documented values are accepted. Of a required one without bounds the
    control shows it, and a server that refuses the control cannot be judged."""
    request = contract.resolve(contract.request_schema)
    required = {keyword.value for keyword in keywords if keyword.name == "required" and keyword.schema == request}
    for keyword in keywords:
        unbounded = sum(other.schema == keyword.schema for other in keywords) == 1
        of_control = keyword.schema in {f"{request}{pointer('properties', name)}" for name in required}
        if keyword.name != "type" or not keyword.path or keyword.path[-1] == "[]" or (unbounded and of_control):
            continue
        subject = _subject(contract, keyword.component)
        yield Requirement(
            id=f"{subject}.{'-'.join(kebab(part) for part in keyword.path if part != '[]')}-accepted",
            level=Level.MUST,
            source=Source.DOCUMENTED if keyword.quote else Source.CONVENTION,
            text=f"Every documented value of `{'.'.join([subject, *keyword.path])}` is accepted.",
            quote=keyword.quote,
            pointer=keyword.pointer.rpartition("/")[0],
            kind="accepted",
        )


LENIENT = {
    "integer": "a string or a boolean that lenient parsers take for an integer",
    "number": "a string or a boolean that lenient parsers take for a number",
    "boolean": "a string or a number that lenient parsers take for a boolean",
    "array": "a string that lenient parsers take for a list",
    "string": "null or a list that lenient parsers take for a text",
}


def _lenient(contract: Contract, keywords: list[Keyword]) -> Iterator[Requirement]:
    """For each type in the request that lenient parsers convert others to; of texts, those that are no names."""
    request = contract.resolve(contract.request_schema)
    for keyword in keywords:
        schema = contract.at(keyword.schema)
        is_name = keyword.value == "string" and (
            "enum" in schema or keyword.schema.rpartition("/")[0] == f"{request}/properties"
        )
        if keyword.name != "type" or not keyword.path or keyword.path[-1] == "[]" or is_name:
            continue
        if not isinstance(keyword.value, str) or keyword.value not in LENIENT or keyword.level == Level.MAY:
            continue
        subject = _subject(contract, keyword.component)
        what = f"`{'.'.join([subject, *keyword.path])}`"
        yield Requirement(
            id=f"{subject}.{'-'.join(kebab(part) for part in keyword.path if part != '[]')}-lenient-type",
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
    return f'"{value}"' if isinstance(value, str) else str(value)


def _any_of(values: list[Any]) -> str:
    return ", ".join(map(_shown, values[:-1])) + (" or " if values[1:] else "") + _shown(values[-1])


def _holds(keyword: Keyword) -> str:
    """What is true of a value that satisfies a keyword."""
    value = keyword.value
    match keyword.name:
        case "required":
            return "is present"
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
    return f"satisfies {keyword.name}: {_shown(value)}"


def _broken(keyword: Keyword) -> str:
    """What is true of a value that breaks a keyword."""
    value = keyword.value
    match keyword.name:
        case "required":
            return "is absent"
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
    return f"breaks {keyword.name}: {_shown(value)}"
