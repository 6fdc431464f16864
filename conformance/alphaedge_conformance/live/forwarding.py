"""Passes requests on to a server and its answers back, byte for byte and piece by piece.

Content codings are left alone. Nothing is held but the piece under way: the side that reads slowly slows the other
down. A client that leaves ends the request to the server; an answer that breaks off breaks off for the client too.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx
from starlette.types import Message, Receive, Scope, Send

from .headers import end_to_end, request_headers

CONNECT = 10.0
"""Seconds until there is a connection; nothing else is limited, since what passes is not ours."""
IDLE = 3.0
"""Seconds that a connection to the server is kept, less than most servers keep one."""


class Watcher:
    """Is told what passes; this one looks away."""

    def request(self, data: bytes) -> None:
        """A piece of the request."""

    def starts(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """The header section of the answer."""

    def answer(self, data: bytes) -> None:
        """A piece of the answer."""

    def ends(self, failure: str | None, client_left: bool) -> None:
        """The end, and why the answer is not whole if it is not."""


class Upload(httpx.AsyncByteStream):
    """The body of a request, a piece at a time, as the server takes it."""

    def __init__(self, receive: Receive, watcher: Watcher) -> None:
        self._receive, self._watcher = receive, watcher
        self._ended = asyncio.Event()
        self.client_left = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.client_left = True
                self._ended.set()
                raise httpx.WriteError("the client left")
            more = message.get("more_body", False)
            if data := message.get("body", b""):
                self._watcher.request(data)
                yield data
        self._ended.set()

    async def until_client_leaves(self) -> None:
        """Waits until the whole request is there, and then for the client to leave."""
        await self._ended.wait()
        while not self.client_left:
            self.client_left = (await self._receive())["type"] == "http.disconnect"


class Forwarder:
    """An ASGI application that stands for a server at another address."""

    def __init__(
        self,
        origin: str,
        rewrite: Callable[[bytes], bytes] = lambda target: target,
        watch: Callable[[Scope], Watcher] = lambda scope: Watcher(),
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        """`origin` is scheme, host and port; `rewrite` makes the target of a request, path and query, the server's."""
        self._url, self._host = httpx.URL(origin), urlsplit(origin).netloc.encode("ascii")
        self._rewrite, self._watch = rewrite, watch
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=IDLE)
        self._transport = httpx.AsyncHTTPTransport(verify=verify, limits=limits)
        self._timeout = httpx.Timeout(None, connect=CONNECT).as_dict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        watcher = self._watch(scope)
        upload = Upload(receive, watcher)
        work = asyncio.create_task(self._pass(scope, upload, send, watcher))
        leaves = asyncio.create_task(upload.until_client_leaves())
        failure: str | None = "the proxy was ended"
        try:
            await asyncio.wait({work, leaves}, return_when=asyncio.FIRST_COMPLETED)
            failure = work.result() if work.done() else "the client left"
        finally:
            leaves.cancel()
            if not work.done():
                work.cancel()
                with suppress(asyncio.CancelledError):
                    await work
            watcher.ends(failure, upload.client_left and failure is not None)

    async def _pass(self, scope: Scope, upload: Upload, send: Send, watcher: Watcher) -> str | None:
        """Why the answer is not whole, if it is not."""
        target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        extensions: dict[str, Any] = {"timeout": self._timeout, "target": self._rewrite(target)}
        headers = request_headers(scope["headers"], self._host)
        request = httpx.Request(scope["method"], self._url, headers=headers, stream=upload, extensions=extensions)
        try:
            answer = await self._transport.handle_async_request(request)
        except (httpx.HTTPError, ssl.SSLError) as error:
            failure = f"no answer: {_in_words(error)}"
            if not upload.client_left:
                for message in bad_gateway(failure):
                    await send(message)
            return failure
        try:
            kept = end_to_end(answer.headers.raw)
            watcher.starts(answer.status_code, kept)
            await send({"type": "http.response.start", "status": answer.status_code, "headers": kept})
            assert isinstance(answer.stream, httpx.AsyncByteStream)
            async for data in answer.stream:
                watcher.answer(data)
                await send({"type": "http.response.body", "body": data, "more_body": True})
        except httpx.HTTPError as error:
            return f"the answer broke off: {_in_words(error)}"  # without an end, so that the client's breaks off too
        finally:
            await answer.aclose()
        await send({"type": "http.response.body", "body": b""})
        return None

    async def aclose(self) -> None:
        await self._transport.aclose()


def bad_gateway(why: str) -> list[Message]:
    """The answer of a gateway whose server gives none."""
    error = {"message": f"The server behind this proxy gave {why}", "type": "bad_gateway", "param": None, "code": None}
    body = json.dumps({"error": error}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    return [
        {"type": "http.response.start", "status": 502, "headers": headers},
        {"type": "http.response.body", "body": body},
    ]


def _in_words(error: Exception) -> str:
    words: dict[type[Exception], str] = {
        httpx.ConnectError: "nothing listens there, or TLS failed",
        httpx.ConnectTimeout: f"no connection within {CONNECT:g} s",
        httpx.ReadError: "the connection was reset",
        httpx.WriteError: "the connection was reset",
        httpx.RemoteProtocolError: "the connection was closed, or it was not HTTP",
    }
    return words.get(type(error), type(error).__name__)
