"""Connections to the server behind the proxy: HTTP/1.1 by h11, kept for the next request.

httpx does the same in more steps, and they cost a request more than everything else that the proxy does.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import h11

CONNECT = 10.0
"""Seconds until there is a connection; nothing else is limited, since what passes is not ours."""
IDLE = 3.0
"""Seconds that a connection is kept without use, less than most servers keep one."""
KEPT = 100
"""Connections that are kept without use."""
HEADERS = 100 * 2**10
"""Bytes of the header section of a message, at most."""
Headers = list[tuple[bytes, bytes]]


class Broke(Exception):
    """The server gave no answer, or none that is whole; why is its text."""


class Connection(asyncio.Protocol):
    """One connection. Reads no more than is asked for, and writes no more than the server takes."""

    def __init__(self) -> None:
        self._http = h11.Connection(h11.CLIENT, HEADERS)
        self._transport: asyncio.Transport
        self._waiter: asyncio.Future[None] | None = None
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._failure: str | None = None
        self._has_ended = False
        self.used = time.monotonic()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._http.receive_data(data)
        self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        if not self._has_ended:
            self._has_ended = True
            self._http.receive_data(b"")
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        if error is not None:
            self._failure = "the connection was reset"
        self._may_write.set()
        self.eof_received()

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # What the proxy calls

    async def send(self, method: str, target: bytes, headers: Headers, body: AsyncIterator[bytes]) -> None:
        """Sends a request. A server that answers before it has read all is no failure."""
        try:
            head = self._http.send(h11.Request(method=method, target=target, headers=headers)) or b""
            async for piece in body:
                self._transport.write(head + (self._http.send(h11.Data(data=piece)) or b""))  # as one segment
                head = b""
                await self._may_write.wait()
                if self._transport.is_closing():
                    return
            self._transport.write(head + (self._http.send(h11.EndOfMessage()) or b""))
        except h11.LocalProtocolError as error:
            raise Broke(f"the request cannot be sent ({error})") from None

    async def answer(self) -> tuple[int, Headers]:
        """The status and the header section."""
        while not isinstance(event := await self._event(), h11.Response):
            if not isinstance(event, h11.InformationalResponse) or event.status_code == 101:
                raise Broke("the connection was closed, or it was not HTTP")
        return event.status_code, list(event.headers)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body, as it comes."""
        while isinstance(event := await self._event(), h11.Data):
            yield bytes(event.data)

    async def _event(self) -> Any:
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError:
                raise Broke(self._failure or "the connection was closed, or it was not HTTP") from None
            if event is not h11.NEED_DATA:
                return event
            if self._failure is not None or self._has_ended:
                raise Broke(self._failure or "the connection was closed")
            self._waiter = asyncio.get_running_loop().create_future()
            self._transport.resume_reading()
            await self._waiter

    def is_ready(self) -> bool:
        """Whether it can be used again; makes it so."""
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE and not self._has_ended:
            self._http.start_next_cycle()
            self.used = time.monotonic()
            self._transport.resume_reading()
            return True
        return False

    def is_fresh(self) -> bool:
        """Whether nothing has come since, which could only be the end, and it has not been kept for too long."""
        is_quiet = not self._has_ended and self._http.trailing_data == (b"", False)
        return is_quiet and time.monotonic() - self.used < IDLE

    def close(self) -> None:
        self._transport.abort()


class Connections:
    """Those to one server."""

    def __init__(self, origin: str, verify: ssl.SSLContext | None = None) -> None:
        """`origin` is scheme, host and port."""
        parts = urlsplit(origin)
        self._host, self._is_secure = parts.hostname or "", parts.scheme == "https"
        self._port = parts.port or (443 if self._is_secure else 80)
        self._verify = verify
        self._idle: list[Connection] = []

    async def take(self) -> Connection:
        """One that is free, or a new one. Raises Broke."""
        while self._idle:
            kept = self._idle.pop()
            if kept.is_fresh():
                return kept
            kept.close()
        secure = (self._verify or ssl.create_default_context()) if self._is_secure else None
        try:
            async with asyncio.timeout(CONNECT):
                loop = asyncio.get_running_loop()
                _, made = await loop.create_connection(Connection, self._host, self._port, ssl=secure)
        except TimeoutError:
            raise Broke(f"no connection within {CONNECT:g} s") from None
        except ssl.SSLError as error:
            raise Broke(f"TLS failed ({error.reason or error})") from None
        except OSError:
            raise Broke("nothing listens there") from None
        return made

    def give_back(self, connection: Connection) -> None:
        """Keeps a connection for the next request, or closes one that is not at the end of an exchange."""
        if len(self._idle) < KEPT and connection.is_ready():
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()
