"""Mutants of the mock: one for each keyword of the contract, made from the keyword itself."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ...contract import Contract, Keyword, pointer
from ...contract.requirements import Level, Requirement, by_keyword, catalogue
from ...exchange.strict_json import Json
from ..app import Mock, Refusal, Reply
from .fault import Fault, Make


class Unenforced(Mock):
    """A request that breaks one keyword is answered as if it were the contract's example."""

    def __init__(self, pointer: str, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.pointer = pointer

    def read(self, http: Request, body: bytes) -> Any:
        request = super().read(http, body)
        streams = isinstance(request, dict) and request.get("stream") is True
        if isinstance(request, Refusal) or streams or not self.forgives(request):
            return request
        return self.contract.example_request

    def forgives(self, request: Any) -> bool:
        return any(violation.pointer == self.pointer for violation in self.violations(request))


class Converts(Unenforced):
    """A value of a wrong type that can be converted is."""

    def forgives(self, request: Any) -> bool:
        found = [each for each in self.violations(request) if each.pointer == self.pointer]
        kind = self.contract.at(self.pointer)
        return bool(found) and all(is_convertible(kind, value_at(request, each.path)) for each in found)


def is_convertible(kind: str, value: Any) -> bool:
    """Whether lenient parsers make a value of this type of another one."""
    match kind:
        case "integer" | "number":
            return isinstance(value, bool) or (isinstance(value, str) and value.replace(".", "", 1).isdigit())
        case "boolean":
            return value in ("true", "false") or (isinstance(value, int) and value in (0, 1))
        case "array":
            return isinstance(value, str)
        case "string":
            return value is None or isinstance(value, list)
    return False


def value_at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


class RefusesTheBound(Mock):
    """The last value that a keyword of the request admits is refused."""

    def __init__(self, keyword: Keyword, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.keyword = keyword
        self.bound = keyword.value[-1] if keyword.name == "enum" else keyword.value

    def validate(self, request: Any) -> Refusal | None:
        refusal = super().validate(request)
        if refusal is None and self.bound in self.values(request, self.keyword.path[-1]):
            return Refusal(422, f"{self.keyword.path[-1]} cannot be {self.bound}.", param=self.keyword.path[-1])
        return refusal

    def values(self, instance: Any, member: str) -> list[Any]:
        """The values of a member, wherever it stands; a boolean is not a number."""
        if isinstance(instance, list):
            return [value for item in instance for value in self.values(item, member)]
        if not isinstance(instance, dict):
            return []
        own = [instance[member]] if member in instance and not isinstance(instance[member], bool) else []
        return own + [value for item in instance.values() for value in self.values(item, member)]


class Spoiled(Mock):
    """Every value in a response that a keyword is about breaks it."""

    def __init__(self, keyword: Keyword, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.keyword = keyword

    def completion(self, request: Json, reply: Reply) -> Any:
        return spoil(self.contract, self.contract.completion_schema, super().completion(request, reply), self.keyword)

    def chunks(self, request: Json, reply: Reply) -> list[Any]:
        chunks = super().chunks(request, reply)
        return [spoil(self.contract, self.contract.chunk_schema, chunk, self.keyword) for chunk in chunks]

    def json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
        if status != 200:
            value = spoil(self.contract, self.contract.error_schema, value, self.keyword)
        return super().json(status, value, headers)


def faults(contract: Contract) -> Iterator[Fault]:
    """One mutant for each derived requirement that a server can break; the MAY ones are undecided, so it cannot."""
    every = catalogue(contract).values()
    requirements = by_keyword(every)
    lenient = {each.pointer: each for each in every if each.kind == "lenient"}
    for keyword in contract.keywords(contract.request_schema):
        requirement = requirements[keyword.pointer]
        if requirement.level is not Level.MAY:
            converted = lenient.get(keyword.pointer)
            also = [converted.id] if converted else []
            yield _fault(requirement, "Not enforced", partial(Unenforced, keyword.pointer), *also)
            if converted:
                yield _fault(converted, "Converted", partial(Converts, keyword.pointer))
        if keyword.name in ("minimum", "maximum", "enum"):
            accepted = requirements[keyword.pointer.rpartition("/")[0]]
            name = f"{accepted.id.removesuffix('-accepted')}-{keyword.name}-refused"
            text = f"Not so for the last value that `{keyword.name}` admits: {accepted.text}"
            yield Fault(name, text, partial(RefusesTheBound, keyword), _breaks(accepted))
    schemas = (contract.completion_schema, contract.chunk_schema, contract.error_schema)
    keywords = {keyword.pointer: keyword for schema in schemas for keyword in contract.keywords(schema)}
    for keyword in keywords.values():
        yield _fault(requirements[keyword.pointer], "Broken", partial(Spoiled, keyword))


def _fault(requirement: Requirement, how: str, make: Make, *also: str) -> Fault:
    name = f"{requirement.id}-{how.lower().replace(' ', '-')}"
    return Fault(name, f"{how}: {requirement.text}", make, _breaks(requirement) | {*also})


def _breaks(requirement: Requirement) -> frozenset[str]:
    return frozenset({requirement.id, *CONSEQUENCES.get(requirement.id, ())})


CONSEQUENCES: dict[str, tuple[str, ...]] = {
    "message.role-accepted": ("request.messages-accepted",),
}
"""What else breaks with a requirement, wherever its keyword is broken."""


def spoil(contract: Contract, schema: str, instance: Any, keyword: Keyword) -> Any:
    """A copy of an instance that breaks a keyword wherever it is about a value, and no other keyword there."""
    here = contract.resolve(schema)
    if (other := contract.nullable(here)) is not None:
        return instance if instance is None else spoil(contract, other, instance, keyword)
    if keyword.schema == here:
        return _broken(contract, here, instance, keyword)
    if isinstance(instance, dict):
        known = contract.at(here).get("properties", {})
        return {
            name: spoil(contract, f"{here}{pointer('properties', name)}", value, keyword) if name in known else value
            for name, value in instance.items()
        }
    if isinstance(instance, list):
        return [spoil(contract, f"{here}/items", item, keyword) for item in instance]
    return instance


def _broken(contract: Contract, schema: str, instance: Any, keyword: Keyword) -> Any:
    """A value in place of an instance."""
    if keyword.name == "required":
        return {name: value for name, value in instance.items() if name != keyword.value}
    candidates: list[Any] = [7, "surprise", "", [], {}, None]
    if keyword.name in ("minimum", "maximum"):
        candidates.insert(0, keyword.value + (1 if keyword.name == "maximum" else -1))
    for candidate in candidates:
        if {violation.pointer for violation in contract.violations(schema, candidate)} == {keyword.pointer}:
            return candidate
    raise contract.error(keyword.pointer, f"no value is known that breaks {keyword.name} alone; add one here")
