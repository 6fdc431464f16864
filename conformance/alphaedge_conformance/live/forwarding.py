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
from urllib.parse import urlsplit

from starlette.types import Message, Receive, Scope, Send

from .connections import Broke, Connection, Connections
from .headers import end_to_end, request_headers


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


class Upload:
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
                raise Broke("the client left")
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
        verify: ssl.SSLContext | None = None,
    ) -> None:
        """`origin` is scheme, host and port; `rewrite` makes the target of a request, path and query, the server's."""
        self._connections, self._host = Connections(origin, verify), urlsplit(origin).netloc.encode("ascii")
        self._rewrite, self._watch = rewrite, watch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        watcher = self._watch(scope)
        upload = Upload(receive, watcher)
        work = asyncio.create_task(self._pass(scope, upload, send, watcher))
        leaves = asyncio.create_task(upload.until_client_leaves())
        failure: str | None = "the proxy was stopped"
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
        connection: Connection | None = None
        try:
            connection = await self._connections.take()
            return await self._exchange(connection, scope, upload, send, watcher)
        except Broke as error:
            failure = f"no answer: {error}"
        finally:
            if connection is not None:
                self._connections.give_back(connection)
        if not upload.client_left:
            for message in bad_gateway(failure):
                await send(message)
        return failure

    async def _exchange(
        self, connection: Connection, scope: Scope, upload: Upload, send: Send, watcher: Watcher
    ) -> str | None:
        """Raises Broke where no answer comes; one that is not whole ends without an end, for the client too."""
        target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        headers = request_headers(scope["headers"], self._host)
        await connection.send(scope["method"], self._rewrite(target), headers, aiter(upload))
        status, came = await connection.answer()
        kept = end_to_end(came)
        watcher.starts(status, kept)
        await send({"type": "http.response.start", "status": status, "headers": kept})
        try:
            async for data in connection.pieces():
                watcher.answer(data)
                await send({"type": "http.response.body", "body": data, "more_body": True})
        except Broke as error:
            return f"the answer broke off: {error}"
        await send({"type": "http.response.body", "body": b""})
        return None

    def close(self) -> None:
        self._connections.close()


def bad_gateway(why: str) -> list[Message]:
    """The answer of a gateway whose server gives none."""
    error = {"message": f"The server behind this proxy gave {why}", "type": "bad_gateway", "param": None, "code": None}
    body = json.dumps({"error": error}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    return [
        {"type": "http.response.start", "status": 502, "headers": headers},
        {"type": "http.response.body", "body": body},
    ]
