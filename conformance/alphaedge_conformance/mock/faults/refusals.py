"""Refusals that are wrong: whom they let in, with which status, and what they say."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from attrs import evolve
from starlette.requests import Request
from starlette.responses import Response

from ..app import Mock
from ..endpoint import Refusal
from .fault import fault

WRONG_KEYS = tuple(
    f"authorization.{statement}" for statement in ("wrong-key-refused", "partial-key-refused", "judged-before-body")
)


# Who is let in


@fault("authorization.missing-key-refused", *WRONG_KEYS, "authorization.malformed-refused")
class OpenDoor(Mock):
    """The key is not looked at."""

    def authorize(self, http: Request) -> Refusal | None:
        return None


@fault(*WRONG_KEYS, "authorization.malformed-refused", "authorization.missing-key-refused")
class AnyKeyWillDo(Mock):
    """Any key is let in, none is not."""

    def authorize(self, http: Request) -> Refusal | None:
        return None if http.headers.get("authorization") else super().authorize(http)


@fault("authorization.partial-key-refused")
class ComparesTheBeginning(Mock):
    """The beginning of the key is let in."""

    def authorize(self, http: Request) -> Refusal | None:
        sent = http.headers.get("authorization", "").removeprefix("Bearer ")
        return None if sent and (self.key or "").startswith(sent) else super().authorize(http)


@fault(*WRONG_KEYS)
class WrongKeyIs400(Mock):
    """A wrong key is refused with 400, as by LiteLLM without a database."""

    def authorize(self, http: Request) -> Refusal | None:
        refusal = super().authorize(http)
        return evolve(refusal, status=400) if refusal and http.headers.get("authorization") else refusal


@fault("authorization.missing-key-refused", "error.never-5xx")
class MissingKeyIs500(Mock):
    """A missing key leads to 500 (ogx-ai/ogx#2990)."""

    def authorize(self, http: Request) -> Refusal | None:
        refusal = super().authorize(http)
        return refusal if refusal is None or http.headers.get("authorization") else evolve(refusal, status=500)


@fault("authorization.judged-before-body")
class BodyBeforeKey(Mock):
    """The body is judged before the key."""

    async def respond(self, http: Request) -> Response:
        if http.method == "POST":
            request = self.read(http, await http.body())
            refusal = request if isinstance(request, Refusal) else self.validate(request)
            if refusal is not None:
                return self.refuse(refusal)
        return await super().respond(http)


@fault("authorization.key-not-echoed")
class ShowsTheKey(Mock):
    """A wrong key is told the right one, as by llm-katan."""

    def authorize(self, http: Request) -> Refusal | None:
        refusal = super().authorize(http)
        return evolve(refusal, message=f"The API key is wrong, expected {self.key}.") if refusal else None


@fault("authorization.key-not-echoed")
class KeyInAHeader(Mock):
    """The key that was sent comes back in a header."""

    def json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
        return super().json(status, value, {**(headers or {}), "X-Caller": f"Bearer {self.key}"})


# What is refused


@fault("request.model-unknown-refused")
class ServesAnyModel(Mock):
    """Whatever model is asked for is served (ddalcu/mlx-serve#258)."""

    def validate(self, request: Any) -> Refusal | None:
        refusal = super().validate(request)
        return None if refusal and refusal.code == "model_not_found" else refusal


@fault("request.model-unknown-refused", "error.never-5xx")
class UnknownModelIs500(Mock):
    """An unknown model leads to 500."""

    def validate(self, request: Any) -> Refusal | None:
        refusal = super().validate(request)
        return evolve(refusal, status=500) if refusal and refusal.code == "model_not_found" else refusal


@fault(
    *(f"request.temperature-{keyword}" for keyword in ("type", "minimum", "maximum")),
    "error.never-5xx",
    "request.temperature-lenient-type",
)
class BadTemperatureIs500(Mock):
    """A bad temperature leads to 500 (ggml-org/llama.cpp#23463)."""

    def validate(self, request: Any) -> Refusal | None:
        refusal = super().validate(request)
        bad = refusal and refusal.param == "temperature" and not request.get("stream") and request["temperature"]
        return evolve(refusal, status=500) if refusal and bad is not None and bad else refusal


class Instead(Mock, ABC):
    """A mock that takes a bad body for the contract's example, or crashes."""

    status: int | None = None

    @abstractmethod
    def is_bad(self, http: Request, body: bytes) -> bool: ...

    def read(self, http: Request, body: bytes) -> Any:
        if not self.is_bad(http, body):
            return super().read(http, body)
        return Refusal(self.status, "Internal error.") if self.status else self.contract.example_request


@fault("body.malformed-json-refused")
class RepairsJson(Instead):
    """A body that lacks its last brace is accepted."""

    def is_bad(self, http: Request, body: bytes) -> bool:
        return body[:1] == b"{" and not body.endswith(b"}")


@fault("body.malformed-json-refused", "error.never-5xx")
class MalformedJsonIs500(RepairsJson):
    """A body that lacks its last brace leads to 500 (vllm-project/vllm#17036)."""

    status = 500


@fault("body.empty-refused")
class AcceptsNothing(Instead):
    """An empty body is answered with a completion."""

    def is_bad(self, http: Request, body: bytes) -> bool:
        return not body


@fault("body.empty-refused", "error.never-5xx")
class EmptyBodyIs500(AcceptsNothing):
    """An empty body leads to 500."""

    status = 500


@fault("body.wrong-media-type-refused")
class AnyMediaType(Instead):
    """The label of the body is not looked at."""

    def is_bad(self, http: Request, body: bytes) -> bool:
        return http.headers.get("content-type", "") == "text/plain"


@fault("body.wrong-media-type-refused", "error.never-5xx")
class WrongMediaTypeIs500(AnyMediaType):
    """A body that is labelled text/plain leads to 500."""

    status = 500


@fault("body.missing-media-type-undecided")
class CrashesWithoutMediaType(Instead):
    """A body without a label leads to 500."""

    status = 500

    def is_bad(self, http: Request, body: bytes) -> bool:
        return "content-type" not in http.headers


# The method


class OtherMethod(Mock, ABC):
    """A mock that does something of its own for another method than POST."""

    @abstractmethod
    def other(self) -> Response: ...

    async def respond(self, http: Request) -> Response:
        return await super().respond(http) if http.method == "POST" else self.other()


@fault("endpoint.method-refused")
class AnswersGet(OtherMethod):
    """Any method is answered with 200."""

    def other(self) -> Response:
        return self.json(200, {"status": "ok"})


@fault("endpoint.method-refused")
class GetIs404(OtherMethod):
    """Any other method is answered with 404."""

    def other(self) -> Response:
        return self.refuse(Refusal(404, "Not found."))


@fault("endpoint.method-refused")
class NoAllow(OtherMethod):
    """405 comes without Allow."""

    def other(self) -> Response:
        return self.refuse(Refusal(405, "Not allowed."))


# What an error says


class Error(Mock, ABC):
    """A mock whose errors have another body."""

    media_type = "application/json"

    @abstractmethod
    def body(self, refusal: Refusal) -> Any: ...

    def refuse(self, refusal: Refusal) -> Response:
        made = self.body(refusal)
        text = made if isinstance(made, str) else self.dumps(made)
        return Response(text, refusal.status, refusal.headers, media_type=self.media_type)


@fault("error.error-required", "endpoint.method-error-shape")
class FlatError(Error):
    """The members of the error stand at the top (vllm-project/vllm#12886)."""

    def body(self, refusal: Refusal) -> Any:
        return {"object": "error", "message": refusal.message, "type": refusal.type, "code": refusal.status}


@fault("error.error-required", "endpoint.method-error-shape")
class Detail(Error):
    """The error is called detail (openai/openai-node#1784)."""

    def body(self, refusal: Refusal) -> Any:
        return {"detail": refusal.message}


@fault("error.error-type", "endpoint.method-error-shape")
class ErrorIsText(Error):
    """The error is a text (microsoft/autogen#757)."""

    def body(self, refusal: Refusal) -> Any:
        return {"error": refusal.message}


@fault("error.error-code-type", "endpoint.method-error-shape")
class CodeIsANumber(Error):
    """The code is the status, as a number."""

    def body(self, refusal: Refusal) -> Any:
        return {"error": {"message": refusal.message, "type": refusal.type, "code": refusal.status}}


@fault("error.json", "endpoint.method-error-shape")
class Html(Error):
    """Errors are pages."""

    media_type = "text/html"

    def body(self, refusal: Refusal) -> Any:
        return f"<html><body><h1>{refusal.status}</h1></body></html>"


@fault("error.json", "endpoint.method-error-shape")
class ErrorWithoutBody(Error):
    """Errors have no body."""

    def body(self, refusal: Refusal) -> Any:
        return ""


@fault("error.json", "endpoint.method-error-shape")
class ErrorLabelledText(Error):
    """Errors are JSON, labelled text/plain."""

    media_type = "text/plain"

    def body(self, refusal: Refusal) -> Any:
        return {"error": {"message": refusal.message, "type": refusal.type}}


@fault("error.no-stack-trace")
class StackTrace(Error):
    """Errors show the stack."""

    def body(self, refusal: Refusal) -> Any:
        trace = 'Traceback (most recent call last):\n  File "app.py", line 7, in create\nValueError: bad'
        return {"error": {"message": trace, "type": refusal.type}}


@fault("request.model-unknown-refused", "error.never-5xx")
class UnknownModelIsABadGateway(Mock):
    """A gateway turns the refusal of an unknown model into 502."""

    def refuse(self, refusal: Refusal) -> Response:
        return super().refuse(evolve(refusal, status=502) if refusal.code == "model_not_found" else refusal)


@fault("request.model-unknown-refused", "error.never-5xx")
class UnknownModelIsUnavailable(Mock):
    """An unknown model is answered with 503, as if no server were available."""

    def refuse(self, refusal: Refusal) -> Response:
        return super().refuse(evolve(refusal, status=503) if refusal.code == "model_not_found" else refusal)
