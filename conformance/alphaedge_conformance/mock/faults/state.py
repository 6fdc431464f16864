"""Answers that depend on what was sent before, or at the same time, and counts that do not belong to them."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from typing import Any

from attrs import evolve, frozen
from starlette.requests import Request
from starlette.responses import Response

from ...exchange.strict_json import Json
from ..app import Mock
from ..endpoint import Refusal
from ..reply import Reply, tokenize
from .fault import fault

OWN, USABLE, GROWS = "completion.of-its-own-request", "endpoint.connection-kept-usable", "usage.prompt-grows"
AVAILABLE = "endpoint.stays-available"
COUNTED = "usage.completion-counted"


def control_of(mock: Mock, request: Json) -> bool:
    """Whether a request is the contract's own example, as the suite sends it, once more."""
    example = mock.contract.example_request["messages"]
    return request.get("messages") == example and request.get("max_tokens") == 16 and len(request) == 3


@fault("completion.id-unique")
class CachesAnswers(Mock):
    """The same request gets the same answer again, id and all."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.known: dict[str, Reply] = {}

    def reply(self, request: Json) -> Reply:
        if request.get("stream"):
            return super().reply(request)
        return self.known.setdefault(json.dumps(request, sort_keys=True), super().reply(request))


@fault(OWN)
class LeaksTheLastText(Mock):
    """An answer begins with what was asked before it."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.last = ""

    def reply(self, request: Json) -> Reply:
        reply, said = super().reply(request), str(request["messages"][-1]["content"])
        if "my word" not in said:
            return reply
        last, self.last = self.last, said
        words = (*tokenize(last), *reply.tokens)[: len(reply.tokens)] if last else reply.tokens
        return evolve(reply, tokens=words)


@fault("usage.prompt-repeats")
class CountsTheHistory(Mock):
    """The prompt of an earlier request is counted too."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.before = 0

    def reply(self, request: Json) -> Reply:
        reply = super().reply(request)
        if control_of(self, request):
            before, self.before = self.before, self.before + reply.prompt_tokens
            return evolve(reply, prompt_tokens=reply.prompt_tokens + before)
        return reply


class Spoils(Mock):
    """A mock on whose connections the control is not answered after something else."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.spoilt: set[Any] = set()

    def spoils(self, http: Request, request: Any, response: Response) -> bool:
        return False

    async def respond(self, http: Request) -> Response:
        client = http.scope["client"]
        request = self.read(http, await http.body()) if http.method == "POST" else None
        is_control = isinstance(request, dict) and control_of(self, request) and self.authorize(http) is None
        if client in self.spoilt and is_control:
            return self.refuse(Refusal(400, "Expected a request."))
        response = await super().respond(http)
        if self.spoils(http, request, response):
            self.spoilt.add(client)
        return response


@fault(USABLE)
class StreamSpoilsTheConnection(Spoils):
    """After a stream the next request on the connection is misread."""

    def spoils(self, http: Request, request: Any, response: Response) -> bool:
        return isinstance(request, dict) and request.get("stream") is True


@fault(USABLE)
class RefusedKeySpoilsTheConnection(Spoils):
    """After a refused key the next request on the connection is misread, since the body was left unread."""

    def spoils(self, http: Request, request: Any, response: Response) -> bool:
        return response.status_code == 401


@fault(USABLE)
class ErrorSpoilsTheConnection(Spoils):
    """After malformed JSON the next request on the connection is misread."""

    def spoils(self, http: Request, request: Any, response: Response) -> bool:
        return isinstance(request, Refusal) and response.status_code == 400


@fault(AVAILABLE)
class ColdAfterAHotAnswer(Mock):
    """After the highest temperature it is away for a second."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.away_until = 0.0

    async def respond(self, http: Request) -> Response:
        if time.monotonic() < self.away_until:
            return Response("<h1>503 Service Unavailable</h1>", 503, media_type="text/html")
        response = await super().respond(http)
        if b'"temperature": 2' in await http.body() and response.status_code == 200:
            self.away_until = time.monotonic() + 1
        return response


@frozen
class Miscounted(Reply):
    """A reply with another count of the completion."""

    counted: int = 0

    @property
    def usage(self) -> Json:
        total = self.prompt_tokens + self.counted
        return {"prompt_tokens": self.prompt_tokens, "completion_tokens": self.counted, "total_tokens": total}


def miscounted(reply: Reply, counted: int) -> Reply:
    own = (reply.model, reply.tokens, reply.finish_reason, reply.prompt_tokens, reply.created, reply.id)
    return Miscounted(*own, counted=counted)


@fault(COUNTED)
class CountsTheLimit(Mock):
    """completion_tokens is the limit."""

    def reply(self, request: Json) -> Reply:
        reply = super().reply(request)
        return miscounted(reply, int(request.get("max_tokens", len(reply.tokens))))


@fault(COUNTED, "finish-reason.stop-when-complete")
class CountsNoCompletion(Mock):
    """completion_tokens is zero."""

    def reply(self, request: Json) -> Reply:
        return miscounted(super().reply(request), 0)


class PromptCounted(Mock, ABC):
    """A mock that counts prompts in its own way."""

    @abstractmethod
    def count(self, texts: list[str]) -> int: ...

    def reply(self, request: Json) -> Reply:
        texts = [message["content"] for message in request["messages"]]
        return evolve(super().reply(request), prompt_tokens=self.count(texts))


@fault(GROWS)
class CountsTheLastMessage(PromptCounted):
    """Only the last message is counted."""

    def count(self, texts: list[str]) -> int:
        return 1 + len(tokenize(texts[-1]))


@fault(GROWS)
class CountsNoAssistant(Mock):
    """What the assistant said is not counted, beyond the first token."""

    def reply(self, request: Json) -> Reply:
        texts = [message["content"] for message in request["messages"] if message["role"] != "assistant"]
        return evolve(super().reply(request), prompt_tokens=1 + sum(1 + len(tokenize(text)) for text in texts))


@fault(GROWS)
class CountsTo256(PromptCounted):
    """A prompt counts 256 tokens at most."""

    def count(self, texts: list[str]) -> int:
        return min(256, sum(1 + len(tokenize(text)) for text in texts))


@fault(GROWS)
class CountsSpaces(PromptCounted):
    """What stands between spaces is one token."""

    def count(self, texts: list[str]) -> int:
        return sum(1 + text.count(" ") for text in texts)
