"""What they answer in another way than most."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from typing import Any

from attrs import evolve
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from ...exchange.strict_json import Json
from ..app import Mock
from ..endpoint import Refusal
from ..reply import Reply
from .registry import unusual

Events = AsyncIterator[bytes]


@unusual
class SaysOneWord(Mock):
    """The model says one word again and again, and its last words come in one delta, as where a text of `stop` may
    come."""

    def reply(self, request: Json) -> Reply:
        reply = super().reply(request)
        example = self.contract.example_request["messages"]
        return evolve(reply, tokens=(" sky",) * len(reply.tokens)) if request["messages"] == example else reply

    def chunks(self, request: Json, reply: Reply) -> list[Json]:
        held = max(1, len(reply.tokens) - 3)
        tokens = (*reply.tokens[:held], "".join(reply.tokens[held:]))
        usage = super().chunks(request, reply)[-1]
        return [*super().chunks(request, evolve(reply, tokens=tuple(filter(None, tokens))))[:-1], usage]


@unusual
class WordsThatBeginAlike(Mock):
    """The model says "a and and", where each word begins with the one before."""

    def reply(self, request: Json) -> Reply:
        reply = super().reply(request)
        is_example = request["messages"] == self.contract.example_request["messages"] and len(reply.tokens) > 3
        return evolve(reply, tokens=(" a", " and", " and"), finish_reason="stop") if is_example else reply


# Event streams as WHATWG allows them


@unusual
class SlowToBegin(Mock):
    """It is slow to begin with its first answers, as mlx-lm while it compiles, and then so fast that they come in one
    piece."""

    COLD = 2
    begun = 0

    async def events(self, request: Json, reply: Reply) -> Events:
        self.begun += 1
        if self.begun > self.COLD:
            async for event in super().events(request, reply):
                yield event
            return
        pace, self.tokens_per_second = self.tokens_per_second, None
        whole = b"".join([event async for event in super().events(request, reply)])
        self.tokens_per_second = pace
        await asyncio.sleep(0.6)
        yield whole


@unusual
class LinesEndInCrlf(Mock):
    """Lines end in CRLF."""

    def event(self, data: str) -> bytes:
        return super().event(data).replace(b"\n", b"\r\n")


@unusual
class LinesEndInCr(Mock):
    """Lines end in CR."""

    def event(self, data: str) -> bytes:
        return super().event(data).replace(b"\n", b"\r")


@unusual
class NoSpaceAfterColon(Mock):
    """`data:` has no space after it."""

    def event(self, data: str) -> bytes:
        return super().event(data).replace(b"data: ", b"data:", 1)


@unusual
class CommentsBetween(Mock):
    """Comments keep the connection alive, before the first event too."""

    async def events(self, request: Json, reply: Reply) -> Events:
        async for event in super().events(request, reply):
            yield b": keep-alive\n\n:\n" + event


@unusual
class OtherFields(Mock):
    """Events have an id and a type, and the stream says when to retry."""

    def event(self, data: str) -> bytes:
        return b"id: 7\nevent: message\nretry: 3000\n" + super().event(data)


@unusual
class ByteOrderMark(Mock):
    """A stream begins with a byte order mark."""

    async def events(self, request: Json, reply: Reply) -> Events:
        yield b"\xef\xbb\xbf"
        async for event in super().events(request, reply):
            yield event


@unusual
class DataOverSeveralLines(Mock):
    """The JSON of a chunk is indented, one `data` field a line."""

    def event(self, data: str) -> bytes:
        if data != "[DONE]":
            data = json.dumps(json.loads(data), ensure_ascii=False, indent=1)
        return "".join(f"data: {line}\n" for line in data.split("\n")).encode() + b"\n"


@unusual
class SplitAnywhere(Mock):
    """The bytes of a stream arrive a few at a time, characters cut through."""

    async def events(self, request: Json, reply: Reply) -> Events:
        whole = b"".join([event async for event in super().events(request, reply)])
        for start in range(0, len(whole), 97):
            yield whole[start : start + 97]
            await asyncio.sleep(0)


@unusual
class AllAtOnce(Mock):
    """A stream is so short that it fills one piece."""

    async def events(self, request: Json, reply: Reply) -> Events:
        pace, self.tokens_per_second = self.tokens_per_second, None
        yield b"".join([event async for event in super().events(request, reply)])
        self.tokens_per_second = pace


@unusual
class SlowTokens(Mock):
    """Tokens come slowly."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **{**named, "tokens_per_second": 60})


@unusual
class StreamLabelledUtf8(Mock):
    """The label of a stream has a parameter, and capitals."""

    def stream(self, body: Events) -> Response:
        return StreamingResponse(body, headers={"Content-Type": "Text/Event-Stream; Charset=UTF-8"})


# Chunks as clients take them


class Changed(Mock, ABC):
    """A mock whose chunks are changed together."""

    @abstractmethod
    def change(self, chunks: list[Json]) -> list[Json]: ...

    def chunks(self, request: Json, reply: Reply) -> list[Json]:
        return self.change(super().chunks(request, reply))


@unusual
class NoUsageInStreams(Changed):
    """A stream says nothing of its usage."""

    def change(self, chunks: list[Json]) -> list[Json]:
        return chunks[:-1]


@unusual
class UsageWithTheFinish(Changed):
    """The usage rides on the chunk with the finish_reason."""

    def change(self, chunks: list[Json]) -> list[Json]:
        *chunks, end, usage = chunks
        return [*chunks, {**end, "usage": usage["usage"]}]


@unusual
class NullUsageUntilTheEnd(Changed):
    """Every chunk has a usage, null until the end."""

    def change(self, chunks: list[Json]) -> list[Json]:
        return [{"usage": None, **chunk} for chunk in chunks]


@unusual
class RoleWithFirstText(Changed):
    """The role comes with the first text."""

    def change(self, chunks: list[Json]) -> list[Json]:
        first, second, *rest = chunks
        second["choices"][0]["delta"]["role"] = "assistant"
        return [second, *rest] if "content" in second["choices"][0]["delta"] else [first, second, *rest]


@unusual
class RoleInEveryDelta(Changed):
    """Every delta has the role."""

    def change(self, chunks: list[Json]) -> list[Json]:
        for chunk in chunks:
            for choice in chunk["choices"]:
                choice["delta"]["role"] = "assistant"
        return chunks


@unusual
class FinishWithTheLastText(Changed):
    """The finish_reason comes with the last text."""

    def change(self, chunks: list[Json]) -> list[Json]:
        *chunks, text, end, usage = chunks
        text["choices"][0]["finish_reason"] = end["choices"][0]["finish_reason"]
        return [*chunks, text, usage]


@unusual
class FinishReasonAbsentUntilTheEnd(Changed):
    """finish_reason is absent until the end, as with LiteLLM."""

    def change(self, chunks: list[Json]) -> list[Json]:
        for chunk in chunks:
            for choice in chunk["choices"]:
                if choice["finish_reason"] is None:
                    del choice["finish_reason"]
        return chunks


@unusual
class NullContentFirst(Changed):
    """The delta with the role has content null, as with llama.cpp."""

    def change(self, chunks: list[Json]) -> list[Json]:
        chunks[0]["choices"][0]["delta"]["content"] = None
        return chunks


@unusual
class RepeatingModel(Mock):
    """The model says the same word again and again, so that every delta is equal."""

    def reply(self, request: Json) -> Reply:
        reply = super().reply(request)
        return evolve(reply, tokens=tuple("ha" for _ in reply.tokens))


# Bodies and headers as HTTP and JSON allow them


@unusual
class UnknownMembersEverywhere(Mock):
    """Every object has members that the contract does not know."""

    def dumps(self, value: Any) -> str:
        return super().dumps(self.extended(value))

    def extended(self, value: Any) -> Any:
        if isinstance(value, dict):
            extra = {"x_extra": {"deep": [None]}, "service_tier": "default", "logprobs": None}
            return {**extra, **{name: self.extended(item) for name, item in value.items()}}
        return [self.extended(item) for item in value] if isinstance(value, list) else value


@unusual
class IndentedJson(Mock):
    """JSON is indented and ends in a newline, and errors name themselves in ASCII."""

    def json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
        body = json.dumps(value, indent=2) + "\n"
        return Response(body, status, {**(headers or {}), "Content-Type": "Application/JSON; charset=utf-8"})


@unusual
class Gzip(Mock):
    """Bodies are compressed, streams too."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await GZipMiddleware(super().__call__, minimum_size=0)(scope, receive, send)


@unusual
class GzipUnasked(Mock):
    """A completion is compressed in one piece."""

    def json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
        made = super().json(status, value, {**(headers or {}), "Content-Encoding": "gzip"})
        return Response(
            gzip.compress(bytes(made.body)), status, {**(headers or {}), "Content-Encoding": "gzip"}, "application/json"
        )


@unusual
class ClosesEachConnection(Mock):
    """Each connection serves one request."""

    def json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
        return super().json(status, value, {**(headers or {}), "Connection": "close"})

    def stream(self, body: Events) -> Response:
        return StreamingResponse(body, media_type="text/event-stream", headers={"Connection": "close"})


@unusual
class ThreeMinutesOff(Mock):
    """`created` is three minutes late."""

    def reply(self, request: Json) -> Reply:
        return evolve(super().reply(request), created=int(self.clock()) - 180)


@unusual
class ClockHoursOff(Mock):
    """The clock of the server is two hours slow, as its Date header shows."""

    def clock(self) -> float:
        return super().clock() - 7200


# What the contract leaves open


@unusual
class RefusesWith400Alone(Mock):
    """Every refusal of a body is 400."""

    def refuse(self, refusal: Refusal) -> Response:
        return super().refuse(evolve(refusal, status=400) if refusal.status in (404, 413, 415) else refusal)


@unusual
class RefusesWith422(Mock):
    """Every refusal of a request is 422, without param and code."""

    def refuse(self, refusal: Refusal) -> Response:
        status = 422 if refusal.status == 400 else refusal.status
        return self.json(status, {"error": {"message": refusal.message, "type": refusal.type}}, refusal.headers)


@unusual
class ServesADefaultModel(Mock):
    """Without `model` a default is served."""

    def read(self, http: Request, body: bytes) -> Any:
        request = super().read(http, body)
        return {"model": self.models[0], **request} if isinstance(request, dict) else request


@unusual
class ResolvesAnAlias(Mock):
    """The model in the answer is the one that the alias stands for."""

    def reply(self, request: Json) -> Reply:
        return evolve(super().reply(request), model=f"{request['model']}-2025-12-01")


@unusual
class NullMeansAbsent(Mock):
    """Null for an optional parameter is taken as its absence."""

    def read(self, http: Request, body: bytes) -> Any:
        request = super().read(http, body)
        if not isinstance(request, dict):
            return request
        optional = ("max_tokens", "temperature", "stream")
        return {name: value for name, value in request.items() if value is not None or name not in optional}


@unusual
class RefusesUnknownMembers(Mock):
    """An unknown member of the request is refused."""

    def validate(self, request: Any) -> Refusal | None:
        known = self.contract.at(self.contract.resolve(self.contract.request_schema))["properties"]
        unknown = sorted(request.keys() - known.keys()) if isinstance(request, dict) else []
        return Refusal(400, f"{unknown[0]} is unknown.", param=unknown[0]) if unknown else super().validate(request)


@unusual
class EndsItselfAtTheLimit(Mock):
    """The answer to "Hello!" is one token long, and so is complete at `max_tokens` 1."""

    def reply(self, request: Json) -> Reply:
        reply = super().reply(request)
        return evolve(reply, tokens=("Hi",), finish_reason="stop") if "Hello" in reply.text else reply


@unusual
class EndsByChanceAtTheLimit(Mock):
    """The model ends where it likes, even at temperature 0: once just where it would be cut, as with xpyd-sim."""

    def reply(self, request: Json) -> Reply:
        reply = super().reply(request)
        return evolve(reply, finish_reason="stop") if request.get("max_tokens") in (4, 8) else reply


@unusual
class LimitOfItsOwn(Mock):
    """Without `max_tokens` the server cuts after four tokens, and says so, as with llama-server's --predict."""

    def reply(self, request: Json) -> Reply:
        return super().reply({"max_tokens": 4, **request})


@unusual
class AnswersDifferently(Mock):
    """The same request gets another answer each time."""

    def reply(self, request: Json) -> Reply:
        reply = super().reply(request)
        keep = 1 + time.time_ns() % max(1, len(reply.tokens))
        return evolve(reply, tokens=reply.tokens[:keep], finish_reason="stop") if keep < len(reply.tokens) else reply


class Counted(Mock):
    """A mock that counts its requests."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.requests = 0


@unusual
class EveryThirdIs429(Counted):
    """Every third request is rate-limited, and may be retried."""

    async def respond(self, http: Request) -> Response:
        self.requests += 1
        if self.requests % 3 == 0:
            return self.refuse(Refusal(429, "Too many requests.", "rate_limit_error", headers={"Retry-After": "0"}))
        return await super().respond(http)


@unusual
class GatewayHiccups(Mock):
    """A gateway loses each refusal once, and passes it on when it is asked again."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.lost: set[bytes] = set()

    async def respond(self, http: Request) -> Response:
        body = await http.body()
        response = await super().respond(http)
        if response.status_code in (400, 404, 415) and http.method == "POST" and body not in self.lost:
            self.lost.add(body)
            return Response("<h1>502 Bad Gateway</h1>", 502, media_type="text/html")
        return response


@unusual
class GatewayAnswers502ToEveryNinth(Mock):
    """A gateway whose connection to the server is gone when it takes the ninth request of each, valid or not."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.seen = 0

    async def respond(self, http: Request) -> Response:
        self.seen += 1
        if self.seen % 9 == 0:
            return Response("<h1>502 Bad Gateway</h1>", 502, media_type="text/html")
        return await super().respond(http)


@unusual
class GatewayLosesEverySeventh(Mock):
    """A gateway loses every seventh request, whatever it is, and passes it on when it is asked again."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.seen = 0

    async def respond(self, http: Request) -> Response:
        self.seen += 1
        if self.seen % 7 == 0:
            return Response("<h1>503 Service Unavailable</h1>", 503, media_type="text/html")
        return await super().respond(http)


@unusual
class TakesFourAtATime(Mock):
    """While it answers four requests, a gateway before it answers 503 to all others, with no time to come back at."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.busy = 0

    async def respond(self, http: Request) -> Response:
        if self.busy >= 4:
            return Response("<h1>503 Service Unavailable</h1>", 503, media_type="text/html")
        self.busy += 1
        try:
            await asyncio.sleep(0.02)
            return await super().respond(http)
        finally:
            self.busy -= 1


@unusual
class StreamKeepsTheLastLineEnd(Mock):
    """The text of a plain answer is trimmed; a stream has the line end that the model made last."""

    def chunks(self, request: Json, reply: Reply) -> list[Json]:
        *chunks, end, usage = super().chunks(request, reply)
        (choice,) = end["choices"]
        last = {**end, "choices": [{**choice, "delta": {"content": "\n"}, "finish_reason": None}]}
        return [*chunks, last, end, usage]


@unusual
class TwoChoices(Mock):
    """Each answer has two choices, though nobody asked for more than one."""

    def completion(self, request: Json, reply: Reply) -> Any:
        made = super().completion(request, reply)
        return {**made, "choices": [*made["choices"], {**made["choices"][0], "index": 1}]}

    def chunks(self, request: Json, reply: Reply) -> list[Json]:
        return [each for chunk in super().chunks(request, reply) for each in _for_both(chunk)]


def _for_both(chunk: Json) -> list[Json]:
    """A chunk, and the same for the second choice; one of usage alone is for both."""
    second = [{**choice, "index": 1} for choice in chunk["choices"]]
    return [chunk, {**chunk, "choices": second}] if second else [chunk]


@unusual
class AllowOnTwoLines(Mock):
    """The methods of the path are named in two header lines, POST in the second."""

    async def respond(self, http: Request) -> Response:
        response = await super().respond(http)
        if response.status_code == 405:
            response.headers["allow"] = "OPTIONS"
            response.headers.append("allow", "POST")
        return response


@unusual
class ProblemDetails(Mock):
    """Errors are labelled as problem details (RFC 9457)."""

    async def respond(self, http: Request) -> Response:
        response = await super().respond(http)
        if response.status_code >= 400:
            response.headers["content-type"] = "application/problem+json"
        return response
