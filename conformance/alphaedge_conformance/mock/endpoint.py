"""What every operation of the mock does: it lets in, reads, validates, and answers or refuses in JSON."""

from __future__ import annotations

import hmac
import json
from typing import Any

from attrs import field, frozen
from starlette.requests import Request
from starlette.responses import Response

from ..contract import Contract, Violation
from ..contract.samples import Sampler
from ..exchange.strict_json import Json, loads


@frozen
class Refusal:
    """Why a request is not answered with what it asks for."""

    status: int
    message: str
    type: str = "invalid_request_error"
    param: str | None = None
    code: str | None = None
    headers: dict[str, str] = field(factory=dict)


def merged(sample: Any, value: Any) -> Any:
    """A value with the members that only a sample has, at any depth."""
    if isinstance(sample, dict) and isinstance(value, dict):
        return {**sample, **{name: merged(sample.get(name), each) for name, each in value.items()}}
    if isinstance(sample, list) and isinstance(value, list) and sample:
        return [merged(sample[0], each) for each in value]
    return value


class Endpoint:
    """One operation. Each step is a method, so that a fault is a subclass of a few lines; without a key, anybody is
    let in."""

    own: frozenset[str] = frozenset()
    """Members of an answer that it decides on; any other is a sample of its schema."""

    def __init__(self, contract: Contract, key: str | None = None) -> None:
        self.contract = contract
        self.key = key
        self._samples: dict[str, Any] = {}

    # Who is let in

    def authorize(self, http: Request) -> Refusal | None:
        scheme, _, value = http.headers.get("authorization", "").partition(" ")
        if self.key is None:
            return None
        if scheme.lower() == "bearer" and hmac.compare_digest(value.strip().encode(), self.key.encode()):
            return None
        what = "The API key is wrong." if value else "No API key was sent."
        return Refusal(
            401,
            f"{what} Send `Authorization: Bearer` and the key.",
            "authentication_error",
            headers={"WWW-Authenticate": "Bearer"},
        )

    # What is asked

    def read(self, http: Request, body: bytes) -> Any:
        """The JSON value of a body, or why it is none."""
        media_type = http.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            return Refusal(415, f"Expected a body of application/json, got {media_type or 'no Content-Type'}.")
        try:
            return loads(body)
        except ValueError as error:
            return Refusal(400, f"Expected a body of JSON: {error}.")

    def validate(self, request: Any) -> Refusal | None:
        for violation in self.violations(request):
            param = str(violation.path[0]) if violation.path else None
            return Refusal(400, f"{param or 'body'}: {violation.message}.", param=param)
        return None

    def violations(self, request: Any) -> list[Violation]:
        return self.contract.violations(self.contract.request_schema, request)

    # What is answered

    def filled(self, schema: str, value: Json) -> Json:
        """With a sample of every member that the contract has and the mock knows nothing of, the same each time."""
        if schema not in self._samples:
            self._samples[schema] = Sampler(self.contract, whole=True, leave_out=self.own).sample(schema)
        filled: Json = merged(self._samples[schema], value)
        return filled

    # How it is sent

    def dumps(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=False)

    def json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
        body = self.dumps(value).encode("utf-8", "replace")
        return Response(body, status, headers, media_type="application/json")

    def refuse(self, refusal: Refusal) -> Response:
        error = {name: getattr(refusal, name) for name in ("message", "type", "param", "code")}
        return self.json(refusal.status, self.filled(self.contract.error_schema, {"error": error}), refusal.headers)
