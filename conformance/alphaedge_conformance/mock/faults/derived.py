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
from ...contract.further import everywhere
from ...contract.requirements import Level, Requirement, accepted_ids, by_keyword, catalogue, lenient
from ...contract.samples import spots, witness
from ...exchange.strict_json import Json
from ..app import Mock
from ..endpoint import Endpoint, Refusal
from ..profiles import endpoint
from ..reply import Reply
from ..sampled import Asked, Sampled
from .fault import Fault, Make


class Unenforced(Endpoint):
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


class Fails(Endpoint):
    """A request that breaks one keyword, about which the contract leaves it open, takes the server down."""

    def __init__(self, pointer: str, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.pointer = pointer

    def validate(self, request: Any) -> Refusal | None:
        if any(violation.pointer == self.pointer for violation in self.violations(request)):
            return Refusal(500, "Something went wrong.", "server_error")
        return super().validate(request)


class RefusesTheBound(Endpoint):
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


class RefusesThePlace(Endpoint):
    """A request that has a place is refused."""

    def __init__(self, place: Place, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.place = place

    def validate(self, request: Any) -> Refusal | None:
        refusal = super().validate(request)
        if refusal is None and spots(self.contract, self.contract.request_schema, self.place, request):
            return Refusal(422, f"{self.place.path[-1] if self.place.path else self.place.component} is not supported.")
        return refusal


class Spoiled(Endpoint):
    """Every value in a response that a keyword is about breaks it."""

    def __init__(self, keyword: Keyword, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.keyword = keyword

    def json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
        if status >= 400 and self.contract.documents_errors:
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


class OtherStatus(Sampled):
    """A valid request is answered with another status of success; where all are documented, with an error."""

    def answered(self, asked: Asked) -> Response:
        response = super().answered(asked)
        response.status_code = {"200": 203}.get(self.contract.success, 500 if "X" in self.contract.success else 200)
        return response


class OtherMediaType(Sampled):
    """An answer is right but for its label."""

    def answered(self, asked: Asked) -> Response:
        response = super().answered(asked)
        response.headers["content-type"] = "text/plain"
        return response


class NoKeyNeeded(Sampled):
    """A request without a key is let in."""

    def authorize(self, http: Request) -> Refusal | None:
        return super().authorize(http) if "authorization" in http.headers else None


PLAIN: dict[str, type[Sampled]] = {"status": OtherStatus, "media-type": OtherMediaType, "key": NoKeyNeeded}
"""What breaks a requirement of a further operation that no keyword gives, by the kind of that."""


class SpoiledChat(Spoiled, Mock):
    """As a completion, a chunk or an error."""

    def completion(self, request: Json, reply: Reply) -> Any:
        return self.spoiled(self.contract.completion_schema, [super().completion(request, reply)])[0]

    def chunks(self, request: Json, reply: Reply) -> list[Any]:
        return self.spoiled(self.contract.chunk_schema, super().chunks(request, reply))


class SpoiledSample(Spoiled, Sampled):
    """As the answer of another operation, or an error."""

    def answer(self, schema: str, asked: Asked) -> Any:
        return self.spoiled(schema, [super().answer(schema, asked)])[0]


class OneIsWrong(Mock):
    """One of the further operations has a mutation, and nothing else."""

    def __init__(self, operation: str, make: Callable[..., Sampled], *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        right = self.others[operation]
        self.others[operation] = make(right.contract, right.key, right.known)


def _wrong(contract: Contract, mutation: type[Endpoint], *arguments: Any) -> Make:
    """Makes a mock with a mutation of the operation that the contract is seen as."""
    if contract.chosen is None:
        kind = SpoiledChat if mutation is Spoiled else type(mutation.__name__, (mutation, Mock), {})
        return partial(kind, *arguments)
    kind = type(mutation.__name__, (SpoiledSample if mutation is Spoiled else mutation, endpoint(contract)), {})
    return partial(OneIsWrong, contract.chosen, partial(kind, *arguments))


def faults(contract: Contract) -> Iterator[Fault]:
    """One mutant for each derived requirement that a server can break; the MAY ones are undecided, so it cannot."""
    every = list(catalogue(contract).values())
    for each in everywhere(contract):
        yield from _of_operation(each, every)


def _of_operation(contract: Contract, every: list[Requirement]) -> Iterator[Fault]:
    requirements, converted = by_keyword(every, contract.name), lenient(every, contract.name)
    for schema in (contract.request_schema,) if contract.has_body else ():
        for keyword in contract.keywords(schema):
            yield from _of_request(contract, requirements, converted, keyword)
        yield from _refused_places(contract, requirements)
    keywords: dict[str, Keyword] = {}
    for schema in contract.response_schemas:
        for keyword in contract.keywords(schema):
            keywords.setdefault(keyword.pointer, keyword)
    ids = {each.id for each in every} if contract.name is None else set[str]()
    of_errors = {each.pointer for each in contract.keywords(contract.error_schema)} if ids else set[str]()
    for keyword in keywords.values():
        if keyword.pointer in requirements:
            shape = {SHAPE} & ids if keyword.pointer in of_errors else set()
            yield _fault(requirements[keyword.pointer], "Broken", _wrong(contract, Spoiled, keyword), *shape)
    for requirement in every:
        if requirement.operation == contract.name and requirement.kind in PLAIN:
            yield _fault(requirement, "Broken", _wrong(contract, PLAIN[requirement.kind]))


def _of_request(
    contract: Contract, requirements: dict[str, Requirement], lenient: dict[str, Requirement], keyword: Keyword
) -> Iterator[Fault]:
    """Those of a keyword of the request: it is not enforced, its bound is refused."""
    requirement, converted = requirements.get(keyword.pointer), lenient.get(keyword.pointer)
    if requirement is not None and requirement.level is not Level.MAY:
        also = [converted.id] if converted else []
        yield _fault(requirement, "Not enforced", _wrong(contract, Unenforced, keyword.pointer), *also)
        if converted:
            yield _fault(converted, "Converted", _wrong(contract, Converts, keyword.pointer))
    elif requirement is not None and requirement.profile is not None:
        yield _fault(requirement, "Fails", _wrong(contract, Fails, keyword.pointer))
    accepted = requirements.get(keyword.schema)
    if keyword.name in ("minimum", "maximum", "enum") and accepted is not None:
        name = f"{accepted.id.removesuffix('-accepted')}-{keyword.name}-refused"
        text = f"Not so for the last value that `{keyword.name}` admits: {accepted.text}"
        refuses = partial(is_at_bound, contract, keyword)
        breaks = _refusing(contract, requirements, accepted, refuses)
        yield Fault(name, text, _wrong(contract, RefusesTheBound, keyword), breaks)


def _refused_places(contract: Contract, requirements: dict[str, Requirement]) -> Iterator[Fault]:
    """One for each place beyond the contract's own example that no bound has a mutant of, and that the mock itself
    makes nothing of."""
    schema, seen = contract.request_schema, set[str]()
    in_example = {each.pointer for each in contract.reached(schema, contract.example_request)}
    for place in contract.places(schema):
        accepted = requirements.get(place.schema)
        names = {keyword.name for keyword in place.keywords}
        is_judged = accepted is not None and accepted.kind == "accepted"
        if not is_judged or place.schema in seen | in_example or names & {"minimum", "maximum", "enum"}:
            continue
        if contract.name is None and set(place.steps) & UNDERSTOOD:
            continue
        seen.add(place.schema)

        def refuses(request: Any, place: Place = place) -> bool:
            return bool(spots(contract, schema, place, request))

        assert accepted is not None
        name = f"{accepted.id.removesuffix('accepted')}refused".replace(".-", ".")
        breaks = _refusing(contract, requirements, accepted, refuses)
        yield Fault(name, f"Not so: {accepted.text}", _wrong(contract, RefusesThePlace, place), breaks)


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
