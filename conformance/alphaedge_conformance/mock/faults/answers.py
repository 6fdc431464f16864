"""Plain answers that are wrong: their form, their identity, their numbers, and what is accepted at all."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from itertools import pairwise
from typing import Any

from attrs import evolve
from starlette.requests import Request
from starlette.responses import Response

from ...exchange.strict_json import Json
from ..app import Mock
from ..endpoint import Refusal
from ..reply import Reply
from .fault import fault


class Plain(Mock, ABC):
    """A mock whose plain completions are changed."""

    @abstractmethod
    def change(self, request: Json, completion: Json) -> Json: ...

    def completion(self, request: Json, reply: Reply) -> Json:
        return self.change(request, super().completion(request, reply))


# The form


class Sent(Mock, ABC):
    """A mock whose plain answers are sent in another form."""

    @abstractmethod
    def send(self, body: bytes) -> Response: ...

    def json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
        made = super().json(status, value, headers)
        return self.send(bytes(made.body)) if status == 200 else made


@fault("request.stream-default", "request.stream-false")
class JsonLabelledStream(Sent):
    """One JSON object is labelled text/event-stream, with [DONE] after it (decolua/9router#3492)."""

    def send(self, body: bytes) -> Response:
        return Response(body + b"\n\ndata: [DONE]\n\n", media_type="text/event-stream")


@fault("completion.media-type")
class JsonLabelledText(Sent):
    """A completion is labelled text/plain."""

    def send(self, body: bytes) -> Response:
        return Response(body, media_type="text/plain")


@fault("completion.media-type")
class NoLabel(Sent):
    """A completion has no Content-Type (nearai/private-ml-sdk#20)."""

    def send(self, body: bytes) -> Response:
        return Response(body)


@fault("completion.strict-json")
class Truncated(Sent):
    """The last brace is missing."""

    def send(self, body: bytes) -> Response:
        return Response(body[:-1], media_type="application/json")


@fault("completion.strict-json")
class Latin1(Sent):
    """Text is sent in ISO 8859-1, which shows with the first accent."""

    def send(self, body: bytes) -> Response:
        return Response(body.decode().encode("latin-1", "replace"), media_type="application/json")


@fault("completion.strict-json")
class NotANumber(Plain):
    """A member is NaN, which Python writes and JSON does not know."""

    def change(self, request: Json, completion: Json) -> Json:
        return {**completion, "logprob": math.nan}


@fault("completion.type")
class InAList(Plain):
    """The completion comes in a list."""

    def change(self, request: Json, completion: Json) -> Any:
        return [completion]


@fault(*(f"completion.{name}-required" for name in ("id", "object", "model", "created", "choices", "usage")))
class ErrorWithStatus200(Plain):
    """At temperature 2 the answer is 200 with an error in it (runpod-workers/worker-vllm#57)."""

    def change(self, request: Json, completion: Json) -> Json:
        return {"error": {"message": "too hot"}} if request.get("temperature") == 2 else completion


# Identity and time


@fault("completion.id-unique")
class OneIdForAll(Mock):
    """All completions have the same id."""

    def reply(self, request: Json) -> Reply:
        return evolve(super().reply(request), id="chat-1")


@fault("completion.id-unique")
class IdByTheSecond(Mock):
    """The id is the time in seconds."""

    def reply(self, request: Json) -> Reply:
        reply = super().reply(request)
        return evolve(reply, id=f"chat-{reply.created}")


@fault("completion.created-now")
class Milliseconds(Mock):
    """`created` is in milliseconds."""

    def reply(self, request: Json) -> Reply:
        reply = super().reply(request)
        return evolve(reply, created=reply.created * 1000)


@fault("completion.created-now")
class TimeZone(Mock):
    """`created` is an hour ahead."""

    def reply(self, request: Json) -> Reply:
        reply = super().reply(request)
        return evolve(reply, created=reply.created + 3600)


@fault("completion.created-now")
class CreatedZero(Mock):
    """`created` is 0."""

    def reply(self, request: Json) -> Reply:
        return evolve(super().reply(request), created=0)


@fault("completion.created-type", "chunk.created-type")
class Fractions(Mock):
    """`created` has fractions of a second (BerriAI/litellm#4654)."""

    def reply(self, request: Json) -> Reply:
        reply = super().reply(request)
        return evolve(reply, created=reply.created + 0.25)


@fault("choice.index-from-zero")
class IndexFromOne(Plain):
    """The first choice has index 1."""

    def change(self, request: Json, completion: Json) -> Json:
        completion["choices"][0]["index"] = 1
        return completion


@fault("assistant-message.content-type")
class NullForNothing(Plain):
    """Where only a system message was sent, content is null."""

    def change(self, request: Json, completion: Json) -> Json:
        if request["messages"][-1]["role"] == "system":
            completion["choices"][0]["message"]["content"] = None
        return completion


# Tokens


@fault("usage.total-is-the-sum")
class TotalIsThePrompt(Plain):
    """`total_tokens` leaves out the answer (router-for-me/CLIProxyAPI#5733)."""

    def change(self, request: Json, completion: Json) -> Json:
        completion["usage"]["total_tokens"] = completion["usage"]["prompt_tokens"]
        return completion


@fault("usage.total-is-the-sum")
class TotalWrongWithEmoji(Plain):
    """With characters outside the BMP the total is one too many."""

    def change(self, request: Json, completion: Json) -> Json:
        text = json.dumps(request["messages"], ensure_ascii=False)
        completion["usage"]["total_tokens"] += any(ord(character) > 0xFFFF for character in text)
        return completion


@fault("usage.prompt-counted", "usage.prompt-grows")
class PromptNotCounted(Mock):
    """`prompt_tokens` is 0 (ai-dynamo/dynamo#1054)."""

    def reply(self, request: Json) -> Reply:
        return evolve(super().reply(request), prompt_tokens=0)


@fault("usage.prompt-grows")
class ConstantPrompt(Mock):
    """`prompt_tokens` is 10 for every prompt, as of LiteLLM with a canned answer."""

    def reply(self, request: Json) -> Reply:
        return evolve(super().reply(request), prompt_tokens=10)


@fault("max-tokens.kept", "max-tokens.kept-in-stream")
class MaxTokensIgnored(Mock):
    """`max_tokens` is ignored (vllm-project/vllm-omni#445)."""

    def reply(self, request: Json) -> Reply:
        return super().reply({**request, "max_tokens": 99})


@fault("max-tokens.kept", "max-tokens.kept-in-stream")
class OneTokenTooMany(Mock):
    """There is one token more than `max_tokens`."""

    def reply(self, request: Json) -> Reply:
        return super().reply({**request, "max_tokens": request.get("max_tokens", 99) + 1})


@fault("max-tokens.kept", "max-tokens.kept-in-stream")
class AtLeastTwoTokens(Mock):
    """`max_tokens` 1 gives two tokens."""

    def reply(self, request: Json) -> Reply:
        return super().reply({**request, "max_tokens": max(2, request.get("max_tokens", 99))})


@fault("finish-reason.length-when-cut", "finish-reason.length-when-cut-in-stream")
class StopWhenCut(Mock):
    """An answer that was cut says "stop" (ikawrakow/ik_llama.cpp#2321)."""

    def reply(self, request: Json) -> Reply:
        return evolve(super().reply(request), finish_reason="stop")


@fault("finish-reason.stop-when-complete")
class LengthAlways(Mock):
    """Every answer says "length"."""

    def reply(self, request: Json) -> Reply:
        return evolve(super().reply(request), finish_reason="length")


@fault("finish-reason.enum")
class EndTurn(Mock):
    """An answer that is complete says "end_turn" (vercel/modelfusion#343)."""

    def reply(self, request: Json) -> Reply:
        reply = super().reply(request)
        return evolve(reply, finish_reason="end_turn") if reply.finish_reason == "stop" else reply


@fault("finish-reason.enum")
class EmptyFinishReason(Plain):
    """finish_reason is "" (ollama/ollama#4357)."""

    def change(self, request: Json, completion: Json) -> Json:
        completion["choices"][0]["finish_reason"] = ""
        return completion


@fault("usage.total-is-the-sum")
class TotalWrongPastEightMessages(Plain):
    """Past eight messages the total leaves out the prompt."""

    def change(self, request: Json, completion: Json) -> Json:
        if len(request["messages"]) > 8:
            completion["usage"]["total_tokens"] = completion["usage"]["completion_tokens"]
        return completion


# What is accepted


@fault("request.messages-accepted", "request.large-never-5xx")
class CrashesPastEightMessages(Mock):
    """Past eight messages the server crashes."""

    def validate(self, request: Any) -> Refusal | None:
        refusal = super().validate(request)
        return refusal or (Refusal(500, "Internal error.") if len(request["messages"]) > 8 else None)


@fault("message.content-accepted", "error.never-5xx", "request.model-unknown-refused")
class CrashesOnNul(Mock):
    """A NUL in a text crashes the server."""

    def validate(self, request: Any) -> Refusal | None:
        crash = "\\u0000" in json.dumps(request)
        return Refusal(500, "Internal error.") if crash else super().validate(request)


@fault("completion.strict-json")
class TabsUnescaped(Sent):
    """Tabs stand in the JSON as they are."""

    def send(self, body: bytes) -> Response:
        return Response(body.replace(b"\\t", b"\t"), media_type="application/json")


class Refuses(Mock, ABC):
    """A mock that refuses something that the contract accepts."""

    @abstractmethod
    def dislikes(self, request: Json) -> bool: ...

    def validate(self, request: Any) -> Refusal | None:
        refusal = super().validate(request)
        return refusal or (Refusal(400, "This is not supported.") if self.dislikes(request) else None)


@fault("request.stream-accepted")
class RefusesStreams(Refuses):
    """`stream` true is refused, so that nothing can be said of streams."""

    def dislikes(self, request: Json) -> bool:
        return request.get("stream") is True


@fault("request.stream-accepted")
class RefusesStreamFalse(Refuses):
    """`stream` false is refused."""

    def dislikes(self, request: Json) -> bool:
        return request.get("stream") is False


@fault("request.max-tokens-accepted")
class NeedsMaxTokens(Refuses):
    """A request without `max_tokens` is refused."""

    def dislikes(self, request: Json) -> bool:
        return "max_tokens" not in request


@fault("message.content-accepted", "request.messages-accepted")
class RefusesEmptyText(Refuses):
    """A message without text is refused."""

    def dislikes(self, request: Json) -> bool:
        return not all(message["content"] for message in request["messages"])


@fault("message.role-accepted")
class RefusesSystemAlone(Refuses):
    """A conversation of a system message alone is refused."""

    def dislikes(self, request: Json) -> bool:
        return [message["role"] for message in request["messages"]] == ["system"]


@fault("request.messages-accepted")
class RefusesTwoOfOneRole(Refuses):
    """Two messages of one role in a row are refused."""

    def dislikes(self, request: Json) -> bool:
        roles = [message["role"] for message in request["messages"]]
        return any(first == second for first, second in pairwise(roles))


@fault("message.content-accepted", "error.never-5xx", "request.model-unknown-refused")
class CrashesOnEmoji(Mock):
    """Characters outside the BMP lead to 500."""

    def validate(self, request: Any) -> Refusal | None:
        text = json.dumps(request, ensure_ascii=False)
        crash = any(ord(character) > 0xFFFF for character in text)
        return Refusal(500, "Internal error.") if crash else super().validate(request)


@fault("request.temperature-accepted", "request.number-notation-accepted")
class WholeTemperaturesOnly(Refuses):
    """A temperature that is written as a float is refused."""

    def dislikes(self, request: Json) -> bool:
        return isinstance(request.get("temperature"), float)


@fault("request.null-undecided")
class CrashesOnNull(Mock):
    """Null for an optional parameter leads to 500 (ggml-org/llama.cpp#25515)."""

    def read(self, http: Request, body: bytes) -> Any:
        request = super().read(http, body)
        crash = isinstance(request, dict) and None in request.values()
        return Refusal(500, "Internal error.") if crash else request


@fault("request.unknown-member-undecided")
class CrashesOnUnknownMember(Mock):
    """An unknown member of the request leads to 500."""

    def validate(self, request: Any) -> Refusal | None:
        known = self.contract.at(self.contract.resolve(self.contract.request_schema))["properties"]
        crash = isinstance(request, dict) and not request.keys() <= known.keys()
        return Refusal(500, "Internal error.") if crash else super().validate(request)


@fault("request.model-required")
class CrashesWithoutModel(Mock):
    """A request without `model` leads to 500."""

    def validate(self, request: Any) -> Refusal | None:
        crash = isinstance(request, dict) and "model" not in request
        return Refusal(500, "Internal error.") if crash else super().validate(request)
