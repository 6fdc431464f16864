"""What passes through the proxy is what was sent, byte for byte and piece by piece."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from alphaedge_conformance.live.headers import end_to_end, request_headers
from alphaedge_conformance.mock import serve

from .traffic import PATH, Came, Mixed, exchange, standing, wait_for


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=30) as client:
        yield client


def connected(url: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", urlsplit(url).port or 0))


def test_bytes_are_identical(http: httpx.Client) -> None:
    """Plain, streamed, refused, compressed, broken off: `python -m bench.live` does a thousand."""
    server = Mixed()
    with (
        serve(server, server_header=False) as direct,
        standing(direct) as url,
    ):
        for case in range(60):
            assert exchange(http, url, case) == exchange(http, direct, case), case
    assert len(server.came) == 120
    hosts = {urlsplit(direct).netloc.encode()}
    for through, straight in zip(server.came[::2], server.came[1::2], strict=True):
        assert through.end_to_end == straight.end_to_end
        assert {value for name, value in through.headers if name == b"host"} == hosts


def test_each_piece_passes_before_the_next_is_made(http: httpx.Client) -> None:
    """The server makes the second piece when the client has the first one."""
    has_first = threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        await asyncio.to_thread(wait_for, has_first)
        await send({"type": "http.response.body", "body": b"data: 2\n\n"})

    with (
        serve(app) as direct,
        standing(direct) as url,
        http.stream("POST", url + PATH) as response,
    ):
        pieces = response.iter_raw()
        assert next(pieces) == b"data: 1\n\n"
        has_first.set()
        assert list(pieces) == [b"data: 2\n\n"]


def test_the_header_section_passes_before_the_body_is_made(http: httpx.Client) -> None:
    has_headers = threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.to_thread(wait_for, has_headers)
        await send({"type": "http.response.body", "body": b"late"})

    with (
        serve(app) as direct,
        standing(direct) as url,
        http.stream("POST", url + PATH) as response,
    ):
        has_headers.set()
        assert response.read() == b"late"


@pytest.mark.parametrize("starts", [True, False], ids=["in the answer", "before the answer"])
def test_a_client_that_leaves_ends_the_request_to_the_server(starts: bool) -> None:
    asked, left = threading.Event(), threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        if starts:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        asked.set()
        assert (await receive())["type"] == "http.disconnect"
        left.set()

    with serve(app) as direct, standing(direct) as url:
        with connected(url) as client:
            client.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{}}".encode())
            wait_for(asked)
        wait_for(left)


def test_nothing_listens(http: httpx.Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
    with standing(f"http://127.0.0.1:{port}") as url:
        response = http.post(url + PATH, content=b"{}")
    assert response.status_code == 502
    assert response.json()["error"]["type"] == "bad_gateway"


def test_what_is_of_one_connection_is_not_passed_on() -> None:
    sent = [
        (b"Host", b"proxy"),
        (b"Connection", b"close, X-Secret, Content-Length"),
        (b"X-Secret", b"1"),
        (b"Keep-Alive", b"5"),
        (b"TE", b"trailers"),
        (b"Upgrade", b"websocket"),
        (b"Content-Length", b"2"),
        (b"Authorization", b"Bearer key"),
    ]
    assert request_headers(sent, b"server") == [
        (b"host", b"server"),
        (b"content-length", b"2"),
        (b"authorization", b"Bearer key"),
    ]


def test_a_transfer_coding_overrides_a_length() -> None:
    """Two servers that read one message differently would be two requests for the second (RFC 9112, 11.2)."""
    both = [(b"transfer-encoding", b"chunked"), (b"content-length", b"3")]
    assert request_headers(both, b"s") == [(b"host", b"s"), (b"transfer-encoding", b"chunked")]
    assert end_to_end(both) == []


def test_a_smuggled_request_is_not_passed_on() -> None:
    server = Mixed()
    body = b"0\r\n\r\nPOST /smuggled HTTP/1.1\r\nHost: x\r\nx-case: 5\r\n\r\n"
    framing = f"Transfer-Encoding: chunked\r\nContent-Length: {len(body)}"
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nx-case: 5\r\n{framing}\r\n\r\n"
    with serve(server) as direct, standing(direct) as url, connected(url) as client:
        client.sendall(head.encode() + body)
        assert client.recv(1000).startswith(b"HTTP/1.1 ")
    first: Came = server.came[0]
    assert first.body == b""
    assert not any(name == b"content-length" for name, _ in first.headers)
    assert all(came.body == b"" for came in server.came)
