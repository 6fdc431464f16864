"""A key that servers echo in any place and any encoding is in no error, log, traceback or pickled object."""

from __future__ import annotations

import asyncio
import base64
import html
import json
import pickle
import shlex
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
import pytest

from alphaedge import AlphaEdge, AlphaEdgeError, AsyncAlphaEdge
from alphaedge._redaction import redact

from .conftest import HELLO

KEY = """sk-a/b+c=d&e"f'g\\h<i>j%k$l`m!n#o?p;q:r@s{t}u[v]w|x^y~z,0.1*2(3)4 5_6-7"""
"""With every character that JSON, URLs, headers, HTML or shells escape."""


def unicode_escaped(text: str) -> str:
    return "".join(f"\\u{ord(character):04X}" for character in text)


ENCODINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda key: key,
    "json": lambda key: json.dumps(key)[1:-1],
    "json, slashes": lambda key: json.dumps(key)[1:-1].replace("/", "\\/"),
    "json, html": lambda key: json.dumps(key)[1:-1].replace("<", "\\u003c").replace(">", "\\u003E"),
    "json, all": unicode_escaped,
    "json, twice": lambda key: json.dumps(json.dumps(key))[1:-1],
    "json, slashes, twice": lambda key: json.dumps(json.dumps(key).replace("/", "\\/"))[1:-1],
    "url": lambda key: quote(key, safe=""),
    "url, lower": lambda key: quote(key, safe="").lower(),
    "url, twice": lambda key: quote(quote(key, safe=""), safe=""),
    "form": quote_plus,
    "html": html.escape,
    "html, numbers": lambda key: "".join(f"&#{ord(c)};" for c in key),
    "html, hex": lambda key: "".join(f"&#x{ord(c):x};" for c in key),
    "shell": shlex.quote,
    "python": lambda key: repr(key)[1:-1],
    "hex": lambda key: key.encode().hex(),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64, shifted": lambda key: base64.b64encode(f"a:{key}".encode()).decode(),
    "base64, basic": lambda key: base64.b64encode(f":{key}".encode()).decode(),
    "base64, url": lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
}


def echoes(text: str) -> dict[str, httpx.Response]:
    """Answers that have this text in each place that an answer has."""
    body = {"error": {"message": f"Wrong key: {text}.", "type": text, "param": text, "code": text, text: [text]}}
    ascii_text = text.encode("ascii")
    return {
        "json": httpx.Response(401, json=body),
        "text": httpx.Response(401, text=f"Wrong: {text}"),
        "embedded": httpx.Response(401, content=b'{"error": {"message": "' + ascii_text + b'"}}'),
        "utf-16": httpx.Response(401, content=text.encode("utf-16")),
        "header": httpx.Response(403, headers={"x-echo": text, "x-request-id": text, "location": text}),
        "location": httpx.Response(302, headers={"location": text}),
        "reason": httpx.Response(418, extensions={"reason_phrase": ascii_text}),
        "success": httpx.Response(200, json=body),
        "success, text": httpx.Response(200, text=text),
        "success, embedded": httpx.Response(200, content=b'{"error": "' + ascii_text + b'"}'),
        "success, cut": httpx.Response(200, content=b'{"a": "' + ascii_text),
        "retried": httpx.Response(503, text=text, headers={"retry-after": "0"}),
        "stream": httpx.Response(
            200, headers={"content-type": "text/event-stream", "x-e": text}, content=b"data: " + ascii_text + b"\n\n"
        ),
        "stream, error": httpx.Response(
            200,
            headers={"content-type": "text/event-stream"},
            content=b'data: {"error": {"message": "' + ascii_text + b'"}}\n\n',
        ),
    }


def forms(key: str) -> list[str]:
    """What must be found nowhere: the key in each encoding, and long parts of it."""
    found = [encode(key).strip("'\"") for encode in ENCODINGS.values()]
    return [*found, *(form[4:24] for form in found), key[:12], key[-12:]]


def leaks(text: str) -> list[str]:
    return [form for form in forms(KEY) if form.lower() in text.lower().replace("\0", "")]


RAW = {"piece", "data", "value", "response"}
"""Local names of what is just being read: the client cannot change what its server sent."""


def everything(error: BaseException) -> str:
    """All that a person, a log or a cache may see of an error."""
    texts = [traceback.format_exc()]
    at: BaseException | None = error
    while at is not None:
        texts += [str(at), repr(at), str(vars(at)), str(at.args)]
        for frame, _ in traceback.walk_tb(at.__traceback__):
            if frame.f_globals["__name__"].startswith("alphaedge."):  # what a traceback with locals shows
                texts += [f"{name}={value!r}" for name, value in frame.f_locals.items() if name not in RAW]
        at = at.__cause__ or at.__context__
    texts += [str(getattr(error, name, "")) for name in ("body", "content", "headers", "request_id", "code", "param")]
    texts.append(str(list(getattr(error, "headers", {}).items())))
    texts.append(pickle.dumps(error).decode("latin-1"))
    return "\n".join(texts)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_the_key_leaks_nowhere(
    encoding: str, is_async: bool, pauses: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "alphaedge")
    for place, response in echoes(ENCODINGS[encoding](KEY)).items():
        content = response.content

        def answer(
            request: httpx.Request, given: httpx.Response = response, content: bytes = content
        ) -> httpx.Response:
            return httpx.Response(
                given.status_code, headers=given.headers, content=content, extensions=dict(given.extensions)
            )

        transport = httpx.MockTransport(answer)

        def ask(transport: httpx.MockTransport = transport, place: str = place) -> None:
            client = AlphaEdge(KEY, http_client=httpx.Client(transport=transport))
            if place.startswith("stream"):
                client.chat.completions.create(**HELLO, stream=True).final_completion()
            client.chat.completions.create(**HELLO)

        async def aask(transport: httpx.MockTransport = transport, place: str = place) -> None:
            client = AsyncAlphaEdge(KEY, http_client=httpx.AsyncClient(transport=transport))
            if place.startswith("stream"):
                await (await client.chat.completions.create(**HELLO, stream=True)).final_completion()
            await client.chat.completions.create(**HELLO)

        with pytest.raises(AlphaEdgeError) as caught:
            asyncio.run(aask()) if is_async else ask()
        try:
            raise caught.value
        except AlphaEdgeError as error:
            assert leaks(everything(error)) == [], place
    ours = [record.getMessage() for record in caplog.records if record.name == "alphaedge"]
    assert ours
    assert leaks("\n".join(ours)) == []


def test_an_error_of_the_http_library_is_redacted_to_its_root() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        try:
            raise ValueError(f"illegal header line: {request.headers['authorization']}", KEY.encode())
        except ValueError as error:
            raise httpx.RemoteProtocolError(str(error)) from error

    client = AlphaEdge(KEY, http_client=httpx.Client(transport=httpx.MockTransport(fail)), max_retries=0)
    with pytest.raises(AlphaEdgeError) as caught:
        client.chat.completions.create(**HELLO)
    assert isinstance(caught.value.__cause__, httpx.RemoteProtocolError)
    texts = [str(at) for at in (caught.value, caught.value.__cause__, caught.value.__cause__.__cause__)]
    assert leaks("\n".join([*texts, *traceback.format_exception(caught.value)])) == []


def test_what_is_not_the_key_is_left_alone() -> None:
    body: dict[str, Any] = {"error": {"message": "\\\\" * 50_000 + " fine & well %25 &amp; \\u0041", "code": 7}}
    transport = httpx.MockTransport(lambda request: httpx.Response(400, json=body))
    with pytest.raises(AlphaEdgeError) as caught:
        AlphaEdge(KEY, http_client=httpx.Client(transport=transport)).chat.completions.create(**HELLO)
    assert getattr(caught.value, "body", None) == body


COMPLETION = {"id": "c", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}}]}
END = b'data: {"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_headers_of_a_success_echo_the_key(encoding: str) -> None:
    text = ENCODINGS[encoding](KEY)
    headers = {"x-request-id": text, "x-echo": f"Bearer {text}"}

    def echo(request: httpx.Request) -> httpx.Response:
        if b'"stream":true' in request.content:
            return httpx.Response(200, headers={**headers, "content-type": "text/event-stream"}, content=END)
        return httpx.Response(200, headers=headers, json=COMPLETION)

    objects: list[Any] = []

    def look(client: Any, raw: Any, completion: Any, stream: Any, whole: Any) -> None:
        objects.extend([client, client.chat.completions, raw, list(raw.headers.items()), raw.request_id, completion])
        objects.extend(
            [completion.request_id, vars(completion), stream, stream.request_id, whole.request_id, vars(whole)]
        )
        objects.extend(
            [pickle.dumps(completion).decode("latin-1"), pickle.dumps(whole).decode("latin-1"), vars(client)]
        )

    client = AlphaEdge(KEY, http_client=httpx.Client(transport=httpx.MockTransport(echo)))
    create = client.chat.completions.create
    stream = create(**HELLO, stream=True)
    raw = client.chat.completions.with_raw_response.create(**HELLO)
    look(client, raw, create(**HELLO), stream, stream.final_completion())

    async def main() -> None:
        client = AsyncAlphaEdge(KEY, http_client=httpx.AsyncClient(transport=httpx.MockTransport(echo)))
        create = client.chat.completions.create
        stream = await create(**HELLO, stream=True)
        raw = await client.chat.completions.with_raw_response.create(**HELLO)
        look(client, raw, await create(**HELLO), stream, await stream.final_completion())

    asyncio.run(main())
    assert leaks("\n".join(map(repr, objects))) == []


def test_a_key_in_the_base_url_is_shown_nowhere() -> None:
    """As gateways take it: with it a path, the URL is in each message."""
    key = "sk-0123456789-abcdef"
    comments = iter([b": a\n\n"] * 3)

    def slow(request: httpx.Request) -> httpx.Response:
        def body() -> Iterator[bytes]:
            for comment in comments:
                time.sleep(0.05)
                yield comment

        return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=body())

    http = httpx.Client(transport=httpx.MockTransport(slow))
    client = AlphaEdge(key, base_url=f"http://h/{key}", http_client=http, timeout=0.01)
    stream = client.chat.completions.create(**HELLO, stream=True)
    with pytest.raises(AlphaEdgeError, match="only comments") as caught:
        stream.final_completion()
    assert key not in everything(caught.value) + repr(client) + repr(stream)


def test_a_key_of_eight_characters_is_no_short_one() -> None:
    assert redact("abcdefgh", "abcdefgh") == "[redacted]"
    assert redact("abcdefg, Bearer abcdefg", "abcdefg") == "abcdefg, [redacted]"


@pytest.mark.parametrize("write", [str, quote, json.dumps, html.escape], ids=["plain", "url", "json", "html"])
def test_a_short_key_is_a_word_unless_it_follows_bearer(write: Callable[[str], str]) -> None:
    """A key such as `none`, which many servers that let anybody in are given, stands in ordinary sentences."""
    text = f"none of the models, got {write('authorization: Bearer none')}; bearer nonesuch"
    transport = httpx.MockTransport(lambda request: httpx.Response(401, json={"error": {"message": text}}))
    client = AlphaEdge("none", http_client=httpx.Client(transport=transport))
    with pytest.raises(AlphaEdgeError) as caught:
        client.chat.completions.create(**HELLO)
    assert f"none of the models, got {write('authorization: ')}".rstrip('"') in str(caught.value)
    assert "[redacted]" in str(caught.value)
    assert "bearer nonesuch" in str(caught.value)
    assert write("Bearer none").strip('"') not in everything(caught.value)
