"""No wrong server makes the client raise an error that is not its own, and none makes it wait for ever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from alphaedge import AlphaEdge, AlphaEdgeError
from alphaedge_conformance.contract import Contract
from alphaedge_conformance.mock import serve
from alphaedge_conformance.mock.faults import all_faults
from alphaedge_conformance.mock.unusual import UNUSUAL

from .conftest import HELLO, KEY, within_patience

CONTRACT = Contract.load()


class Bytes:
    """Answers every request with these bytes, of this status and media type."""

    def __init__(
        self, body: bytes, status: int = 200, media_type: str = "application/json", **headers: str | None
    ) -> None:
        self.body, self.status = body, status
        headers = {"content-type": media_type, "content-length": str(len(body)), **headers}
        self.headers = [
            (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items() if value is not None
        ]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


STREAM = "text/event-stream"
CHUNK = b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'
OWN: dict[str, Any] = {
    "html-502": Bytes(b"<html>Bad Gateway</html>", 502, "text/html"),
    "html-200": Bytes(b"<html>Log in</html>", 200, "text/html"),
    "empty": Bytes(b""),
    "no-content": Bytes(b"", 204),
    "see-other": Bytes(b"", 303, location="/login"),
    "cut-json": Bytes(b'{"id": "x", "choices": [{"ind'),
    "cut-body": Bytes(b'{"id": "x"', content_length="99"),
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
    "stream-cut-body": Bytes(CHUNK, 200, STREAM, content_length="9999"),
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


@pytest.fixture(scope="module")
def client() -> Iterator[AlphaEdge]:
    """A client of one server, which is as wrong as the header `x-server` says."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        name = dict(scope["headers"])[b"x-server"].decode()
        await SERVERS[name](scope, receive, send)

    with serve(app) as url, AlphaEdge(KEY, base_url=url, timeout=1, max_retries=1) as made:
        yield made


def program(client: AlphaEdge, name: str) -> None:
    """What programs do with an answer."""
    request = {**HELLO, "extra_headers": {"x-server": name}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.sleep", lambda seconds: None)
        try:
            completion = client.chat.completions.create(**request)
            str(completion.usage.total_tokens)
            for choice in completion.choices:
                str((choice.message.content, choice.finish_reason))
            assert repr(completion)
            assert completion.to_dict() == completion.raw or not completion.raw
        except AlphaEdgeError as error:
            assert len(str(error)) < 1000
        try:
            for chunk in client.chat.completions.create(**request, stream=True):
                for piece in chunk.choices:
                    str((piece.delta.content, piece.delta.role, piece.finish_reason))
        except AlphaEdgeError as error:
            assert len(str(error)) < 1000
        try:
            stream = client.chat.completions.create(**request, stream=True)
            "".join(stream.text())
            str(stream.final_completion().usage.total_tokens)
        except AlphaEdgeError:
            pass


@pytest.mark.parametrize("name", SERVERS)
def test_a_wrong_server(client: AlphaEdge, name: str) -> None:
    within_patience(lambda: program(client, name))


def test_the_answers_that_are_there_are_given(client: AlphaEdge) -> None:
    """What is wrong beside the text does not lose the text."""
    create = client.chat.completions.create
    for name in ("unknown-reason", "choices-of-null", "message-null"):
        completion = create(**HELLO, extra_headers={"x-server": name})
        assert completion.choices
        assert all(getattr(choice.message, "content", None) is None for choice in completion.choices)
    for name, text in (("stream-no-text", "\ufffd"), ("stream-deltas-null", 3)):
        whole = create(**HELLO, stream=True, extra_headers={"x-server": name}).final_completion()
        assert whole.choices[0].message.content == text
