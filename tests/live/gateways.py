"""Gateways: one that does what it should, some that are wrong in one way each, and some that are only unusual.

Each is a proxy of a dozen lines or less. `breaks` names every requirement that must fail, and no other may.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import httpx
from starlette.types import Receive, Scope, Send

from .traffic import PATH

KEY, UPSTREAM_KEY = "sk-of-the-client-0123456789-abcdef", "sk-of-the-upstream-9876543210-fedcba"
Json = dict[str, Any]
Headers = dict[str, str]


class Gateway:
    """Guards itself by a key, sends the upstream's, and changes nothing."""

    breaks: frozenset[str] = frozenset()
    profiles: tuple[str, ...] = ()
    """What has to be claimed for it to show."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        work = asyncio.create_task(self.handle(headers, body, send))
        leaves = asyncio.ensure_future(receive())
        await asyncio.wait({work, leaves}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            await self.client_left(work)
        leaves.cancel()

    async def client_left(self, work: asyncio.Task[None]) -> None:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work

    async def handle(self, headers: Headers, body: bytes, send: Send) -> None:
        if not self.lets_in(headers):
            await self.whole(send, 401, self.error("The key is wrong.", "authentication_error"))
            return
        request = self.request(json.loads(body))
        content = self.encode(request)
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            asked = http.build_request("POST", self.upstream + PATH, content=content, headers=self.forwarded(headers))
            try:
                response = await self.ask(http, asked)
            except httpx.HTTPError:
                await self.whole(send, 502, self.error("The upstream gave no answer.", "bad_gateway"))
                return
            try:
                if response.headers["content-type"].startswith("text/event-stream"):
                    await self.stream(response, send)
                else:
                    await self.plain(response, send)
            finally:
                await response.aclose()

    # Each step, for a fault to change

    def lets_in(self, headers: Headers) -> bool:
        return headers.get("authorization") == f"Bearer {KEY}"

    def request(self, request: Json) -> Json:
        return request

    def encode(self, request: Json) -> bytes:
        return json.dumps(request, ensure_ascii=False).encode()

    def forwarded(self, headers: Headers) -> Headers:
        return {
            "content-type": "application/json",
            "authorization": f"Bearer {UPSTREAM_KEY}",
            "accept-encoding": "gzip",
        }

    async def ask(self, http: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
        return await http.send(request, stream=True)

    async def plain(self, response: httpx.Response, send: Send) -> None:
        try:
            answer = json.loads(await response.aread())
        except httpx.HTTPError:
            await self.whole(send, 502, self.error("The answer broke off.", "bad_gateway"))
            return
        kept = {name: response.headers[name] for name in ("retry-after",) if name in response.headers}
        status = response.status_code
        await self.whole(send, status, self.refusal(answer) if status >= 400 else self.answer(answer), kept)

    def answer(self, answer: Json) -> Json:
        return answer

    def refusal(self, answer: Json) -> Json:
        return answer

    async def whole(self, send: Send, status: int, value: Any, headers: Headers | None = None) -> None:
        body = json.dumps(value).encode()
        headers = {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
        await self.start(send, status, headers)
        await send({"type": "http.response.body", "body": body})

    def error(self, message: str, type: str) -> Json:
        return {"error": {"message": message, "type": type, "param": None, "code": None}}

    async def start(self, send: Send, status: int, headers: Headers) -> None:
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})

    async def stream(self, response: httpx.Response, send: Send) -> None:
        await self.start(send, 200, {"content-type": "text/event-stream"})
        try:
            async for piece in self.pieces(response):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        except httpx.HTTPError:
            await self.broken(send)
            return
        await send({"type": "http.response.body", "body": b""})

    async def broken(self, send: Send) -> None:
        """Without an end: the server closes the connection."""

    async def pieces(self, response: httpx.Response) -> AsyncIterator[bytes]:
        async for piece in response.aiter_bytes():
            yield piece


async def events(response: httpx.Response) -> AsyncIterator[str]:
    """The data of each event. (httpx's own lines end at U+2028 too, which an event may contain.)"""
    rest = b""
    async for piece in response.aiter_bytes():
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line.startswith(b"data: "):
                yield line[6:].rstrip(b"\r").decode()


class Chunks(Gateway):
    """Reads a stream and writes it anew."""

    async def pieces(self, response: httpx.Response) -> AsyncIterator[bytes]:
        async for data in events(response):
            made = data if data == "[DONE]" else self.chunk(json.loads(data))
            if made is not None:
                yield f"data: {made if isinstance(made, str) else json.dumps(made)}\n\n".encode()

    def chunk(self, chunk: Json) -> Json | None:
        return chunk


FAULTY: dict[str, type[Gateway]] = {}
HARMLESS: dict[str, type[Gateway]] = {"does what it should": Gateway, "writes streams anew": Chunks}


def faulty(*breaks: str) -> Callable[[type[Gateway]], type[Gateway]]:
    def register(kind: type[Gateway]) -> type[Gateway]:
        kind.breaks = frozenset(f"gateway-{id}" for id in breaks)
        FAULTY[kind.__name__] = kind
        return kind

    return register


def harmless(kind: type[Gateway]) -> type[Gateway]:
    HARMLESS[kind.__name__] = kind
    return kind


# What arrives


@faulty("request.arrives-once")
class SendsTwice(Gateway):
    async def ask(self, http: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
        if b'"content": "Hello! word' in request.content and b"stream" not in request.content:
            response = await http.send(request, stream=True)
            if response.status_code == 200:
                await response.aclose()
                return await http.send(request, stream=True)
            return response
        return await http.send(request, stream=True)


@faulty("request.messages-as-sent")
class StripsTexts(Gateway):
    def request(self, request: Json) -> Json:
        stripped = [{**each, "content": each["content"].strip()} for each in request["messages"]]
        return {**request, "messages": stripped}


@faulty("request.messages-as-sent")
class DropsSystem(Gateway):
    def request(self, request: Json) -> Json:
        return {**request, "messages": [each for each in request["messages"] if each["role"] != "system"]}


@faulty("request.messages-as-sent")
class ReplacesEmoji(Gateway):
    def encode(self, request: Json) -> bytes:
        return "".join(
            char if ord(char) < 0x10000 else "?" for char in json.dumps(request, ensure_ascii=False)
        ).encode()


@faulty("request.large-as-sent")
class CutsLargeTexts(Gateway):
    def request(self, request: Json) -> Json:
        cut = [{**each, "content": each["content"][-100_000:]} for each in request["messages"]]
        return {**request, "messages": cut}


@faulty("request.model-named")
class DropsTheModel(Gateway):
    def request(self, request: Json) -> Json:
        return {name: value for name, value in request.items() if name != "model"}


@faulty("request.max-tokens-as-sent")
class CapsMaxTokens(Gateway):
    def request(self, request: Json) -> Json:
        return {name: min(value, 1024) if name == "max_tokens" else value for name, value in request.items()}


@faulty("request.temperature-as-sent")
class RoundsTemperature(Gateway):
    def request(self, request: Json) -> Json:
        return {name: round(value, 2) if name == "temperature" else value for name, value in request.items()}


@faulty("request.temperature-as-sent")
class DropsZero(Gateway):
    def request(self, request: Json) -> Json:
        return {name: value for name, value in request.items() if value or name != "temperature"}


@faulty("request.stream-as-sent", "request.no-parameter-added")
class AsksForStreams(Gateway):
    """Streams from the upstream whatever was asked for, and makes one answer of it."""

    def request(self, request: Json) -> Json:
        self.streams = request.get("stream") is True
        return {**request, "stream": True}

    async def stream(self, response: httpx.Response, send: Send) -> None:
        if self.streams:
            await super().stream(response, send)
            return
        try:
            chunks = [json.loads(data) async for data in events(response) if data != "[DONE]"]
        except httpx.HTTPError:
            await self.whole(send, 502, self.error("The answer broke off.", "bad_gateway"))
            return
        text = "".join(choice["delta"].get("content", "") for chunk in chunks for choice in chunk["choices"])
        await self.whole(send, 200, {**chunks[0], "object": "chat.completion", "choices": [{"text": text}]})


@faulty("request.no-parameter-added")
class AddsTemperature(Gateway):
    def request(self, request: Json) -> Json:
        return {"temperature": 0.7, **request}


@faulty("request.no-member-added")
class AddsAUser(Gateway):
    def request(self, request: Json) -> Json:
        return {"user": "gateway", **request}


@faulty("request.unknown-members-as-sent")
class DropsUnknownMembers(Gateway):
    def request(self, request: Json) -> Json:
        known = ("model", "messages", "max_tokens", "temperature", "stream")
        return {name: value for name, value in request.items() if name in known}


@faulty("request.unknown-members-as-sent")
class NumbersAsFloats(Gateway):
    """As a program in JavaScript does to integers beyond 2**53."""

    def request(self, request: Json) -> Json:
        loaded: Json = json.loads(json.dumps(request), parse_int=float)
        return loaded


@faulty("request.json")
class LabelsText(Gateway):
    def forwarded(self, headers: Headers) -> Headers:
        return {**super().forwarded(headers), "content-type": "text/plain"}


# What comes back


@faulty("request.profile-members-as-sent")
class DropsTools(Gateway):
    profiles = ("tools",)

    def request(self, request: Json) -> Json:
        return {name: value for name, value in request.items() if not name.startswith("tool")}


@faulty("request.profile-members-as-sent")
class DropsTheCallOfAResult(Gateway):
    profiles = ("tools",)

    def request(self, request: Json) -> Json:
        messages = [
            {name: value for name, value in each.items() if name != "tool_call_id"} for each in request["messages"]
        ]
        return {**request, "messages": messages}


@faulty("answer.profile-members-as-made")
class DropsProbabilities(Gateway):
    profiles = ("sampling",)

    def answer(self, answer: Json) -> Json:
        for choice in answer["choices"]:
            choice.pop("logprobs", None)
        return answer


@faulty("answer.profile-members-as-made")
class DropsStreamedCalls(Chunks):
    profiles = ("tools",)

    def chunk(self, chunk: Json) -> Json:
        for choice in chunk["choices"]:
            choice["delta"].pop("tool_calls", None)
        return chunk


@faulty("answer.status-kept")
class AnswersCreated(Gateway):
    async def start(self, send: Send, status: int, headers: Headers) -> None:
        await super().start(send, 201 if status == 200 and "content-length" in headers else status, headers)


@faulty("answer.media-type")
class AnswersText(Gateway):
    async def start(self, send: Send, status: int, headers: Headers) -> None:
        if status == 200 and "content-length" in headers:
            headers = {**headers, "content-type": "text/plain"}
        await super().start(send, status, headers)


@faulty("answer.content-as-made", "answer.compressed-readable")
class TrimsAnswers(Gateway):
    def answer(self, answer: Json) -> Json:
        message = answer["choices"][0]["message"]
        message["content"] = message["content"].rstrip('"')
        return answer


@faulty("answer.finish-reason-as-made")
class EndTurn(Gateway):
    def answer(self, answer: Json) -> Json:
        answer["choices"][0]["finish_reason"] = "end_turn"
        return answer


@faulty("answer.usage-as-made")
class CountsAnew(Gateway):
    def answer(self, answer: Json) -> Json:
        answer["usage"]["prompt_tokens"] += 1
        return answer


@faulty("answer.object-as-made")
class DropsObject(Gateway):
    def answer(self, answer: Json) -> Json:
        return {name: value for name, value in answer.items() if name != "object"}


@faulty("answer.identity-as-made")
class OwnIds(Gateway):
    def answer(self, answer: Json) -> Json:
        return {**answer, "id": f"gw-{uuid.uuid4().hex}"}


@faulty("answer.of-its-own-request", "answer.content-as-made", "answer.identity-as-made")
class MixesUp(Gateway):
    """Of two requests at once, each gets the answer of the other."""

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self.under_way, self.last = 0, dict[str, Any]()

    async def handle(self, headers: Headers, body: bytes, send: Send) -> None:
        self.under_way += 1
        await super().handle(headers, body, send)
        self.under_way -= 1

    def answer(self, answer: Json) -> Json:
        mine, self.last = self.last if self.under_way > 1 and self.last else answer, answer
        return mine


@faulty("answer.compressed-readable", "answer.status-kept")
class CompressedTwice(Gateway):
    """The label of a coding that was removed stays."""

    async def plain(self, response: httpx.Response, send: Send) -> None:
        coding = response.headers.get("content-encoding")
        if coding is None:
            await super().plain(response, send)
            return
        body = await response.aread()
        await self.start(send, 200, {"content-type": "application/json", "content-encoding": coding})
        await send({"type": "http.response.body", "body": body})


@faulty("answer.broken-not-whole")
class PatchesBrokenAnswers(Gateway):
    async def plain(self, response: httpx.Response, send: Send) -> None:
        try:
            await response.aread()
        except httpx.HTTPError:
            await self.whole(send, 200, {"object": "chat.completion", "choices": []})
            return
        await super().plain(response, send)


# Streams


@faulty("stream.media-type")
class LabelsStreamsText(Gateway):
    async def start(self, send: Send, status: int, headers: Headers) -> None:
        is_stream = headers["content-type"] == "text/event-stream"
        await super().start(send, status, {**headers, "content-type": "text/plain"} if is_stream else headers)


@faulty("stream.text-as-made")
class DecodesEachPiece(Gateway):
    async def pieces(self, response: httpx.Response) -> AsyncIterator[bytes]:
        async for piece in response.aiter_bytes():
            yield piece.decode("utf-8", "replace").encode()


@faulty("stream.text-as-made")
class DropsSpaces(Chunks):
    def chunk(self, chunk: Json) -> Json:
        for choice in chunk["choices"]:
            if "content" in choice["delta"]:
                choice["delta"]["content"] = choice["delta"]["content"].strip()
        return chunk


@faulty("stream.finish-reason-as-made")
class DropsFinishReasons(Chunks):
    def chunk(self, chunk: Json) -> Json:
        for choice in chunk["choices"]:
            choice["finish_reason"] = None
        return chunk


@faulty("stream.usage-as-made")
class DropsUsage(Chunks):
    def chunk(self, chunk: Json) -> Json | None:
        return chunk if chunk["choices"] else None


@faulty("stream.one-identity")
class NewIds(Chunks):
    def chunk(self, chunk: Json) -> Json:
        return {**chunk, "id": uuid.uuid4().hex}


@faulty("stream.done-kept")
class DropsDone(Chunks):
    async def pieces(self, response: httpx.Response) -> AsyncIterator[bytes]:
        async for piece in super().pieces(response):
            if b"[DONE]" not in piece:
                yield piece


@faulty("stream.done-kept")
class DoneTwice(Chunks):
    async def pieces(self, response: httpx.Response) -> AsyncIterator[bytes]:
        async for piece in super().pieces(response):
            yield piece * (1 + (b"[DONE]" in piece))


@faulty("stream.not-held-back", "stream.each-piece-passed-on")
class Buffers(Gateway):
    """As nginx by default, for answers that fit into its buffers."""

    async def pieces(self, response: httpx.Response) -> AsyncIterator[bytes]:
        yield b"".join([piece async for piece in response.aiter_bytes()])


@faulty("stream.each-piece-passed-on")
class GathersPieces(Gateway):
    async def pieces(self, response: httpx.Response) -> AsyncIterator[bytes]:
        gathered, number = b"", 0
        async for piece in response.aiter_bytes():
            gathered, number = gathered + piece, number + 1
            if number % 4 == 0:
                yield gathered
                gathered = b""
        yield gathered


@faulty("stream.broken-not-clean")
class EndsBrokenStreams(Gateway):
    async def broken(self, send: Send) -> None:
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})


@faulty("stream.refused-by-status")
class RefusesInsideTheStream(Gateway):
    def request(self, request: Json) -> Json:
        self.streams = request.get("stream") is True
        return request

    async def plain(self, response: httpx.Response, send: Send) -> None:
        if not self.streams:
            await super().plain(response, send)
            return
        await self.start(send, 200, {"content-type": "text/event-stream"})
        await send({"type": "http.response.body", "body": b"data: " + await response.aread() + b"\n\n"})


@faulty("stream.ends-when-the-client-leaves")
class GoesOnForNobody(Gateway):
    async def client_left(self, work: asyncio.Task[None]) -> None:
        await work


# Errors


@faulty("error.status-kept")
class EveryRefusalIs400(Gateway):
    async def start(self, send: Send, status: int, headers: Headers) -> None:
        await super().start(send, 400 if status in (404, 422, 429) else status, headers)


@faulty("error.failure-told")
class FailuresAre400(Gateway):
    async def start(self, send: Send, status: int, headers: Headers) -> None:
        await super().start(send, 400 if status >= 500 else status, headers)


@faulty("error.shape")
class Detail(Gateway):
    async def whole(self, send: Send, status: int, value: Any, headers: Headers | None = None) -> None:
        value = {"detail": value["error"]["message"]} if status >= 400 else value
        await super().whole(send, status, value, headers)


@faulty("error.message-kept")
class HidesMessages(Gateway):
    def refusal(self, answer: Json) -> Json:
        return self.error("Something went wrong.", "error")


@faulty("error.retry-after-kept")
class DropsRetryAfter(Gateway):
    async def whole(self, send: Send, status: int, value: Any, headers: Headers | None = None) -> None:
        await super().whole(send, status, value)


class Retries(Gateway):
    """Sends again at once, up to three times."""

    statuses: frozenset[int] = frozenset()

    async def ask(self, http: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
        for _ in range(2):
            response = await http.send(request, stream=True)
            if response.status_code not in self.statuses:
                return response
            await response.aclose()
        return await http.send(request, stream=True)


@faulty("error.refusal-not-retried")
class RetriesRefusals(Retries):
    statuses = frozenset({400, 404, 422})


@faulty("error.waits-before-retry")
class RetriesAtOnce(Retries):
    statuses = frozenset({429})


@faulty("error.failure-not-retried")
class RetriesFailures(Retries):
    statuses = frozenset({500, 503})


# Keys


@faulty("key.exchanged", "key.client-key-not-forwarded")
class ForwardsTheKey(Gateway):
    def forwarded(self, headers: Headers) -> Headers:
        return {**super().forwarded(headers), "authorization": headers["authorization"]}


@faulty("key.client-key-not-forwarded")
class ForwardsAllHeaders(Gateway):
    def forwarded(self, headers: Headers) -> Headers:
        return {**super().forwarded(headers), "x-forwarded-authorization": headers["authorization"]}


@faulty("key.upstream-key-not-leaked")
class ShowsTheKey(Gateway):
    async def start(self, send: Send, status: int, headers: Headers) -> None:
        await super().start(send, status, {**headers, "x-upstream-authorization": f"Bearer {UPSTREAM_KEY}"})


@faulty("key.wrong-key-refused")
class OpenDoor(Gateway):
    def lets_in(self, headers: Headers) -> bool:
        return True


# Unusual, and harmless


@harmless
class AliasesModels(Gateway):
    def request(self, request: Json) -> Json:
        return {**request, "model": f"provider/{request['model']}"}

    def answer(self, answer: Json) -> Json:
        return {**answer, "model": "alias"}


@harmless
class WritesJsonAnew(Gateway):
    def encode(self, request: Json) -> bytes:
        return json.dumps(request, indent=2, sort_keys=True).encode()


@harmless
class SaysTheDefaults(Gateway):
    def request(self, request: Json) -> Json:
        return {"stream": False, "max_tokens": None, "temperature": None, **request}


@harmless
class AddsHeaders(Gateway):
    def forwarded(self, headers: Headers) -> Headers:
        return {**super().forwarded(headers), "via": "1.1 gateway", "x-request-id": "1"}

    async def start(self, send: Send, status: int, headers: Headers) -> None:
        await super().start(send, status, {**headers, "via": "1.1 gateway", "server": "gateway"})


@harmless
class CompressesAnswers(Gateway):
    async def whole(self, send: Send, status: int, value: Any, headers: Headers | None = None) -> None:
        body = gzip.compress(json.dumps(value).encode())
        coded = {"content-type": "application/json; charset=utf-8", "content-encoding": "gzip", **(headers or {})}
        await self.start(send, status, coded)
        await send({"type": "http.response.body", "body": body})


@harmless
class AddsDetails(Gateway):
    def answer(self, answer: Json) -> Json:
        answer["usage"]["prompt_tokens_details"] = {"cached_tokens": 0}
        return {**answer, "provider": "upstream"}


@harmless
class ExplainsErrors(Gateway):
    def refusal(self, answer: Json) -> Json:
        error = answer["error"]
        return {"error": {**error, "message": f"upstream: {error['message']}", "provider": "x"}, "gateway": True}


@harmless
class SendsByteByByte(Gateway):
    async def pieces(self, response: httpx.Response) -> AsyncIterator[bytes]:
        async for piece in response.aiter_bytes():
            for start in range(0, len(piece), 50):
                yield piece[start : start + 50]


@harmless
class KeepsAlive(Chunks):
    async def pieces(self, response: httpx.Response) -> AsyncIterator[bytes]:
        yield b": keep-alive\r\n\r\n"
        async for piece in super().pieces(response):
            yield piece.replace(b"\n", b"\r\n")


@harmless
class TellsOfBrokenStreams(Gateway):
    async def broken(self, send: Send) -> None:
        error = json.dumps(self.error("The upstream died.", "bad_gateway")).encode()
        await send({"type": "http.response.body", "body": b"data: " + error + b"\n\ndata: [DONE]\n\n"})
