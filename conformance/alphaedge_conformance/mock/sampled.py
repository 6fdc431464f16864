"""Another operation than chat completions: it refuses what its schemas refuse, and answers with a sample of them."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ..contract import Contract
from ..exchange.strict_json import Json
from .endpoint import Endpoint, Refusal, merged

PARAMETER = re.compile(r"\\\{[^}]*\\\}")
"""A parameter of a path, in its pattern."""


class Sampled(Endpoint):
    """Gives the same answer each time. `known` is what the server would say of itself, as the models that it has: it
    stands in the sample where the schema takes it."""

    def __init__(self, contract: Contract, key: str | None = None, known: Json | None = None) -> None:
        super().__init__(contract, key)
        self.known = known
        self._path = re.compile(PARAMETER.sub("[^/]+", re.escape(contract.path)))

    def is_at(self, path: str) -> bool:
        """Whether a path is that of this operation, whatever its parameters."""
        return self._path.fullmatch(path) is not None

    async def respond(self, http: Request) -> Response:
        refusal = self.authorize(http) if self.contract.is_secured else None
        if refusal is None and self.contract.has_body:
            request = self.read(http, await http.body())
            refusal = request if isinstance(request, Refusal) else self.validate(request)
        return self.answered() if refusal is None else self.refuse(refusal)

    def answered(self) -> Response:
        status = int(self.contract.success.upper().replace("X", "0"))
        schema = self.contract.completion_schema
        return self.json(status, self.answer(schema)) if self.contract.has(schema) else Response(status_code=status)

    def answer(self, schema: str) -> Any:
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
