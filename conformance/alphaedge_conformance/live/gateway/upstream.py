"""The upstream behind a gateway: the mock, which records what arrives and answers as a case wants it."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any

from attrs import define, field, frozen
from starlette.types import Receive, Scope, Send

from ...contract import Contract
from ...exchange.chat import OPERATION, asks_for_a_stream
from ...exchange.strict_json import Json, loads
from ...mock import Mock

BETWEEN_HALVES = 0.01
"""Seconds between two pieces of an event, so that they are not sent as one."""
JSON, EVENTS = "application/json", "text/event-stream"


@frozen
class Script:
    """How the upstream answers."""

    status: int = 200
    headers: Mapping[str, str] = field(factory=dict)
    message: str = ""
    """Of an error."""
    pause: float = 0.0
    """Seconds between two events."""
    repeats: int = 1
    """How many times the events with text are sent."""
    cut: bool = False
    """Whether an event with a character of several bytes comes in two pieces, cut inside it."""
    comments: bool = False
    """Whether comments stand between the events, and lines end with CRLF."""
    dies_after: int | None = None
    """Events, or halves of a completion, after which the connection breaks."""
    drops: bool = False
    """Whether the connection breaks before an answer."""
    compresses: bool = False


@define
class Arrival:
    """A request as it arrived, and what was answered."""

    at: float
    """Unix seconds."""
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    completion: Json | None = None
    chunks: list[Json] = field(factory=list)
    events: list[float] = field(factory=list)
    """When each event was sent, in Unix seconds."""
    left: float | None = None
    """When the gateway closed the connection before the end."""

    @property
    def request(self) -> Any:
        """Raises ValueError."""
        return loads(self.body)

    def header(self, name: str) -> str | None:
        return next((value for each, value in self.headers if each == name), None)


class Upstream(Mock):
    """An ASGI application; `script` is that of the case at hand."""

    def __init__(self, contract: Contract, key: str | None = None) -> None:
        super().__init__(contract, key)
        self.script = Script()
        self.arrivals: list[Arrival] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].endswith(OPERATION):
            await super().__call__(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        arrival = Arrival(time.time(), headers, body)
        self.arrivals.append(arrival)
        answering = asyncio.create_task(self._answer(arrival, self.script, send))
        leaving = asyncio.ensure_future(receive())
        await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            arrival.left = time.time()
            answering.cancel()
            with suppress(asyncio.CancelledError):
                await answering
        leaving.cancel()

    async def _answer(self, arrival: Arrival, script: Script, send: Send) -> None:
        if script.drops:
            await _break(send)
            return
        try:
            request = arrival.request
            reply = self.reply(request)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError):
            script, request = Script(400, message="This is not a request of the contract."), {}
        if script.status != 200:
            error = {"message": script.message, "type": "upstream_error", "param": None, "code": "kit"}
            await self._whole(json.dumps({"error": error}).encode(), script, send)
        elif asks_for_a_stream(request):
            arrival.chunks = self.chunks(request, reply)
            await self._stream(arrival, script, send)
        else:
            arrival.completion = self.completion(request, reply)
            body = self.dumps(arrival.completion).encode()
            await self._whole(body, script, send, "gzip" in (arrival.header("accept-encoding") or ""))

    async def _whole(self, body: bytes, script: Script, send: Send, may_compress: bool = False) -> None:
        headers = {"content-type": JSON, **script.headers}
        if script.compresses and may_compress:
            body, headers["content-encoding"] = gzip.compress(body), "gzip"
        headers["content-length"] = str(len(body))
        await _start(send, script.status, headers)
        if script.dies_after is not None:
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        else:
            await send({"type": "http.response.body", "body": body})

    async def _stream(self, arrival: Arrival, script: Script, send: Send) -> None:
        await _start(send, 200, {"content-type": EVENTS, **script.headers})
        sent = 0
        async for event in self._events(arrival, script):
            if sent == script.dies_after:
                return
            arrival.events.append(time.time())
            first, *others = _cut(event) if script.cut else [event]
            await send({"type": "http.response.body", "body": first, "more_body": True})
            for other in others:
                await asyncio.sleep(BETWEEN_HALVES)
                await send({"type": "http.response.body", "body": other, "more_body": True})
            sent += 1
        await send({"type": "http.response.body", "body": b""})

    async def _events(self, arrival: Arrival, script: Script) -> AsyncIterator[bytes]:
        first, *texts, last, usage = arrival.chunks
        arrival.chunks = [first, *(texts * script.repeats), last, usage]
        for data in [*map(self.dumps, arrival.chunks), "[DONE]"]:
            event = f"data: {data}\n\n"
            yield (f": kit\r\n\r\n{event}".replace("\n\n", "\r\n\r\n") if script.comments else event).encode()
            await asyncio.sleep(script.pause)


async def _start(send: Send, status: int, headers: Mapping[str, str]) -> None:
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})


def _cut(event: bytes) -> list[bytes]:
    """In two, inside its first character of several bytes, if it has one."""
    inside = next((at for at, byte in enumerate(event) if 0x80 <= byte < 0xC0), None)
    return [event] if inside is None else [event[:inside], event[inside:]]


async def _break(send: Send) -> None:
    """Closes the connection; ASGI has no word for that, so uvicorn's own transport does it."""
    send.__self__.transport.abort()  # type: ignore[attr-defined]
    await asyncio.sleep(BETWEEN_HALVES)
