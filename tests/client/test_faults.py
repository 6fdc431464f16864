"""No wrong server makes a client raise an error that is not its own, wait for ever, or pay for an answer twice."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from alphaedge import AlphaEdge, AlphaEdgeError, AsyncAlphaEdge, ChatCompletion, ChatCompletionChunk
from alphaedge_conformance.contract import Contract
from alphaedge_conformance.mock import serve
from alphaedge_conformance.mock.faults import all_faults
from alphaedge_conformance.mock.unusual import UNUSUAL

from .conftest import HELLO, KEY, within_patience

CONTRACT = Contract.load()


class Bytes:
    """Answers every request with these bytes, of this status and media type."""

    is_cut = False

    def __init__(self, body: bytes, status: int = 200, media_type: str = "application/json", **headers: str) -> None:
        self.body, self.status = body, status
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        whole = {"content-type": media_type, "content-length": str(len(body)), **given}
        self.headers = [(name.encode(), value.encode()) for name, value in whole.items()]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": self.is_cut})
        if self.is_cut:
            raise ConnectionError  # which closes the connection


class Cut(Bytes):
    """Announces more than it sends."""

    is_cut = True

    def __init__(self, body: bytes, *arguments: Any) -> None:
        super().__init__(body, *arguments, content_length="9999")


STREAM = "text/event-stream"
CHUNK = b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'
OWN: dict[str, Any] = {
    "html-502": Bytes(b"<html>Bad Gateway</html>", 502, "text/html"),
    "html-200": Bytes(b"<html>Log in</html>", 200, "text/html"),
    "empty": Bytes(b""),
    "no-content": Bytes(b"", 204),
    "see-other": Bytes(b"", 303, location="/login"),
    "cut-json": Bytes(b'{"id": "x", "choices": [{"ind'),
    "cut-body": Cut(b'{"id": "x"'),
    "cut-refusal": Cut(b'{"error": {"message": "n', 503),
    "json-null": Bytes(b"null"),
    "json-list": Bytes(b"[]"),
    "json-string": Bytes(b'"hello"'),
    "deep-json": Bytes(b'{"choices":' * 50_000),
    "no-gzip": Bytes(b"plain", content_encoding="gzip"),
    "no-text": Bytes(b'{"id": "\xff\xfe"}'),
    "error-as-success": Bytes(b'{"error": {"message": "no"}}'),
    "error-null": Bytes(b'{"error": null, "choices": null, "usage": null}', 500),
    "empty-object": Bytes(b"{}"),
    "all-null": Bytes(b'{"id": null, "object": null, "model": null, "created": null, "choices": null, "usage": null}'),
    "choices-of-null": Bytes(b'{"choices": [null, 1, "x", [], {}]}'),
    "message-null": Bytes(b'{"choices": [{"index": 0, "message": null, "finish_reason": null}]}'),
    "usage-list": Bytes(b'{"choices": [], "usage": []}'),
    "unknown-reason": Bytes(b'{"choices": [{"message": {"content": null}, "finish_reason": "vexed"}]}'),
    "stream-empty": Bytes(b"", 200, STREAM),
    "stream-no-done": Bytes(CHUNK, 200, STREAM),
    "stream-cut": Bytes(CHUNK + b'data: {"id', 200, STREAM),
    "stream-cut-body": Cut(CHUNK, 200, STREAM),
    "stream-error": Bytes(CHUNK + b'data: {"error": {"message": "no"}}\n\n', 200, STREAM),
    "stream-error-event": Bytes(CHUNK + b"event: error\ndata: no\n\n", 200, STREAM),
    "stream-error-text": Bytes(b'data: {"error": "no"}\n\n', 200, STREAM),
    "stream-no-json": Bytes(b"data: hello\n\n", 200, STREAM),
    "stream-null": Bytes(b"data: null\n\ndata: [DONE]\n\n", 200, STREAM),
    "stream-deltas-null": Bytes(
        b'data: {"choices": [{"delta": null}, null, 3], "usage": null}\n\ndata: {"choices": null}\n\ndata: {}\n\n'
        b'data: {"choices": [{"index": "a", "delta": {"content": 3, "role": null}}]}\n\ndata: [DONE]\n\n',
        200,
        STREAM,
    ),
    "stream-no-gzip": Bytes(CHUNK, 200, STREAM, content_encoding="gzip"),
    "stream-no-text": Bytes(b'data: {"choices":[{"delta":{"content":"\xff"}}]}\n\ndata: [DONE]\n\n', 200, STREAM),
}
SERVERS = {
    **OWN,
    **{f"fault-{name}": fault.make(CONTRACT) for name, fault in all_faults(CONTRACT).items()},
    **{f"unusual-{name}": make(CONTRACT) for name, make in UNUSUAL.items()},
}


class Servers:
    """Each request is answered by the server that its header `x-server` names, and noted under its `x-call`."""

    def __init__(self) -> None:
        self.answered: dict[str, list[int | None]] = defaultdict(list)
        """The statuses that began to come, by call; None where none came."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        statuses = self.answered[headers[b"x-call"].decode()]
        number = len(statuses)
        statuses.append(None)

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses[number] = message["status"]
            await send(message)

        await SERVERS[headers[b"x-server"].decode()](scope, receive, sending)


MAX_RETRIES = 1
servers = Servers()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serve(servers) as url:
        yield url


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[AlphaEdge]:
    with AlphaEdge(KEY, base_url=address, timeout=1, max_retries=MAX_RETRIES) as made:
        yield made


def of_one_call(name: str) -> dict[str, Any]:
    return {**HELLO, "extra_headers": {"x-server": name, "x-call": uuid4().hex}}


@contextmanager
def a_call(name: str) -> Iterator[dict[str, Any]]:
    """The arguments of a call. It may raise an error of the client, and nothing is paid for twice: after a success
    began to come, no other request is sent."""
    arguments = of_one_call(name)
    try:
        yield arguments
    except AlphaEdgeError as error:
        assert len(str(error)) < 1000
    *before, _ = sent = servers.answered.pop(arguments["extra_headers"]["x-call"])
    assert len(sent) <= 1 + MAX_RETRIES
    assert all(status is None or status in (408, 409, 429) or status >= 500 for status in before)


def use(completion: ChatCompletion) -> None:
    assert repr(completion)
    assert completion.to_dict() == completion.raw or not completion.raw
    str(completion.usage.total_tokens)
    for choice in completion.choices:
        str((choice.message.content, choice.finish_reason))


def use_chunk(chunk: ChatCompletionChunk) -> None:
    for piece in chunk.choices:
        str((piece.delta.content, piece.delta.role, piece.finish_reason))


def program(client: AlphaEdge, name: str) -> None:
    """What programs do with an answer."""
    import alphaedge._transport as transport

    create = client.chat.completions.create
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transport, "time", SimpleNamespace(sleep=lambda seconds: None, monotonic=time.monotonic))
        with a_call(name) as request:
            use(create(**request))
        with a_call(name) as request:
            for chunk in create(**request, stream=True):
                use_chunk(chunk)
        with a_call(name) as request:
            stream = create(**request, stream=True)
            "".join(stream.text())
            str(stream.final_completion().usage.total_tokens)


async def async_program(address: str, name: str) -> None:
    async def plain() -> None:
        with a_call(name) as request:
            use(await create(**request))

    async def chunks() -> None:
        with a_call(name) as request:
            async for chunk in await create(**request, stream=True):
                use_chunk(chunk)

    async def text() -> None:
        with a_call(name) as request:
            stream = await create(**request, stream=True)
            "".join([piece async for piece in stream.text()])
            str((await stream.final_completion()).usage.total_tokens)

    async def no_pause(seconds: float) -> None:
        pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("alphaedge._transport.sleep", no_pause)
        async with AsyncAlphaEdge(KEY, base_url=address, timeout=1, max_retries=MAX_RETRIES) as client:
            create = client.chat.completions.create
            await asyncio.gather(plain(), chunks(), text())


@pytest.mark.parametrize("name", SERVERS)
def test_a_wrong_server(client: AlphaEdge, name: str) -> None:
    within_patience(lambda: program(client, name))


@pytest.mark.parametrize("name", SERVERS)
def test_a_wrong_server_and_the_async_client(address: str, name: str) -> None:
    within_patience(lambda: asyncio.run(async_program(address, name)))


def test_the_answers_that_are_there_are_given(client: AlphaEdge) -> None:
    """What is wrong beside the text does not lose the text."""
    create = client.chat.completions.create
    for name in ("unknown-reason", "choices-of-null", "message-null"):
        completion = create(**of_one_call(name))
        assert completion.choices
        assert all(getattr(choice.message, "content", None) is None for choice in completion.choices)
    for name, text in (("stream-no-text", "\ufffd"), ("stream-deltas-null", 3)):
        whole = create(**of_one_call(name), stream=True).final_completion()
        assert whole.choices[0].message.content == text
