"""Another operation than chat completions: it refuses what its schemas refuse, and answers with a sample of them. A
profile may know more of what it answers."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response

from ..contract import Contract
from ..exchange.strict_json import Json
from .endpoint import Endpoint, Refusal, merged

PARAMETER = re.compile(r"\\\{[^}]*\\\}")
"""A parameter of a path, in its pattern."""


@frozen
class Asked:
    """What a valid request asks for."""

    body: Any = None
    parameters: tuple[str, ...] = ()
    """The values of the parameters of the path, in their order."""


class Sampled(Endpoint):
    """Gives the same answer each time. `known` is what the server would say of itself, as the models that it has: it
    stands in the sample where the schema takes it."""

    def __init__(self, contract: Contract, key: str | None = None, known: Json | None = None) -> None:
        super().__init__(contract, key)
        self.known = known
        self._path = re.compile(PARAMETER.sub("([^/]+)", re.escape(contract.path)))

    def is_at(self, path: str) -> bool:
        """Whether a path is that of this operation, whatever its parameters."""
        return self._path.fullmatch(path) is not None

    async def respond(self, http: Request) -> Response:
        refusal, request = self.authorize(http) if self.contract.is_secured else None, None
        if refusal is None and self.contract.has_body:
            request = self.read(http, await http.body())
            refusal = request if isinstance(request, Refusal) else self.validate(request)
        found = self._path.fullmatch(path_of(http))
        asked = Asked(request, tuple(map(unquote, found.groups())) if found else ())
        refusal = refusal or self.missing(asked)
        return self.answered(asked) if refusal is None else self.refuse(refusal)

    def missing(self, asked: Asked) -> Refusal | None:
        """Why there is nothing to answer a valid request with."""
        return None

    def answered(self, asked: Asked) -> Response:
        status = int(self.contract.success.upper().replace("X", "0"))
        schema = self.contract.completion_schema
        if not self.contract.has(schema):
            return Response(status_code=status)
        return self.json(status, self.answer(schema, asked))

    def answer(self, schema: str, asked: Asked) -> Any:
        sample = self.filled(schema, {})
        answer = sample if self.known is None else merged(sample, self.known)
        return answer if self.contract.is_valid(schema, answer) else sample

    def refuse(self, refusal: Refusal) -> Response:
        """In the form that the contract has for errors; that of chat completions where it has none, or takes it."""
        if not self.contract.documents_errors:
            return self.json(refusal.status, {"error": {"message": refusal.message}}, refusal.headers)
        schema = self.contract.error_schema
        members = {"error": {name: getattr(refusal, name) for name in ("message", "type", "param", "code")}}
        error = self.filled(schema, members)
        error = error if self.contract.is_valid(schema, error) else self.filled(schema, {})
        return self.json(refusal.status, error, refusal.headers)


def path_of(http: Request) -> str:
    """The path as it was sent, so that a value with a slash is one segment."""
    return http.scope.get("raw_path", b"").decode("latin-1") or http.url.path
