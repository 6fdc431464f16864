"""What a call costs and holds: requests are sent once, connections are closed, and waiting is counted fairly."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

import alphaedge._stream as stream_module
from alphaedge import (
    AlphaEdge,
    AlphaEdgeError,
    APIConnectionError,
    APIStreamError,
    APITimeoutError,
    AsyncAlphaEdge,
    AuthenticationError,
    InternalServerError,
)
from alphaedge._transport import SHORTEST_WAIT, waiting_at_most
from alphaedge_conformance.contract import Contract
from alphaedge_conformance.mock import Mock

from .conftest import GREETING, HELLO, KEY, Serve
from .test_streams import END, STREAM, data, piece


class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body of these pieces, for both clients; an exception among them is raised. Knows whether it was closed."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces, self.is_closed = pieces, False

    def __iter__(self) -> Iterator[bytes]:
        for item in self.pieces:
            if isinstance(item, Exception):
                raise item
            yield item

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for item in self:
            yield item

    def close(self) -> None:
        self.is_closed = True

    async def aclose(self) -> None:
        self.is_closed = True


class Server:
    """Answers every request with such a body, and counts."""

    def __init__(self, *pieces: bytes | Exception, status: int = 200, media_type: str = "application/json") -> None:
        self.pieces, self.status, self.media_type = pieces, status, media_type
        self.bodies: list[Body] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(Body(*self.pieces))
        return httpx.Response(self.status, headers={"content-type": self.media_type}, stream=self.bodies[-1])

    def client(self, **options: Any) -> AlphaEdge:
        return AlphaEdge(KEY, http_client=httpx.Client(transport=httpx.MockTransport(self.answer)), **options)

    def async_client(self, **options: Any) -> AsyncAlphaEdge:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self.answer))
        return AsyncAlphaEdge(KEY, http_client=http, **options)

    def call(self, is_async: bool, **options: Any) -> Any:
        if is_async:

            async def main() -> Any:
                return await self.async_client(**options).chat.completions.create(**HELLO)

            return asyncio.run(main())
        return self.client(**options).chat.completions.create(**HELLO)


both = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
broken = pytest.mark.parametrize(
    "error", [httpx.ReadError("gone"), httpx.RemoteProtocolError("peer closed connection")], ids=["reset", "cut"]
)


@both
@broken
def test_an_answer_that_breaks_midway_is_asked_for_once(is_async: bool, error: Exception, pauses: list[float]) -> None:
    server = Server(b'{"id": "chat-1", ', error)
    with pytest.raises(APIConnectionError, match="the connection broke"):
        server.call(is_async)
    assert (len(server.bodies), pauses) == (1, [])
    assert server.bodies[0].is_closed


@both
@broken
@pytest.mark.parametrize(("status", "kind"), [(401, AuthenticationError), (503, InternalServerError)])
def test_a_refusal_that_breaks_midway_is_asked_for_once(
    status: int, kind: type[Exception], error: Exception, is_async: bool, pauses: list[float]
) -> None:
    server = Server(b"half of a sen", error, status=status)
    with pytest.raises(kind, match="half of a sen") as caught:
        server.call(is_async)
    assert caught.value.__cause__ is error
    assert (len(server.bodies), pauses) == (1, [])
    assert server.bodies[0].is_closed


@both
def test_a_body_that_cannot_be_decompressed_is_closed(is_async: bool) -> None:
    server = Server(b"plain")
    answer = server.answer

    def compressed(request: httpx.Request) -> httpx.Response:
        response = answer(request)
        response.headers["content-encoding"] = "gzip"
        return response

    server.answer = compressed  # type: ignore[method-assign]
    with pytest.raises(AlphaEdgeError, match="decompressed"):
        server.call(is_async)
    assert [body.is_closed for body in server.bodies] == [True]


def test_the_same_of_a_hook_that_reads_the_body(served: Serve, pauses: list[float]) -> None:
    asked: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        asked.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"999")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        raise ConnectionError

    with httpx.Client(event_hooks={"response": [lambda response: response.read() and None]}) as http:
        client = AlphaEdge(KEY, base_url=served(app), http_client=http)
        with pytest.raises(APIConnectionError):
            client.chat.completions.create(**HELLO)
    assert (len(asked), pauses) == (1, [])

    async def read(response: httpx.Response) -> None:
        await response.aread()

    async def main(url: str) -> None:
        async with httpx.AsyncClient(event_hooks={"response": [read]}) as http:
            with pytest.raises(APIConnectionError):
                await AsyncAlphaEdge(KEY, base_url=url, http_client=http).chat.completions.create(**HELLO)

    asyncio.run(main(served(app)))
    assert (len(asked), pauses) == (2, [])


# A stream and its client


class Slow(Mock):
    """Gives the program time to lose its client between two events."""

    async def events(self, request: Any, reply: Any) -> AsyncIterator[bytes]:
        async for event in super().events(request, reply):
            yield event
            await asyncio.sleep(0.02)


def test_a_stream_outlives_the_name_of_its_client(served: Serve) -> None:
    url = served(Slow(Contract.load(), KEY))

    def begun() -> Any:
        return AlphaEdge(KEY, base_url=url).chat.completions.create(**HELLO, stream=True)

    def raw() -> Any:
        client = AlphaEdge(KEY, base_url=url)
        return client.chat.completions.with_raw_response.create(**HELLO, stream=True)

    stream, chunks, texts, answer = begun(), iter(begun()), begun().text(), raw()
    gc.collect()
    assert stream.final_completion().choices[0].message.content == GREETING
    assert len(list(chunks)) > 5
    assert "".join(texts) == GREETING
    assert answer.parse().final_completion().choices[0].message.content == GREETING


def test_an_awaited_stream_outlives_the_name_of_its_client(served: Serve) -> None:
    url = served(Slow(Contract.load(), KEY))

    async def begun() -> tuple[Any, Any]:
        client = AsyncAlphaEdge(KEY, base_url=url)
        return await client.chat.completions.create(**HELLO, stream=True), client._http

    async def main() -> str:
        stream, http = await begun()
        gc.collect()
        whole = await stream.final_completion()
        await http.aclose()  # nobody else does: a client that nobody holds cannot wait for its connections to close
        return str(whole.choices[0].message.content)

    assert asyncio.run(main()) == GREETING


def endless() -> Server:
    return Server(*[piece("a")] * 100, media_type=STREAM)


def test_a_stream_that_is_dropped_is_closed() -> None:
    server = endless()
    create = server.client().chat.completions.create
    create(**HELLO, stream=True)  # before the first chunk
    iter(create(**HELLO, stream=True))
    create(**HELLO, stream=True).text()
    next(create(**HELLO, stream=True))
    next(create(**HELLO, stream=True).text())
    server.client().chat.completions.with_raw_response.create(**HELLO, stream=True)
    assert [body.is_closed for body in server.bodies] == [True] * 6


def test_an_awaited_stream_that_is_dropped_is_closed() -> None:
    server = endless()

    async def main() -> None:
        create = server.async_client().chat.completions.create
        await create(**HELLO, stream=True)
        await anext(await create(**HELLO, stream=True))
        (await create(**HELLO, stream=True)).text()
        for _ in range(5):
            await asyncio.sleep(0)  # the event loop closes it
        assert [body.is_closed for body in server.bodies] == [True] * 3

    asyncio.run(main())


def test_a_stream_that_is_still_held_is_closed_by_its_block() -> None:
    server = endless()
    create = server.client().chat.completions.create
    with create(**HELLO, stream=True) as stream:
        for _ in stream:
            break
        assert not server.bodies[0].is_closed
    assert server.bodies[0].is_closed
    with create(**HELLO, stream=True):
        pass
    assert server.bodies[1].is_closed

    async def main() -> None:
        create = server.async_client().chat.completions.create
        async with await create(**HELLO, stream=True) as stream:
            async for _ in stream:
                break
        assert server.bodies[2].is_closed
        async with await create(**HELLO, stream=True):
            pass
        assert server.bodies[3].is_closed

    asyncio.run(main())


# Idle time


class Clock:
    """The time as the client sees it; a body that waits moves it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Waits(Body):
    """Waits so many seconds before each piece."""

    def __init__(self, clock: Clock, seconds: float, *pieces: bytes) -> None:
        super().__init__(*pieces)
        self.clock, self.seconds = clock, seconds

    def __iter__(self) -> Iterator[bytes]:
        for item in super().__iter__():
            self.clock.now += self.seconds
            yield item


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(stream_module, "monotonic", made)
    return made


def read_slowly(body: Body, clock: Clock, pause: float, is_async: bool, timeout: float = 10) -> str:
    """The text of a stream whose reader pauses at the beginning and after each piece of it."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-type": STREAM}, stream=body)

    transport = httpx.MockTransport(answer)
    text = ""
    if not is_async:
        client = AlphaEdge(KEY, http_client=httpx.Client(transport=transport), timeout=timeout)
        stream = client.chat.completions.create(**HELLO, stream=True)
        clock.now += pause
        for new in stream.text():
            text += new
            clock.now += pause
        return text

    async def main() -> str:
        text = ""
        client = AsyncAlphaEdge(KEY, http_client=httpx.AsyncClient(transport=transport), timeout=timeout)
        stream = await client.chat.completions.create(**HELLO, stream=True)
        clock.now += pause
        async for new in stream.text():
            text += new
            clock.now += pause
        return text

    return asyncio.run(main())


COMMENT = b": still here\n\n"


@both
def test_a_reader_that_pauses_is_no_timeout(is_async: bool, clock: Clock) -> None:
    body = Waits(clock, 1, COMMENT, piece("a"), COMMENT, piece("b"), COMMENT, END)
    assert read_slowly(body, clock, 1000, is_async) == "ab"


@both
def test_a_large_event_in_pieces_is_no_timeout(is_async: bool, clock: Clock) -> None:
    event = piece("x" * 1000)
    body = Waits(clock, 6, *(event[start : start + 100] for start in range(0, len(event), 100)), END)
    assert read_slowly(body, clock, 0, is_async) == "x" * 1000


@both
@pytest.mark.parametrize("comment", [COMMENT, b":\n", b":\r\n\r\n", b"\n\n"])
def test_comments_alone_are_a_timeout(comment: bytes, is_async: bool, clock: Clock) -> None:
    body = Waits(clock, 6, piece("a"), *[comment] * 5, piece("b"), END)
    with pytest.raises(APITimeoutError, match="only comments for 10 s"):
        read_slowly(body, clock, 0, is_async)


@both
def test_without_a_timeout_nothing_is_late(is_async: bool, clock: Clock) -> None:
    body = Waits(clock, 1e9, *[COMMENT] * 5, piece("a"), END)
    assert read_slowly(body, clock, 0, is_async, timeout=float("inf")) == "a"


def test_no_timeout_is_sent_as_none(url: str) -> None:
    with AlphaEdge(KEY, base_url=url, timeout=float("inf")) as client:
        whole = client.chat.completions.create(**HELLO, stream=True).final_completion()
        assert whole.choices[0].message.content == GREETING
        assert client.chat.completions.create(**HELLO, timeout=float("inf")).choices


def test_a_timeout_below_a_second_is_not_rounded(served: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """The socket is given what was asked for, and less after the last event."""
    waits: list[float | None] = []
    read = httpx.Response.iter_bytes

    def noted(response: httpx.Response, *arguments: Any) -> Iterator[bytes]:
        socket = response.extensions["network_stream"].get_extra_info("socket")
        for item in read(response, *arguments):
            waits.append(socket.gettimeout())
            yield item

    monkeypatch.setattr(httpx.Response, "iter_bytes", noted)
    with AlphaEdge(KEY, base_url=served(Mock(Contract.load())), timeout=0.75) as client:
        client.chat.completions.create(**HELLO, stream=True).final_completion()
    assert waits[0] == 0.75


# The end of a stream


def test_what_is_there_is_read_though_the_time_is_over() -> None:
    waits: list[float] = []

    class Connection:
        def read(self, most: int, timeout: float) -> bytes:
            waits.append(timeout)
            return b""

    connection = Connection()
    with waiting_at_most(httpx.Response(200, extensions={"network_stream": connection}), -1):
        connection.read(1, 7)
    connection.read(1, 7)
    assert waits == [SHORTEST_WAIT, 7]
    assert SHORTEST_WAIT > 0


FINISHED = data({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})


def final_text(server: Server, is_async: bool) -> str:
    if not is_async:
        return str(
            server.client().chat.completions.create(**HELLO, stream=True).final_completion().choices[0].message.content
        )

    async def main() -> str:
        stream = await server.async_client().chat.completions.create(**HELLO, stream=True)
        whole = await stream.final_completion()
        return str(whole.choices[0].message.content)

    return asyncio.run(main())


@both
@broken
def test_done_without_a_reason_and_a_broken_transfer_is_half_an_answer(is_async: bool, error: Exception) -> None:
    with pytest.raises(APIStreamError, match="no finish_reason") as caught:
        final_text(Server(piece("a"), END, error, media_type=STREAM), is_async)
    assert caught.value.__cause__ is error
    with pytest.raises(APIStreamError, match="no finish_reason"):  # of the second choice
        final_text(Server(piece("a"), piece("b", 1), FINISHED, END, error, media_type=STREAM), is_async)


@both
def test_one_of_the_two_is_no_half_answer(is_async: bool) -> None:
    assert final_text(Server(piece("a"), FINISHED, END, httpx.ReadError("x"), media_type=STREAM), is_async) == "a"
    assert final_text(Server(piece("a"), END, media_type=STREAM), is_async) == "a"
    assert final_text(Server(piece("a"), END, httpx.ReadTimeout("x"), media_type=STREAM), is_async) == "a"
