"""Targets that do not play along: servers of raw sockets, each ended by the block that starts it."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import struct
import threading
import zlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, reduce

from attrs import define, field


@define
class Asked:
    """One request as a target sees it, and where to answer."""

    number: int
    """From 1."""
    head: bytes
    body: bytes
    reader: asyncio.StreamReader = field(repr=False)
    writer: asyncio.StreamWriter = field(repr=False)

    @property
    def streams(self) -> bool:
        return b'"stream": true' in self.body

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    def reset(self) -> None:
        self.writer.transport.abort()


Answer = Callable[[Asked], Awaitable[None]]


class Target:
    """A server that answers each request as `answer` does, and counts them."""

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None) -> None:
        self.answer, self.tls = answer, tls
        self.asked: list[Asked] = []
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def listen(self) -> str:
        """Begins to listen; returns the address."""
        self._server = await asyncio.start_server(self.serve, "127.0.0.1", 0, ssl=self.tls)
        scheme = "https" if self.tls else "http"
        return f"{scheme}://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop_listening(self) -> None:
        """Refuses connections from now on. asyncio cannot hand over one that it has just accepted to a server that is
        closed, and leaves it open: it gets the time for that."""
        if self._server is None:
            return
        for listening in self._server.sockets:
            asyncio.get_running_loop().remove_reader(listening.fileno())
        await asyncio.sleep(0)
        self._server.close()
        self._server = None

    async def stop(self) -> None:
        """Ends every connection too, whatever is still to be sent on it."""
        await self.stop_listening()
        for _ in range(5):  # until what was accepted is served
            await asyncio.sleep(0)
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await asyncio.sleep(0)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            await self._serve(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self._serving.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: *(\d+)", head)
                body = await reader.readexactly(int(length[1]) if length else 0)
                asked = Asked(len(self.asked) + 1, head, body, reader, writer)
                self.asked.append(asked)
                await self.answer(asked)
                if writer.is_closing():
                    break
        writer.close()


@contextmanager
def serving(target: Target) -> Iterator[str]:
    """The address of a target, as long as the block runs."""
    ready, stopped = threading.Event(), asyncio.Event()
    address: list[str] = []
    loops: list[asyncio.AbstractEventLoop] = []

    async def main() -> None:
        address.append(await target.listen())
        loops.append(asyncio.get_running_loop())
        ready.set()
        await stopped.wait()
        await target.stop()

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    ready.wait()
    try:
        yield address[0]
    finally:
        loops[0].call_soon_threadsafe(stopped.set)
        thread.join()


def response(body: bytes, *headers: bytes, status: bytes = b"200 OK", media_type: bytes = b"application/json") -> bytes:
    lines = [b"HTTP/1.1 " + status, b"Content-Type: " + media_type, b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join([*lines, b"", body])


def chunked(*headers: bytes, media_type: bytes = b"application/json") -> bytes:
    lines = [b"HTTP/1.1 200 OK", b"Content-Type: " + media_type, b"Transfer-Encoding: chunked", *headers]
    return b"\r\n".join([*lines, b"", b""])


def piece(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def completion(text: str = "Hello") -> bytes:
    message = {"role": "assistant", "content": text}
    return json.dumps(
        {
            "id": "chat-1",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }
    ).encode()


GZIP = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
"""The header of a gzip file that says nothing."""
LAST_BLOCK = b"\x03\0"
"""Of a deflate stream: an empty one."""


@cache
def bomb(mebibytes: int) -> bytes:
    """A JSON text of so much white space, a thousandth of it on the wire: one compressed piece, again and again."""
    space, squeeze = b" " * 2**20, zlib.compressobj(wbits=-zlib.MAX_WBITS)
    start, piece = (squeeze.compress(data) + squeeze.flush(zlib.Z_FULL_FLUSH) for data in (b"{", space))
    checksum = reduce(lambda before, _: zlib.crc32(space, before), range(mebibytes), zlib.crc32(b"{"))
    length = 1 + mebibytes * len(space)
    return GZIP + start + piece * mebibytes + LAST_BLOCK + struct.pack("<II", checksum, length)
