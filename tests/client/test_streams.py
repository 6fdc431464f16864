"""Streams: chunks as they come, an end that is one, and errors that say so."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphaedge import (
    AlphaEdge,
    AlphaEdgeError,
    APIConnectionError,
    APIResponseError,
    APIStreamError,
    APITimeoutError,
    AsyncAlphaEdge,
    ChatCompletion,
)
from alphaedge._events import DONE, EventDecoder
from alphaedge._fold import Fold
from alphaedge_conformance.contract import Contract
from alphaedge_conformance.exchange import Chunk, sse
from alphaedge_conformance.mock import Mock

from .conftest import GREETING, HELLO, KEY, Serve, within_patience

STREAM = "text/event-stream"


def data(value: Any) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def piece(text: str, index: int = 0, **members: Any) -> bytes:
    choice = {"index": index, "delta": {"content": text}, "finish_reason": None}
    return data({"id": "c", "object": "chat.completion.chunk", "choices": [choice], **members})


END = b"data: [DONE]\n\n"


def streaming(*pieces: bytes, media_type: str | None = STREAM, **options: Any) -> AlphaEdge:
    """A client whose server always streams these pieces."""
    headers = {"content-type": media_type} if media_type else {}
    transport = httpx.MockTransport(lambda request: httpx.Response(200, headers=headers, content=iter(pieces)))
    return AlphaEdge(KEY, http_client=httpx.Client(transport=transport), max_retries=0, **options)


def texts(client: AlphaEdge) -> list[str | None]:
    return [chunk.choices[0].delta.content for chunk in client.chat.completions.create(**HELLO, stream=True)]


def test_chunks(client: AlphaEdge) -> None:
    with client.chat.completions.create(**HELLO, stream=True) as stream:
        chunks = list(stream)
    assert "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices) == GREETING
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == len(chunks) - 3


def test_text_and_then_the_whole(client: AlphaEdge) -> None:
    plain = client.chat.completions.create(**HELLO)
    stream = client.chat.completions.create(**HELLO, stream=True)
    pieces = list(stream.text())
    assert len(pieces) > 5
    whole = stream.final_completion()
    assert "".join(pieces) == whole.choices[0].message.content
    assert {**whole.to_dict(), "id": 0, "created": 0} == {**plain.to_dict(), "id": 0, "created": 0}


def test_the_same_for_await(url: str) -> None:
    async def main() -> None:
        async with AsyncAlphaEdge(KEY, base_url=url) as client:
            async with await client.chat.completions.create(**HELLO, stream=True) as stream:
                chunks = [chunk async for chunk in stream]
            assert "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices) == GREETING
            stream = await client.chat.completions.create(**HELLO, stream=True)
            assert (await anext(stream)).choices[0].delta.role == "assistant"
            with pytest.raises(AlphaEdgeError, match="iterate over text"):
                await stream.final_completion()
            await stream.close()
            assert [chunk async for chunk in stream] == []
            stream = await client.chat.completions.create(**HELLO, stream=True)
            assert "".join([text async for text in stream.text()]) == GREETING
            assert (await stream.final_completion()).choices[0].finish_reason == "stop"

    asyncio.run(main())


def test_fold_after_chunks_were_taken_is_refused(client: AlphaEdge) -> None:
    with client.chat.completions.create(**HELLO, stream=True) as stream:
        next(stream)
        with pytest.raises(AlphaEdgeError, match="iterate over text"):
            stream.final_completion()


def test_several_choices_are_folded_apart() -> None:
    client = streaming(piece("a"), piece("x", 1), piece("b"), data({"choices": [], "usage": {"total_tokens": 9}}), END)
    stream = client.chat.completions.create(**HELLO, stream=True)
    assert list(stream.text()) == ["a", "b"]
    whole = stream.final_completion()
    assert [choice.message.content for choice in whole.choices] == ["ab", "x"]
    assert whole.usage.total_tokens == 9
    assert whole.object == "chat.completion"


def test_many_choices_come_in_the_order_of_their_index() -> None:
    indexes = [11, 2, 0, 10, 1, 9, 3, 8, 4, 7, 5, 6]
    client = streaming(*(piece(f"text {index}", index) for index in indexes), END)
    whole = client.chat.completions.create(**HELLO, stream=True).final_completion()
    assert [choice.message.content for choice in whole.choices] == [f"text {index}" for index in range(12)]


def delta(**members: Any) -> bytes:
    return data({"choices": [{"index": 0, "delta": members}]})


def test_fragments_of_tool_calls_are_merged_by_index() -> None:
    def call(index: int, arguments: str, **members: Any) -> dict[str, Any]:
        name = {"name": members.pop("name")} if "name" in members else {}
        return {"index": index, **members, "function": {**name, "arguments": arguments}}

    pieces = [
        delta(role="assistant", content=None, tool_calls=[call(1, "", id="c-1", type="function", name="second")]),
        delta(tool_calls=[call(0, '{"a"', id="c-0", type="function", name="first"), call(1, "{")]),
        delta(tool_calls=[call(0, ": 1}", type="function")]),
        delta(tool_calls=None),
        delta(tool_calls=[call(1, "}")]),
    ]
    chunks = [json.loads(item.removeprefix(b"data: ")) for item in pieces]
    fold = Fold()
    for chunk in chunks:
        fold.add(chunk)
    assert chunks == [json.loads(item.removeprefix(b"data: ")) for item in pieces]  # chunks stay as they came
    stream = streaming(*pieces, END).chat.completions.create(**HELLO, stream=True)
    message = stream.final_completion().choices[0].message.to_dict()
    assert message["tool_calls"] == [
        {"index": 0, "id": "c-0", "type": "function", "function": {"name": "first", "arguments": '{"a": 1}'}},
        {"index": 1, "id": "c-1", "type": "function", "function": {"name": "second", "arguments": "{}"}},
    ]


def test_what_is_not_a_list_of_indexed_objects_is_what_came_last() -> None:
    for last in ([], [1], [{"a": 1}], "text", {"index": 0}):
        stream = streaming(delta(parts=[{"index": 0}]), delta(parts=last), END)
        message = stream.chat.completions.create(**HELLO, stream=True).final_completion().choices[0].message
        assert message.to_dict()["parts"] == last


def test_a_role_that_is_repeated_is_not_appended() -> None:
    again = data({"choices": [{"index": 0, "delta": {"role": "assistant", "content": "b"}}]})
    whole = streaming(again, again, END).chat.completions.create(**HELLO, stream=True).final_completion()
    assert (whole.choices[0].message.role, whole.choices[0].message.content) == ("assistant", "bb")


def test_what_came_before_an_error_is_not_lost() -> None:
    stream = streaming(piece("a"), piece("b")).chat.completions.create(**HELLO, stream=True)
    with pytest.raises(APIStreamError):
        stream.final_completion()
    assert stream.final_completion().choices[0].message.content == "ab"


def test_leaving_early_closes_the_connection() -> None:
    closed: list[bool] = []

    def pieces() -> Iterator[bytes]:
        try:
            while True:
                yield piece("a")
        finally:
            closed.append(True)

    class Body(httpx.SyncByteStream):
        def __init__(self) -> None:
            self.pieces = pieces()

        def __iter__(self) -> Iterator[bytes]:
            return self.pieces

        def close(self) -> None:
            self.pieces.close()  # type: ignore[attr-defined]

    transport = httpx.MockTransport(
        lambda request: httpx.Response(200, headers={"content-type": STREAM}, stream=Body())
    )
    client = AlphaEdge(KEY, http_client=httpx.Client(transport=transport))
    with client.chat.completions.create(**HELLO, stream=True) as stream:
        next(stream)
    assert closed == [True]
    assert list(stream) == []
    for _ in client.chat.completions.create(**HELLO, stream=True):
        break
    assert closed == [True, True]  # without the block too, as soon as nobody holds the stream


class Counting:
    """The mock, and how many connections it saw."""

    def __init__(self, app: Any) -> None:
        self.app, self.ports = app, set[int]()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.ports.add(scope["client"][1])
        await self.app(scope, receive, send)


def test_the_connection_is_used_again_after_a_stream(served: Serve) -> None:
    app = Counting(Mock(Contract.load()))
    with AlphaEdge(KEY, base_url=served(app)) as client:
        for _ in range(5):
            list(client.chat.completions.create(**HELLO, stream=True))
    assert len(app.ports) == 1

    async def main(url: str) -> None:
        async with AsyncAlphaEdge(KEY, base_url=url) as client:
            for _ in range(5):
                await (await client.chat.completions.create(**HELLO, stream=True)).final_completion()

    app.ports.clear()
    asyncio.run(main(served(app)))
    assert len(app.ports) == 1


class StaysOpen(Mock):
    """Says [DONE] and never ends the response."""

    async def events(self, request: Any, reply: Any) -> AsyncIterator[bytes]:
        async for event in super().events(request, reply):
            yield event
        await asyncio.sleep(600)


def test_done_is_the_end_though_the_server_stays(served: Serve) -> None:
    url = served(StaysOpen(Contract.load()))
    with AlphaEdge(KEY, base_url=url) as client:
        whole = within_patience(client.chat.completions.create(**HELLO, stream=True).final_completion)
    assert whole.choices[0].message.content == GREETING

    async def main() -> str:
        async with AsyncAlphaEdge(KEY, base_url=url) as client:
            stream = await client.chat.completions.create(**HELLO, stream=True)
            whole: ChatCompletion = await stream.final_completion()
            return whole.choices[0].message.content

    assert within_patience(lambda: asyncio.run(main())) == GREETING


class Comments(Mock):
    """Keeps the connection alive for ever, and says nothing."""

    async def events(self, request: Any, reply: Any) -> AsyncIterator[bytes]:
        while True:
            yield b": still here\n\n"
            await asyncio.sleep(0.05)


def test_comments_alone_are_a_timeout(served: Serve) -> None:
    url = served(Comments(Contract.load()))
    with AlphaEdge(KEY, base_url=url, timeout=0.5) as client, pytest.raises(APITimeoutError, match="only comments"):
        within_patience(client.chat.completions.create(**HELLO, stream=True).final_completion)


def test_a_silent_stream_is_a_timeout(served: Serve) -> None:
    class Silent(Mock):
        async def events(self, request: Any, reply: Any) -> AsyncIterator[bytes]:
            yield piece("a")
            await asyncio.sleep(600)

    with AlphaEdge(KEY, base_url=served(Silent(Contract.load())), timeout=0.2) as client:
        stream = client.chat.completions.create(**HELLO, stream=True)
        assert next(stream).choices[0].delta.content == "a"
        with pytest.raises(APITimeoutError):
            next(stream)


@pytest.mark.parametrize(
    ("pieces", "says"),
    [
        ([piece("a")], "ended without [DONE]"),
        ([], "ended without [DONE]"),
        ([b"data: {\n\n", END], "expected JSON in an event, got: '{'"),
        ([b"data: [1]\n\n", END], "is not a JSON object: '[1]'"),
        ([b"data: null\n\n", END], "is not a JSON object"),
        ([data({"error": {"message": "Overloaded.", "type": "t"}}), END], "reported an error: Overloaded."),
        ([b'event: error\ndata: {"message": "Gone."}\n\n', END], "reported an error: Gone."),
        ([b"event: error\ndata: plain words\n\n"], "reported an error: 'plain words'"),
        ([data({"error": f"your key {KEY}"})], "reported an error: your key [redacted]"),
        ([b"<html>oops</html>"], "ended without [DONE]"),
    ],
)
def test_a_stream_that_is_wrong_says_so(pieces: list[bytes], says: str) -> None:
    with pytest.raises(APIStreamError) as caught:
        texts(streaming(piece("first"), *pieces))
    assert says in str(caught.value)
    assert caught.value.status_code == 200
    assert KEY not in str(vars(caught.value))


@pytest.mark.parametrize(
    "body",
    [END, END[:-1], b'{"choices": []}\n\n' + END, b": hello\n\n" + END],
    ids=["alone", "cut", "no field", "comment"],
)
def test_a_stream_without_a_chunk_is_no_answer(body: bytes) -> None:
    with pytest.raises(APIStreamError, match=r"the stream broke off: it has no chunk before \[DONE\]"):
        texts(streaming(body))
    assert (
        streaming(data({"choices": []}), END).chat.completions.create(**HELLO, stream=True).final_completion().choices
        == []
    )


@pytest.mark.parametrize("media_type", ["application/json", "application/json; charset=utf-8", "text/html"])
def test_an_answer_that_is_no_stream(media_type: str) -> None:
    client = streaming(b'{"id": "chat-1"}', media_type=media_type)
    with pytest.raises(APIResponseError, match="expected a stream of events, got " + media_type) as caught:
        client.chat.completions.create(**HELLO, stream=True)
    assert caught.value.content == b'{"id": "chat-1"}'


@pytest.mark.parametrize(
    "media_type", [STREAM, STREAM + "; charset=utf-8", "text/plain", "application/octet-stream", None]
)
def test_a_stream_with_another_label_is_read(media_type: str | None) -> None:
    assert texts(streaming(piece("a"), END, media_type=media_type)) == ["a"]


def test_a_stream_that_was_not_asked_for() -> None:
    with pytest.raises(APIResponseError, match="expected JSON, got: 'data: "):
        streaming(piece("a"), END).chat.completions.create(**HELLO)


def test_a_connection_that_breaks_midway(served: Serve) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        start = [(b"content-type", STREAM.encode()), (b"content-length", b"9999")]
        await send({"type": "http.response.start", "status": 200, "headers": start})
        await send({"type": "http.response.body", "body": piece("a"), "more_body": True})
        raise ConnectionError

    with AlphaEdge(KEY, base_url=served(app)) as client:
        stream = client.chat.completions.create(**HELLO, stream=True)
        assert next(stream).choices[0].delta.content == "a"
        with pytest.raises(APIConnectionError, match="the connection broke"):
            next(stream)


# The decoder


def decoded(pieces: list[bytes]) -> list[str]:
    decoder = EventDecoder()
    return [event for piece in pieces for event in decoder.feed(piece)]


UNUSUAL: dict[str, Callable[[bytes], bytes]] = {
    "CRLF": lambda body: body.replace(b"\n", b"\r\n"),
    "CR": lambda body: body.replace(b"\n", b"\r"),
    "mixed": lambda body: body.replace(b"\n\n", b"\r\n\n", 1).replace(b"\n\n", b"\n\r"),
    "BOM": lambda body: b"\xef\xbb\xbf" + body,
    "no space": lambda body: body.replace(b"data: ", b"data:"),
    "comments": lambda body: b": hi\n\n" + body.replace(b"data", b": c\nid: 1\nretry: 2\nevent: message\ndata"),
    "several blank lines": lambda body: b"\n\n" + body.replace(b"\n\n", b"\n\n\n\n\n"),
    "several data lines": lambda body: body.replace(b'"id": "c", ', b'"id": "c",\ndata: '),
    "no blank line at the end": lambda body: body.removesuffix(b"\n"),
    "no end of line at the end": lambda body: body.removesuffix(b"\n\n"),
}


@pytest.mark.parametrize("unusual", UNUSUAL)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 10_000])
def test_unusual_streams_are_read_however_they_are_cut(unusual: str, size: int) -> None:
    body = UNUSUAL[unusual](piece("Grüße 👋") + piece("ok") + END)
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    client = streaming(*pieces)
    assert texts(client) == ["Grüße 👋", "ok"]


@given(
    st.lists(
        st.sampled_from(
            [b"\n", b"\n\n", b"\r", b"\r\n", b"data", b"data: ", b"data: x", b":", b" ", b"event: e", b"\xff", b"id: 7"]
        )
    ),
    st.data(),
)
def test_the_decoder_gives_what_the_suites_gives(parts: list[bytes], draw: st.DataObject) -> None:
    """Two decoders that were written apart agree on any bytes, cut anywhere."""
    body = b"".join(parts)
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(body)), max_size=5)))
    pieces = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    expected = [event.data for event in sse.decode([Chunk(0.0, piece) for piece in pieces]).events if event.data]
    assert decoded(pieces) == expected


LARGE = 16_000_000
"""Bytes of an answer; looked at anew with each piece of it, it takes minutes."""


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("is_one_line", [True, False], ids=["one line", "many lines"])
def test_a_large_event_in_many_pieces_is_read_once(line_end: bytes, is_one_line: bool) -> None:
    decoder, part = EventDecoder(), b"x" * 256
    part += b"" if is_one_line else line_end + b"data: "

    def read() -> None:
        for _ in range(LARGE // len(part)):
            assert list(decoder.feed(part)) == []
            assert decoder.is_within_field

    list(decoder.feed(b"data: "))
    within_patience(read)
    events = list(decoder.feed(line_end * 2))
    assert [event.count("x") for event in events] == [LARGE // len(part) * 256]


def test_a_long_answer_in_many_chunks_is_folded_once() -> None:
    fold, text = Fold(), "x" * 40
    chunk = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": text}}]}
    within_patience(lambda: [fold.add(chunk) for _ in range(LARGE // len(text))])
    assert fold.whole()["choices"][0]["message"] == {"role": "assistant", "content": "x" * LARGE}


@pytest.mark.parametrize(
    ("body", "is_within"),
    [
        (b"data: a", True),
        (b"data: a\n", True),
        (b"data: a\n\n", False),
        (b"data: a\n\n: c", False),
        (b": c\ndata", True),
        (b"data: a\n: c\n", False),
        (b"data: a\n\n\n", False),
        (b":", False),
        (b"data: a: b", True),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 100])
def test_what_the_last_bytes_are(body: bytes, is_within: bool, size: int) -> None:
    decoder = EventDecoder()
    for start in range(0, len(body), size):
        list(decoder.feed(body[start : start + size]))
    assert decoder.is_within_field is is_within


def test_an_event_is_given_as_soon_as_it_is_whole() -> None:
    decoder = EventDecoder()
    assert list(decoder.feed(b"data: a\n")) == []
    assert list(decoder.feed(b"\n")) == ["a"]
    assert list(decoder.feed(b"data: b\r\n\r")) == ["b"]
    assert list(decoder.feed(b"\ndata: " + DONE.encode() + b"\r\r")) == [DONE]
    assert decoded([b"data: a\r", b"\ndata: b\r\n\r\n"]) == ["a\nb"]


def test_a_byte_order_mark_is_one_at_the_beginning_alone() -> None:
    mark = "\ufeff".encode()
    assert decoded([mark + b"data: a\n\n", mark + b"data: b\n\n", b"data: c\n\n"]) == ["a", "c"]
