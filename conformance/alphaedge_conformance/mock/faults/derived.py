"""Mutants of the mock: one for each keyword of the contract, made from the keyword itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ...contract import Contract, Keyword, Place
from ...contract.bounds import admitted, breaking
from ...contract.edits import path_of, value_at
from ...contract.requirements import Level, Requirement, accepted_ids, by_keyword, catalogue
from ...contract.samples import spots, witness
from ...exchange.strict_json import Json
from ..app import Mock, Refusal
from ..reply import Reply
from .fault import Fault, Make


class Unenforced(Mock):
    """A request that breaks one keyword is answered as if it were the contract's example."""

    def __init__(self, pointer: str, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.pointer = pointer

    def read(self, http: Request, body: bytes) -> Any:
        request = super().read(http, body)
        if isinstance(request, Refusal) or self.may_stream(request) or not self.forgives(request):
            return request
        return self.contract.example_request

    def may_stream(self, request: Any) -> bool:
        """Whether a request asks for a stream, and is as wrong without."""
        if not isinstance(request, dict) or request.get("stream") is not True:
            return False
        plain = {name: value for name, value in request.items() if name != "stream"}
        return [each.pointer for each in self.violations(plain)] == [each.pointer for each in self.violations(request)]

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


class Fails(Mock):
    """A request that breaks one keyword, about which the contract leaves it open, takes the server down."""

    def __init__(self, pointer: str, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.pointer = pointer

    def validate(self, request: Any) -> Refusal | None:
        if any(violation.pointer == self.pointer for violation in self.violations(request)):
            return Refusal(500, "Something went wrong.", "server_error")
        return super().validate(request)


class RefusesTheBound(Mock):
    """The last value that a keyword of the request admits is refused."""

    def __init__(self, keyword: Keyword, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.keyword = keyword

    def validate(self, request: Any) -> Refusal | None:
        refusal = super().validate(request)
        if refusal is None and is_at_bound(self.contract, self.keyword, request):
            name = self.keyword.path[-1] if self.keyword.path else self.keyword.component
            return Refusal(422, f"{name} cannot be {self.keyword.value}.", param=name)
        return refusal


def is_at_bound(contract: Contract, keyword: Keyword, request: Any) -> bool:
    """Whether a request has the last value that a keyword admits; a boolean is not a number."""
    bound = keyword.value[-1] if keyword.name == "enum" else keyword.value
    for each in contract.reached(contract.request_schema, request):
        if each.pointer == keyword.schema:
            value = value_at(request, path_of(request, each.path))
            if value == bound and isinstance(value, bool) is isinstance(bound, bool):
                return True
    return False


class RefusesThePlace(Mock):
    """A request that has a place is refused."""

    def __init__(self, place: Place, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.place = place

    def validate(self, request: Any) -> Refusal | None:
        refusal = super().validate(request)
        if refusal is None and spots(self.contract, self.contract.request_schema, self.place, request):
            return Refusal(422, f"{self.place.path[-1] if self.place.path else self.place.component} is not supported.")
        return refusal


class Spoiled(Mock):
    """Every value in a response that a keyword is about breaks it."""

    def __init__(self, keyword: Keyword, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.keyword = keyword

    def completion(self, request: Json, reply: Reply) -> Any:
        return self.spoiled(self.contract.completion_schema, [super().completion(request, reply)])[0]

    def chunks(self, request: Json, reply: Reply) -> list[Any]:
        return self.spoiled(self.contract.chunk_schema, super().chunks(request, reply))

    def json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
        if status != 200:
            value = self.spoiled(self.contract.error_schema, [value])[0]
        return super().json(status, value, headers)

    def spoiled(self, schema: str, values: list[Any]) -> list[Any]:
        """Values of a schema with the keyword broken wherever it is about one, else in the first that can have it."""
        places = [p for p in self.contract.places(schema) if self.keyword.pointer in {k.pointer for k in p.keywords}]
        broken = [spoil(self.contract, schema, places, value, self.keyword) for value in values]
        for index, value in enumerate(values if broken == values else ()):
            for place in places:
                made = witness(self.contract, schema, place, value)
                if made is not None:
                    spoilt = spoil(self.contract, schema, [place], made.instance, self.keyword)
                    return [*values[:index], spoilt, *values[index + 1 :]]
        return broken


def faults(contract: Contract) -> Iterator[Fault]:
    """One mutant for each derived requirement that a server can break; the MAY ones are undecided, so it cannot."""
    every = catalogue(contract).values()
    requirements = by_keyword(every)
    lenient = {each.pointer: each for each in every if each.kind == "lenient"}
    for keyword in contract.keywords(contract.request_schema):
        requirement = requirements.get(keyword.pointer)
        if requirement is not None and requirement.level is not Level.MAY:
            converted = lenient.get(keyword.pointer)
            also = [converted.id] if converted else []
            yield _fault(requirement, "Not enforced", partial(Unenforced, keyword.pointer), *also)
            if converted:
                yield _fault(converted, "Converted", partial(Converts, keyword.pointer))
        if requirement is not None and requirement.level is Level.MAY and requirement.profile is not None:
            yield _fault(requirement, "Fails", partial(Fails, keyword.pointer))
        accepted = requirements.get(keyword.schema)
        if keyword.name in ("minimum", "maximum", "enum") and accepted is not None:
            name = f"{accepted.id.removesuffix('-accepted')}-{keyword.name}-refused"
            text = f"Not so for the last value that `{keyword.name}` admits: {accepted.text}"
            refuses = partial(is_at_bound, contract, keyword)
            yield Fault(
                name, text, partial(RefusesTheBound, keyword), _refusing(contract, requirements, accepted, refuses)
            )
    yield from _refused_places(contract, requirements)
    keywords: dict[str, Keyword] = {}
    ids, of_errors = {each.id for each in every}, {each.pointer for each in contract.keywords(contract.error_schema)}
    for schema in contract.response_schemas:
        for keyword in contract.keywords(schema):
            keywords.setdefault(keyword.pointer, keyword)
    for keyword in keywords.values():
        if keyword.pointer in requirements:
            shape = {SHAPE} & ids if keyword.pointer in of_errors else set()
            yield _fault(requirements[keyword.pointer], "Broken", partial(Spoiled, keyword), *shape)


def _refused_places(contract: Contract, requirements: dict[str, Requirement]) -> Iterator[Fault]:
    """One for each place beyond the contract's own example that no bound has a mutant of, and that the mock itself
    makes nothing of."""
    schema, seen = contract.request_schema, set[str]()
    shown = {each.pointer for each in contract.reached(schema, contract.example_request)}
    for place in contract.places(schema):
        accepted = requirements.get(place.schema)
        names = {keyword.name for keyword in place.keywords}
        is_judged = accepted is not None and accepted.kind == "accepted"
        if not is_judged or place.schema in seen | shown or names & {"minimum", "maximum", "enum"}:
            continue
        if set(place.steps) & UNDERSTOOD:
            continue
        seen.add(place.schema)

        def refuses(request: Any, place: Place = place) -> bool:
            return bool(spots(contract, schema, place, request))

        assert accepted is not None
        name = f"{accepted.id.removesuffix('accepted')}refused".replace(".-", ".")
        breaks = _refusing(contract, requirements, accepted, refuses)
        yield Fault(name, f"Not so: {accepted.text}", partial(RefusesThePlace, place), breaks)


SHAPE = "endpoint.method-error-shape"
"""Breaks wherever errors have another shape."""
UNDERSTOOD = {"stream", "max_tokens"}
"""Members of a request that the mock acts upon: what refusing them breaks is written by hand."""


def _refusing(
    contract: Contract, requirements: dict[str, Requirement], own: Requirement, refuses: Callable[[Any], bool]
) -> frozenset[str]:
    """What breaks where such requests are refused: a requirement breaks too if one of the requests that show its values
    is one of them."""
    found, schema = {*_breaks(own)}, contract.request_schema
    for place in contract.places(schema):
        requirement = requirements.get(place.schema)
        if requirement is None or requirement.kind != "accepted":
            continue
        spot = witness(contract, schema, place, contract.example_request)
        if spot is None or spot.instance == contract.example_request:
            continue
        path = path_of(spot.instance, spot.path)
        edits = admitted(contract, schema, place, spot.instance, path)
        for request in (spot.instance, *(edit.apply(spot.instance) for edit in edits)):
            if refuses(request):
                found |= accepted_ids(contract, requirements, path, request)
    return frozenset(found)


def _fault(requirement: Requirement, how: str, make: Make, *also: str) -> Fault:
    name = f"{requirement.id}-{how.lower().replace(' ', '-')}"
    return Fault(name, f"{how}: {requirement.text}", make, _breaks(requirement) | {*also})


def _breaks(requirement: Requirement) -> frozenset[str]:
    return frozenset({requirement.id, *CONSEQUENCES.get(requirement.id, ())})


CONSEQUENCES: dict[str, tuple[str, ...]] = {
    "message.role-accepted": ("request.messages-accepted",),
}
"""What else breaks with a requirement, wherever its keyword is broken."""


def spoil(contract: Contract, schema: str, places: Iterable[Place], instance: Any, keyword: Keyword) -> Any:
    """A copy of an instance that breaks a keyword wherever it is about a value, and no other keyword there."""
    for place in places:
        for spot in spots(contract, schema, place, instance):
            path = path_of(instance, spot.path)
            edit = breaking(contract, schema, keyword, instance, path)
            if edit is not None:
                instance = edit.apply(instance)
    return instance
