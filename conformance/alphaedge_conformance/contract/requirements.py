"""The catalogue: one sentence a server must satisfy, each with an id, a level and a source.

Most are derived from the keywords of the contract's schemas; what JSON Schema cannot say stands in `x-requirements`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import count
from typing import Any, Literal

from attrs import evolve, frozen

from ..errors import DuplicateId
from .bounds import unbreakable
from .document import pointer
from .edits import has
from .further import everywhere
from .places import Keyword, Place
from .samples import NOTHING, spots, witness
from .sentences import broken, holds
from .typed import typed
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


PROFILE = "profile:"
"""Before the name of the profile that a requirement comes from."""
CAPABLE_MODEL = "capable-model"

REFUSED, REFUSED_MODEL = "400 or 422", "400, 404 or 422"
"""In words, the statuses that refuse an invalid request, and one whose model may as well be said not to exist."""
RequirementOrigin = Literal["stated", "accepted", "refused", "lenient", "response", "status", "media-type", "key"]


@frozen
class Requirement:
    """One sentence that a server must satisfy."""

    id: str
    """``subject.statement``, in kebab-case; stable for as long as the sentence is. That of another operation than the
    primary one begins with its operationId, as ``listModels.model.id-type``."""
    level: Level
    source: str
    """A Source, or ``profile:NAME``."""
    text: str
    quote: str | None
    """The page's words, where it is documented."""
    pointer: str
    """A JSON pointer into the contract."""
    kind: RequirementOrigin = "stated"
    """Where it comes from: `x-requirements`, or a keyword of the request (its values accepted, others refused, also
    those that lenient parsers convert) or of a response; of another operation also its status, its media type and its
    need of a key."""
    is_optional: bool = False
    """Of an answer: whether it is about a part that a valid answer may lack."""
    effect_of: str | None = None
    """The member of a request whose effect it asks for, which a target may declare that it ignores."""
    needs_capable_model: bool = False
    """Whether a server can satisfy it only with a model that follows what it is asked."""

    operation: str | None = None
    """The operationId of the operation that it is about; None for the primary one."""
    needs_key: bool = False
    """Whether only a refused key shows it."""

    @property
    def profile(self) -> str | None:
        """The profile that it comes from; None for one of the contract itself."""
        return self.source.removeprefix(PROFILE) if self.source.startswith(PROFILE) else None

    @property
    def statement(self) -> str:
        """Its id without the operation."""
        return self.id if self.operation is None else self.id.removeprefix(f"{self.operation}.")

    @property
    def subject(self) -> str:
        return subject(self.id)


def subject(id: str) -> str:
    """What a requirement is about, by its id."""
    return id.partition(".")[0]


def catalogue(contract: Contract) -> dict[str, Requirement]:
    """Every requirement of a contract by id, in the order of the file. Raises ConfigurationError for a bad one."""
    found: dict[str, Requirement] = {}
    for each in everywhere(contract):
        for requirement in _derived(each) if each.name is None else _of_operation(each):
            id = next(id for id in _free(requirement.id) if id not in found)
            found[id] = evolve(requirement, id=id)
    for requirement in _stated(contract):
        if requirement.id in found:
            raise DuplicateId(requirement.id, contract.source, contract.line(requirement.pointer))
        found[requirement.id] = requirement
    return found


def by_keyword(requirements: Iterable[Requirement], operation: str | None = None) -> dict[str, Requirement]:
    """The requirements of an operation that its keywords give, by their pointers; of a property of the request, that
    its values are accepted."""
    kinds = ("accepted", "refused", "response")
    return {each.pointer: each for each in requirements if each.kind in kinds and each.operation == operation}


def lenient(requirements: Iterable[Requirement], operation: str | None = None) -> dict[str, Requirement]:
    """Those about values that lenient parsers convert, by the pointers of the types."""
    return {each.pointer: each for each in requirements if each.kind == "lenient" and each.operation == operation}


def accepted_ids(
    contract: Contract, requirements: Mapping[str, Requirement], path: tuple[str | int, ...], request: Any
) -> frozenset[str]:
    """The ids of the requirements, by pointer, that say that a value of a request is accepted."""
    at = pointer(*path)
    reached = {each.pointer for each in contract.reached(contract.request_schema, request) if each.path == at}
    found = (requirements.get(each) for each in reached)
    return frozenset(each.id for each in found if each is not None and each.kind == "accepted")


def entries(contract: Contract) -> dict[str, Any]:
    """Of `x-requirements`, that of the contract and those of its operations: each as it stands there, by its pointer.
    Raises ConfigurationError where one is not a list."""
    found: dict[str, Any] = {}
    for above in ("", *contract.operation_pointers):
        here = f"{above}/x-requirements"
        listed = contract.at(here) if contract.has(here) else None
        if not isinstance(listed, list | None):
            raise contract.error(here, "expected a list of requirements; write one, or none")
        found |= {f"{here}/{index}": entry for index, entry in enumerate(listed or ())}
    return found


def operation_of(contract: Contract, here: str, entry: Any) -> str | None:
    """The operationId of the operation that an entry of `x-requirements` names, or else stands under; None for the
    primary one. Raises KeyError for what is not an operation."""
    above = here.partition("/x-requirements")[0] or contract.operation_pointer
    names: dict[str, str | None] = {each.operation_pointer: each.name for each in everywhere(contract)}
    return names[entry.get("operation", above)]


def _stated(contract: Contract) -> Iterator[Requirement]:
    for here, entry in entries(contract).items():
        try:
            operation = operation_of(contract, here, entry)
            given = Requirement(
                id=entry["id"] if operation is None else f"{operation}.{entry['id']}",
                level=Level(entry["level"]),
                source=_stated_source(contract, entry["source"]),
                text=entry["text"],
                quote=entry.get("quote"),
                pointer=entry["pointer"],
                effect_of=entry.get("effect-of"),
                needs_capable_model=_needs(entry.get("needs")),
                operation=operation,
            )
            requirement = typed(given)
            contract.at(requirement.pointer)
        except (AttributeError, KeyError, ValueError, TypeError) as error:
            raise contract.error(
                here, f"expected id, level, source, text and a pointer that leads somewhere: {error}"
            ) from None
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*\.[a-z0-9]+(-[a-z0-9]+)*", requirement.statement):
            message = f"expected an id in kebab-case as `subject.statement`, found {requirement.statement!r}"
            raise contract.error(here, message)
        if (requirement.source is Source.DOCUMENTED) != (requirement.quote is not None):
            raise contract.error(here, f"{requirement.id}: give the page's words as `quote` exactly when documented")
        yield requirement


def _stated_source(contract: Contract, source: str) -> str:
    """Raises ValueError for one that is unknown."""
    if source.startswith(PROFILE):
        if source.removeprefix(PROFILE) not in contract.profiles:
            raise ValueError(f"{source!r} is not a profile of this contract")
        return source
    return Source(source)


def _needs(needs: str | None) -> bool:
    if needs not in (None, CAPABLE_MODEL):
        raise ValueError(f"`needs` is {CAPABLE_MODEL} or absent, not {needs!r}")
    return needs is not None


def _derived_source(contract: Contract, pointer: str, quote: str | None) -> tuple[str, str | None]:
    """Where a requirement of a part comes from, and the page's words; a profile adds what the page does not say."""
    if (profile := contract.profile_of(pointer)) is not None:
        return PROFILE + profile, None
    return Source.DOCUMENTED if quote else Source.CONVENTION, quote


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
    found = {each.pointer: each for operation in everywhere(contract) for each in _unjudged(operation)}
    return iter(found.values())


def _unjudged(contract: Contract) -> Iterator[Unjudged]:
    """Of one operation."""
    base = contract.example_request
    for schema in (*_request_schemas(contract), *contract.response_schemas):
        is_request = schema == contract.request_schema
        for at, why in unbreakable(contract, schema, base if is_request else NOTHING).items():
            yield Unjudged(at, why)
    for place in _acceptable(contract):
        if place.by_hand is not None:
            yield Unjudged(place.schema, place.by_hand)
        elif witness(contract, contract.request_schema, place, base) is None:
            yield Unjudged(place.schema, "no valid request with it is known; add one to `examples`")
    for parameter in contract.parameters:
        yield Unjudged(parameter, "a parameter is sent where it is required, as a sample; no other value is tried")
    if contract.documents_errors and not contract.has_body and not contract.is_secured:
        at = contract.operation_pointer + pointer("responses")
        yield Unjudged(at, "no invalid request is known, so nobody can show an error")


def _request_schemas(contract: Contract) -> tuple[str, ...]:
    """That of the request body, if there is one."""
    return (contract.request_schema,) if contract.has_body else ()


def _derived(contract: Contract) -> Iterator[Requirement]:
    left_out = {each.pointer for each in _unjudged(contract)}
    request = [
        each
        for schema in _request_schemas(contract)
        for each in contract.keywords(schema)
        if each.pointer not in left_out
    ]
    for keyword in request:
        yield _requirement(contract, keyword, "refused")
    for place in _acceptable(contract):
        if place.schema not in left_out:
            yield _accepted(contract, place)
    yield from _lenient(contract, request) if contract.has_body else ()
    answers: dict[str, Keyword] = {}
    for schema in contract.response_schemas:
        for keyword in contract.keywords(schema):
            known = answers.setdefault(keyword.pointer, keyword)
            if known.is_optional and not keyword.is_optional:
                answers[keyword.pointer] = evolve(known, is_optional=False)
    for keyword in answers.values():
        if keyword.pointer not in left_out:
            yield _requirement(contract, keyword, "response")


def _of_operation(contract: Contract) -> Iterator[Requirement]:
    """All that the contract of another operation than the primary one says without words: its status, its media type,
    its need of a key, and its keywords."""
    assert contract.name is not None
    named = f"`{contract.method} {contract.path}`"
    success = contract.operation_pointer + pointer("responses", contract.success)
    yield _plain(contract, "answer.status", f"{named} answers a valid request with {contract.success}.", success)
    if contract.has(contract.completion_schema):
        text = f"{named} answers with `Content-Type: application/json`."
        yield _plain(contract, "answer.media-type", text, f"{success}/content", "media-type")
    if contract.is_secured:
        at = f"{contract.operation_pointer}/security"
        at = at if contract.has(at) else "/security"
        text = f"{named} refuses a request without a key with 401."
        yield evolve(_plain(contract, "authorization.missing-key-refused", text, at, "key"), needs_key=True)
    derived = list(_derived(contract))
    is_refusable = any(each.kind == "refused" and each.level is not Level.MAY for each in derived)
    of_answers = _pointers(contract, contract.completion_schema)
    of_errors = _pointers(contract, contract.error_schema) - of_answers if contract.documents_errors else set[str]()
    for requirement in derived:
        by_key_alone = requirement.kind == "response" and requirement.pointer in of_errors and not is_refusable
        if not by_key_alone or contract.is_secured:
            id = f"{contract.name}.{requirement.id}"
            if contract.profile is not None:
                requirement = evolve(requirement, source=PROFILE + contract.profile, quote=None)
            yield evolve(requirement, id=id, operation=contract.name, needs_key=by_key_alone)


def _pointers(contract: Contract, schema: str) -> set[str]:
    """Of the keywords of a schema, if it is there."""
    return {keyword.pointer for keyword in contract.keywords(schema)} if contract.has(schema) else set()


def _plain(contract: Contract, statement: str, text: str, at: str, kind: RequirementOrigin = "status") -> Requirement:
    return Requirement(
        id=f"{contract.name}.{statement}",
        level=Level.MUST,
        source=Source.CONVENTION if contract.profile is None else PROFILE + contract.profile,
        text=text,
        quote=None,
        pointer=at,
        kind=kind,
        operation=contract.name,
    )


def _level(contract: Contract, keyword: Keyword) -> Level:
    try:
        return Level(keyword.level)
    except ValueError:
        known = ", ".join(Level)
        raise contract.error(
            keyword.pointer, f"expected one of {known} as the level of {keyword.name}, found {keyword.level!r}"
        ) from None


def _requirement(contract: Contract, keyword: Keyword, kind: RequirementOrigin) -> Requirement:
    what = f"`{_named(contract, keyword.component, keyword.path)}`"
    if kind == "response":
        text = f"{what} {holds(keyword)}."
    elif keyword.level == Level.MAY:
        text = f"A request in which {what} {broken(keyword)} is accepted or refused, and never answered with 5xx."
    else:
        status = REFUSED_MODEL if keyword.path == ("model",) else REFUSED
        text = f"A request in which {what} {broken(keyword)} is refused with {status}."
    source, quote = _derived_source(contract, keyword.pointer, keyword.quote)
    return Requirement(
        id=_id(contract, keyword.component, (*keyword.path, keyword.name)),
        level=_level(contract, keyword),
        source=source,
        text=text,
        quote=quote,
        pointer=keyword.pointer,
        kind=kind,
        is_optional=keyword.is_optional,
    )


def _acceptable(contract: Contract) -> Iterator[Place]:
    """The places of the request whose documented values have to be accepted. Of a required one without bounds the
    control shows it, and a server that refuses the control cannot be judged."""
    if not contract.has_body:
        return
    request = contract.resolve(contract.request_schema)
    required = {f"{request}{pointer('properties', name)}" for name in contract.at(request).get("required", ())}
    seen = _shown_by_the_control(contract) if contract.chosen is not None else set[str]()
    for place in contract.places(contract.request_schema):
        names = {keyword.name for keyword in place.keywords}
        is_unbounded = len(place.keywords) == 1
        if place.schema in seen or not place.is_whole or "forbidden" in names:
            continue
        is_branch = not place.path or (place.path[-1][0] == "(" and is_unbounded and "type" in names)
        if is_branch and spots(contract, contract.request_schema, place, contract.example_request):
            continue  # the control has it
        if not place.path:
            is_wanted = place.is_optional
        elif place.path[-1][0] in "[{":
            is_wanted = len(place.keywords) > 1
        else:
            is_wanted = not (is_unbounded and "type" in names and place.schema in required)
        if is_wanted:
            seen.add(place.schema)
            yield place


def _shown_by_the_control(contract: Contract) -> set[str]:
    """The places of another operation's example that have nothing but a type: who accepts the example accepts them."""
    reached = {each.pointer for each in contract.reached(contract.request_schema, contract.example_request)}
    places = contract.places(contract.request_schema)
    return {each.schema for each in places if each.schema in reached and {k.name for k in each.keywords} == {"type"}}


def _accepted(contract: Contract, place: Place) -> Requirement:
    source, quote = _derived_source(contract, place.schema, place.quote)
    return Requirement(
        id=_id(contract, place.component, (*place.path, "accepted")),
        level=Level.MUST,
        source=source,
        text=f"Every documented value of `{_named(contract, place.component, place.path)}` is accepted.",
        quote=quote,
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
    """The places of a schema that members and items alone lead to, without a choice but from what is written by hand:
    each by the path of a value, the first of each list, and the pointer of its schema."""
    here = contract.resolve(at)
    yield path, here
    schema = contract.at(here)
    if len(path) < DEEPEST and isinstance(schema, dict):
        for name in schema.get("properties", {}):
            yield from plain_places(contract, here + pointer("properties", name), (*path, name))
        if isinstance(schema.get("items"), dict):
            yield from plain_places(contract, f"{here}/items", (*path, 0))
        for union in (f"{here}/{name}" for name in ("anyOf", "oneOf") if name in schema):
            usual = [
                each for each in contract.branches(union) if "x-by-hand" not in contract.at(contract.resolve(each))
            ]
            if len(usual) == 1 and len(contract.branches(union)) > 1:
                yield from plain_places(contract, usual[0], path)


def _lenient(contract: Contract, keywords: list[Keyword]) -> Iterator[Requirement]:
    """For each type in the request that lenient parsers convert others to, where the contract's example has or may have
    it; of strings, only those that are not names."""
    request = contract.resolve(contract.request_schema)
    places = [(path, here) for path, here in plain_places(contract, request) if path and path[-1] != 0]
    plain = {f"{here}/type" for path, here in places if has(contract.example_request, path[:-1])}
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
            source=_derived_source(contract, keyword.pointer, None)[0],
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
