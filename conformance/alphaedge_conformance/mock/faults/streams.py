"""Streams that are wrong: as text, as events, as chunks, as a whole."""

from __future__ import annotations

import asyncio
import json
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from typing import Any

from attrs import evolve
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ...exchange.strict_json import Json
from ..app import Mock
from ..endpoint import Refusal
from ..reply import Reply
from .fault import fault

Events = AsyncIterator[bytes]

BROKEN_OFF = ("stream.done", "stream.one-finish-reason", "stream.folds")
"""What a stream lacks that ends before its end."""


# The mode


@fault("request.stream-default")
class StreamsByDefault(Mock):
    """Without `stream` it streams (unslothai/unsloth#5047)."""

    def read(self, http: Request, body: bytes) -> Any:
        request = super().read(http, body)
        return {"stream": True, **request} if isinstance(request, dict) else request


@fault("request.stream-false")
class StreamsAlthoughFalse(Mock):
    """With `stream` false it streams (kaito-project/kaito#1880)."""

    def read(self, http: Request, body: bytes) -> Any:
        request = super().read(http, body)
        return {**request, "stream": True} if isinstance(request, dict) and request.get("stream") is False else request


@fault("request.stream-true")
class NeverStreams(Mock):
    """With `stream` true it sends one JSON object."""

    def read(self, http: Request, body: bytes) -> Any:
        request = super().read(http, body)
        return {**request, "stream": False} if isinstance(request, dict) and request.get("stream") is True else request


SHOULD_BE_REFUSED = ("request.messages-min-items", "message.role-enum", "request.max-tokens-minimum")


@fault("stream.refused-by-status", "request.model-unknown-refused", *SHOULD_BE_REFUSED)
class RefusesInsideTheStream(Mock):
    """An invalid request for a stream gets 200, and the error as an event."""

    async def respond(self, http: Request) -> Response:
        response = await super().respond(http)
        streams = re.search(rb'"stream": ?true', await http.body())
        if response.status_code not in (400, 404) or not streams:
            return response

        async def error() -> Events:
            yield self.event(bytes(response.body).decode())

        return self.stream(error())


@fault(*SHOULD_BE_REFUSED)
class TakesWhatItNeedNotRefuse(Mock):
    """What should be refused, and need not be, is answered, in streams too: no MUST is broken."""

    def read(self, http: Request, body: bytes) -> Any:
        request = super().read(http, body)
        if not isinstance(request, dict) or self.contract.broken_musts(self.contract.request_schema, request):
            return request
        example = self.contract.example_request | {"stream": request.get("stream", False)}
        return example if self.violations(request) else request


# The label and the lines


@fault("stream.media-type")
class StreamLabelledJson(Mock):
    """A stream is labelled application/json (microsoft/foundry-dev-tools#195)."""

    def stream(self, body: Events) -> Response:
        return StreamingResponse(body, media_type="application/json")


@fault("stream.media-type")
class StreamWithoutLabel(Mock):
    """A stream has no Content-Type (nearai/private-ml-sdk#20)."""

    def stream(self, body: Events) -> Response:
        return StreamingResponse(body)


@fault("stream.lines", "stream.data")
class LinesWithoutData(Mock):
    """Chunks are sent as lines without `data:` (comet-ml/opik#5149)."""

    def event(self, data: str) -> bytes:
        return super().event(data) if data == "[DONE]" else f"{data}\n\n".encode()


@fault("stream.lines", "stream.whole-characters")
class CharactersCutInTheStream(Mock):
    """Characters outside ASCII lose their last byte."""

    def event(self, data: str) -> bytes:
        return re.sub(rb"[\xc2-\xf4][\x80-\xbf]+", lambda found: found[0][:-1], super().event(data))


@fault("stream.data")
class KeepAliveAsData(Mock):
    """A keep-alive is sent as an event (anomalyco/opencode#50871)."""

    async def events(self, request: Json, reply: Reply) -> Events:
        yield self.event("keep-alive")
        async for event in super().events(request, reply):
            yield event


@fault("stream.data")
class PythonInsteadOfJson(Mock):
    """Chunks are sent as Python prints them."""

    async def events(self, request: Json, reply: Reply) -> Events:
        for chunk in self.chunks(request, reply):
            yield self.event(repr(chunk))
        yield self.event("[DONE]")


@fault("stream.data", "stream.done")
class EmptyStream(Mock):
    """A stream is empty."""

    async def events(self, request: Json, reply: Reply) -> Events:
        if reply.tokens == ("never",):
            yield b""


@fault(*BROKEN_OFF)
class CutByTheNextRequest(Mock):
    """A running stream ends when another request comes (abetlen/llama-cpp-python, `interrupt_requests`)."""

    came = 0

    async def respond(self, http: Request) -> Response:
        self.came += 1
        return await super().respond(http)

    async def events(self, request: Json, reply: Reply) -> Events:
        came = self.came
        async for event in super().events(request, reply):
            yield event
            if self.came != came:
                return


@fault("stream.data", *BROKEN_OFF)
class ErrorInTheStream(Mock):
    """Midway an error is sent as an event, and the stream ends (vllm-project/guidellm#743)."""

    async def events(self, request: Json, reply: Reply) -> Events:
        for chunk in self.chunks(request, reply)[:1]:
            yield self.event(self.dumps(chunk))
        yield self.event('{"error": {"message": "overloaded", "type": "server_error"}}')


@fault("stream.data", *BROKEN_OFF)
class HangsAfterAnError(ErrorInTheStream):
    """After an error the stream stays open (EricLBuehler/mistral.rs#1874)."""

    async def events(self, request: Json, reply: Reply) -> Events:
        async for event in super().events(request, reply):
            yield event
        await asyncio.sleep(2)


# The end


@fault("stream.done")
class NoDone(Mock):
    """[DONE] is missing (ikawrakow/ik_llama.cpp#467)."""

    def event(self, data: str) -> bytes:
        return b"" if data == "[DONE]" else super().event(data)


@fault("stream.done")
class DoneTwice(Mock):
    """[DONE] is sent twice."""

    def event(self, data: str) -> bytes:
        return super().event(data) * (2 if data == "[DONE]" else 1)


@fault("stream.done")
class DoneBeforeUsage(Mock):
    """The usage comes after [DONE]."""

    async def events(self, request: Json, reply: Reply) -> Events:
        *chunks, usage = self.chunks(request, reply)
        for chunk in chunks:
            yield self.event(self.dumps(chunk))
        yield self.event("[DONE]") + self.event(self.dumps(usage))


@fault("stream.done")
class DoneUnfinished(Mock):
    """[DONE] lacks the blank line that ends an event, so that a client never sees it."""

    def event(self, data: str) -> bytes:
        return b"data: [DONE]" if data == "[DONE]" else super().event(data)


@fault("stream.done")
class DoneInLowerCase(Mock):
    """The end is called [done]."""

    def event(self, data: str) -> bytes:
        return b": [done]\n\n" if data == "[DONE]" else super().event(data)


@fault("stream.ends")
class StaysOpen(Mock):
    """After [DONE] the connection stays open (EricLBuehler/mistral.rs#1874)."""

    async def events(self, request: Json, reply: Reply) -> Events:
        async for event in super().events(request, reply):
            yield event
        await asyncio.sleep(3)


@fault(*BROKEN_OFF)
class BreaksOff(Mock):
    """Midway the connection is closed (mozilla-ai/any-llm#847)."""

    async def events(self, request: Json, reply: Reply) -> Events:
        for chunk in self.chunks(request, reply)[:2]:
            yield self.event(self.dumps(chunk))
        raise ConnectionAbortedError


@fault("stream.incremental")
class Buffered(Mock):
    """The whole stream is sent at once when it is complete (router-for-me/CLIProxyAPI#460)."""

    async def events(self, request: Json, reply: Reply) -> Events:
        pace, self.tokens_per_second = self.tokens_per_second, None
        whole = b"".join([event async for event in super().events(request, reply)])
        self.tokens_per_second = pace
        await asyncio.sleep(0.6)
        yield whole


# The chunks together


class Changed(Mock, ABC):
    """A mock whose chunks are changed one by one."""

    @abstractmethod
    def change(self, number: int, chunk: Json) -> Json: ...

    def chunks(self, request: Json, reply: Reply) -> list[Json]:
        return [self.change(number, chunk) for number, chunk in enumerate(super().chunks(request, reply))]


@fault("stream.index-from-zero")
class StreamIndexFromOne(Changed):
    """The only choice has the index 1."""

    def change(self, number: int, chunk: Json) -> Json:
        return {**chunk, "choices": [{**choice, "index": 1} for choice in chunk["choices"]]}


@fault("stream.several-deltas")
class OneDelta(Mock):
    """The whole text comes in one delta."""

    def chunks(self, request: Json, reply: Reply) -> list[Json]:
        first, *texts, last, usage = super().chunks(request, reply)
        whole = {"index": 0, "delta": {"content": reply.text}, "finish_reason": None}
        return [first, *({**text, "choices": [whole]} for text in texts[:1]), last, usage]


class Deltas(Changed):
    """A mock that changes the text of each delta."""

    @abstractmethod
    def text(self, text: str) -> Any: ...

    def change(self, number: int, chunk: Json) -> Json:
        choices = [
            {**each, "delta": {**each["delta"], "content": self.text(each["delta"]["content"])}}
            if each["delta"].get("content")
            else each
            for each in chunk["choices"]
        ]
        return {**chunk, "choices": choices}


@fault("stream.whole-characters")
class EmojiReplaced(Deltas):
    """What does not fit into one token becomes replacement characters."""

    def text(self, text: str) -> Any:
        return "".join(sign if sign < "\U00010000" else "\ufffd\ufffd" for sign in text)


@fault("stream.whole-characters")
class HalvesOfEmoji(Mock):
    """A character outside the BMP comes in two deltas, half of a surrogate pair in each."""

    def chunks(self, request: Json, reply: Reply) -> list[Json]:
        found = []
        for chunk in super().chunks(request, reply):
            delta = chunk["choices"][0]["delta"] if chunk["choices"] else {}
            units = delta.get("content", "").encode("utf-16-be")
            halves = [units[at : at + 2].decode("utf-16-be", "surrogatepass") for at in range(0, len(units), 2)]
            if not any("\ud800" <= half <= "\udfff" for half in halves):
                found.append(chunk)
                continue
            for half in halves:
                found.append({**chunk, "choices": [{"index": 0, "delta": {"content": half}, "finish_reason": None}]})
        return found

    def event(self, data: str) -> bytes:
        return super().event(data if data == "[DONE]" else json.dumps(json.loads(data)))


@fault("delta.content-type")
class NumbersAsDeltas(Deltas):
    """A token that is a number is sent as one."""

    def text(self, text: str) -> Any:
        return int(text) if text.strip().isdecimal() and text.isascii() else text


@fault("stream.agrees-on-completion")
class CountsOneMoreInStreams(Mock):
    """A stream counts one token of the completion more, where the limit leaves room."""

    def chunks(self, request: Json, reply: Reply) -> list[Json]:
        chunks = super().chunks(request, reply)
        usage = chunks[-1]["usage"]
        if reply.finish_reason == "stop" and usage["completion_tokens"] < request.get("max_tokens", 10**6):
            used = usage["completion_tokens"] + 1
            usage |= {"completion_tokens": used, "total_tokens": usage["prompt_tokens"] + used}
        return chunks


@fault("finish-reason.length-when-cut-in-stream")
class CutStreamSaysStop(Changed):
    """A stream that was cut says that it ended by itself."""

    def change(self, number: int, chunk: Json) -> Json:
        choices = [{**each, "finish_reason": each["finish_reason"] and "stop"} for each in chunk["choices"]]
        return {**chunk, "choices": choices}


@fault(*BROKEN_OFF)
class LongStreamsBreakOff(Mock):
    """A stream of more than sixty chunks ends in the middle."""

    async def events(self, request: Json, reply: Reply) -> Events:
        number = 0
        async for event in super().events(request, reply):
            number += 1
            if number > 60:
                return
            yield event


@fault("stream.one-identity")
class IdChanges(Changed):
    """Each chunk has an id of its own (ggml-org/llama.cpp#5876)."""

    def change(self, number: int, chunk: Json) -> Json:
        return {**chunk, "id": f"{chunk['id']}-{number}"}


@fault("stream.one-identity")
class CreatedChanges(Changed):
    """`created` is the time of the chunk."""

    def change(self, number: int, chunk: Json) -> Json:
        return {**chunk, "created": chunk["created"] + number}


@fault("stream.one-identity")
class ModelChanges(Changed):
    """The last chunk names another model."""

    def change(self, number: int, chunk: Json) -> Json:
        return chunk if chunk["choices"] else {**chunk, "model": "base"}


@fault("stream.role-with-first-text", "stream.folds")
class NoRole(Changed):
    """No chunk has a role."""

    def change(self, number: int, chunk: Json) -> Json:
        return chunk if number else {**chunk, "choices": [{"index": 0, "delta": {"content": ""}}]}


@fault("stream.role-with-first-text")
class RoleAtTheEnd(Changed):
    """The role comes with the finish_reason."""

    def change(self, number: int, chunk: Json) -> Json:
        for choice in chunk["choices"]:
            choice["delta"].pop("role", None)
            if choice["finish_reason"]:
                choice["delta"]["role"] = "assistant"
        return chunk


@fault("stream.deltas")
class TextSoFar(Mock):
    """Each delta holds the text so far."""

    def chunks(self, request: Json, reply: Reply) -> list[Json]:
        text, chunks = "", super().chunks(request, reply)
        for chunk in chunks:
            for choice in chunk["choices"]:
                if choice["delta"].get("content"):
                    text += choice["delta"]["content"]
                    choice["delta"]["content"] = text
        return chunks


class Retold(Mock, ABC):
    """A mock that streams other pieces of a text than its tokens."""

    @abstractmethod
    def retell(self, tokens: tuple[str, ...]) -> tuple[str, ...]: ...

    def chunks(self, request: Json, reply: Reply) -> list[Json]:
        first, *rest = super().chunks(request, reply)
        retold = [{**first, "choices": [_saying(first, token)]} for token in self.retell(reply.tokens)]
        return [first, *retold, *rest[len(reply.tokens) :]]


def _saying(chunk: Json, text: str) -> Json:
    choice: Json = {**chunk["choices"][0], "delta": {"content": text}}
    return choice


@fault("stream.deltas")
class EachDeltaTwice(Retold):
    """Each delta is sent twice, as by a retry."""

    def retell(self, tokens: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(token for token in tokens for _ in range(2))


@fault("stream.deltas", "stream.same-text")
class AllAgainAtTheEnd(Retold):
    """The last delta is the whole text."""

    def retell(self, tokens: tuple[str, ...]) -> tuple[str, ...]:
        return (*tokens, "".join(tokens))


@fault("stream.same-text")
class LosesTheLastDelta(Retold):
    """What is left in a buffer at the end is not sent."""

    def retell(self, tokens: tuple[str, ...]) -> tuple[str, ...]:
        return tokens[:-1]


@fault("stream.same-text")
class StripsDeltas(Retold):
    """The white space around each delta is lost."""

    def retell(self, tokens: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(token.strip() for token in tokens)


@fault("stream.one-finish-reason", "stream.folds")
class NoFinishReason(Changed):
    """No finish_reason is ever sent (openclaw/openclaw#98575)."""

    def change(self, number: int, chunk: Json) -> Json:
        for choice in chunk["choices"]:
            choice["finish_reason"] = None
        return chunk


@fault("stream.one-finish-reason", "stream.nothing-after-finish")
class TwoFinishReasons(Mock):
    """The finish_reason is sent twice."""

    def chunks(self, request: Json, reply: Reply) -> list[Json]:
        *chunks, last, usage = super().chunks(request, reply)
        return [*chunks, last, last, usage]


@fault("stream.nothing-after-finish")
class TextAfterTheEnd(Mock):
    """Text comes after the finish_reason."""

    def chunks(self, request: Json, reply: Reply) -> list[Json]:
        role, *text, end, usage = super().chunks(request, reply)
        return [role, *text[:-1], end, *text[-1:], usage]


@fault("stream.nothing-after-finish")
class UsageWithAChoice(Mock):
    """The chunk with the usage has a choice, after the finish_reason."""

    def chunks(self, request: Json, reply: Reply) -> list[Json]:
        *chunks, usage = super().chunks(request, reply)
        return [*chunks, {**usage, "choices": [{"index": 0, "delta": {}}]}]


@fault("stream.folds")
class NoChoiceAtAll(Changed):
    """Every chunk has empty choices, so that a client has no answer."""

    def change(self, number: int, chunk: Json) -> Json:
        return {**chunk, "choices": []}


@fault("usage.total-is-the-sum")
class TotalWrongInStreams(Changed):
    """In a stream `total_tokens` leaves out the prompt."""

    def change(self, number: int, chunk: Json) -> Json:
        if "usage" in chunk:
            chunk["usage"]["total_tokens"] = chunk["usage"]["completion_tokens"]
        return chunk


@fault("usage.prompt-counted", "stream.agrees", "stream.agrees-on-completion")
class ZerosInEveryChunk(Changed):
    """Every chunk has a usage of zeros (mudler/LocalAI#1744)."""

    def change(self, number: int, chunk: Json) -> Json:
        zeros = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
        return {**chunk, "usage": zeros}


@fault("stream.agrees")
class PromptCountedOnceMoreInStreams(Changed):
    """A stream counts one prompt token more."""

    def change(self, number: int, chunk: Json) -> Json:
        if "usage" in chunk:
            chunk["usage"]["prompt_tokens"] += 1
            chunk["usage"]["total_tokens"] += 1
        return chunk


@fault("max-tokens.kept-in-stream")
class MaxTokensIgnoredInStreams(Mock):
    """A stream goes on past `max_tokens`."""

    def chunks(self, request: Json, reply: Reply) -> list[Json]:
        return super().chunks(request, evolve(self.reply({**request, "max_tokens": 99}), id=reply.id))


@fault("max-tokens.kept-in-stream")
class MaxTokensIgnoredWithoutUsage(MaxTokensIgnoredInStreams):
    """A stream goes on past `max_tokens`, and says nothing of its usage."""

    def chunks(self, request: Json, reply: Reply) -> list[Json]:
        return [chunk for chunk in super().chunks(request, reply) if "usage" not in chunk]


@fault("finish-reason.enum", "stream.one-finish-reason", "stream.nothing-after-finish")
class NullAsText(Changed):
    """Until the end finish_reason is the text "null" (PowerShell/AIShell#350)."""

    def change(self, number: int, chunk: Json) -> Json:
        for choice in chunk["choices"]:
            choice["finish_reason"] = choice["finish_reason"] or "null"
        return chunk


@fault("completion.id-unique")
class OneIdForAllStreams(Mock):
    """All streams have the same id."""

    def chunks(self, request: Json, reply: Reply) -> list[Json]:
        return super().chunks(request, evolve(reply, id="chat-stream"))


@fault("error.never-5xx")
class StreamRefusedWith500(Mock):
    """An invalid temperature is refused with 500, but only for a stream."""

    def validate(self, request: Any) -> Refusal | None:
        refusal = super().validate(request)
        if refusal and refusal.param == "temperature" and request.get("stream"):
            return evolve(refusal, status=500)
        return refusal


@fault("stream.data")
class DoneAlone(Mock):
    """A stream is [DONE], and nothing before it."""

    async def events(self, request: Json, reply: Reply) -> AsyncIterator[bytes]:
        yield self.event("[DONE]")
