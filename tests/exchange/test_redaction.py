"""The key is in no output, however a server gives it back."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

import pytest

from alphaedge_conformance.exchange.redaction import MASK, PIECE, partial, redact, redact_bytes
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.judging.verdicts import Status
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.sending.settings import Settings

from ..helpers import KEY, Conform, some
from ..targets import Answer, Asked, Target, chunked, completion, piece, response, serving

HALF = len(KEY) // 2


def echoed(asked: Asked) -> str:
    """The key as the request brought it, if it is the right one."""
    return KEY if KEY.encode() in asked.head else "another"


async def in_a_header(asked: Asked) -> None:
    await asked.send(
        response(completion(), f"X-Key: {echoed(asked)}".encode(), b"Set-Cookie: k=" + KEY.upper().encode())
    )


async def in_the_body(asked: Asked) -> None:
    await asked.send(response(completion(f"You sent {echoed(asked)}.")))


async def in_a_body_that_is_no_text(asked: Asked) -> None:
    await asked.send(response(b"\xff\xfe" + KEY.encode()))


async def in_two_chunks(asked: Asked) -> None:
    """Cut in the middle of the key, each half in a read of its own."""
    body = b'data: {"error": "' + KEY.encode() + b'"}\n\n'
    at = body.index(KEY.encode()) + HALF
    await asked.send(chunked(media_type=b"text/event-stream"), piece(body[:at]))
    await asyncio.sleep(0.01)
    await asked.send(piece(body[at:]), b"0\r\n\r\n")


async def cut_in_the_middle(asked: Asked) -> None:
    """An answer that ends within the key, and one whose excerpt in a message does."""
    body = b"x" * (620 - HALF) + KEY.encode() * 3 if asked.number % 2 else completion(KEY)[:-1]
    await asked.send(chunked(), piece(body[: body.index(KEY.encode()) + HALF]))
    asked.reset()


async def in_an_error(asked: Asked) -> None:
    if asked.number == 1:
        await asked.send(response(completion()))
    else:
        await asked.send(response(b"k" * (600 - HALF) + KEY.encode(), status=b"500 Oops"))


async def in_a_status_line(asked: Asked) -> None:
    """httpx tells of a broken line by quoting it."""
    await asked.send(b"HTTP/1.1 nothing " + KEY.encode() + b"\r\n\r\n")
    asked.writer.close()


async def in_a_redirect(asked: Asked) -> None:
    location = b"Location: https://elsewhere.example/?key=" + quote(KEY).encode()
    await asked.send(response(b"", location, status=b"302 Found"))


async def in_a_refusal(asked: Asked) -> None:
    await asked.send(response(b'{"error": "%s is wrong"}' % KEY.encode(), status=b"401 Unauthorized"))


async def in_the_models(asked: Asked) -> None:
    if b"/models" in asked.head:
        await asked.send(response(b'{"data": [{"id": "%s"}]}' % KEY.encode()))
    else:
        await asked.send(response(b"{}", status=b"404 Not Found"))


async def painted(asked: Asked) -> None:
    text = "\x1b]0;owned\x07\x1b[2J\u202e\x9b31m"
    await asked.send(response(completion(text).decode().encode() + text.encode(), status=b"400 Bad Request"))


ECHOES = [
    in_a_header,
    in_the_body,
    in_a_body_that_is_no_text,
    in_two_chunks,
    cut_in_the_middle,
    in_an_error,
    in_a_status_line,
    in_a_redirect,
    in_a_refusal,
    in_the_models,
]


@pytest.mark.parametrize("answer", some(ECHOES, 6), ids=lambda answer: answer.__name__)
def test_the_key_is_nowhere(answer: Answer, conform: Conform, tmp_path: Path) -> None:
    with serving(Target(answer)) as url:
        done = conform(url, "--report", str(tmp_path), key=KEY)
    assert done.returncode in (1, 2)
    written = [path.read_text("utf-8") for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) == 5
    for text in (done.stdout, done.stderr, *written):
        for secret in (KEY, KEY.upper(), KEY[:HALF], KEY[HALF:], partial(KEY), b64encode(KEY.encode()).decode()):
            assert secret not in text


def test_an_echo_is_found_all_the_same(conform: Conform, tmp_path: Path) -> None:
    for answer in (in_a_header, in_the_body, in_two_chunks):
        with serving(Target(answer)) as url:
            done = conform(url, "-k", "echoed", key=KEY)
        assert done.returncode == 1
        assert "authorization.key-not-echoed" in done.stdout


def test_a_server_paints_nothing(conform: Conform) -> None:
    with serving(Target(painted)) as url:
        done = conform(url, key=KEY)
    assert done.returncode == 2
    assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(done.stdout + done.stderr)


@pytest.mark.parametrize(
    "text",
    [KEY, KEY.upper(), quote(KEY), b64encode(KEY.encode()).decode(), KEY[:PIECE], KEY[-PIECE:], KEY[5 : 5 + PIECE]],
)
def test_what_is_masked(text: str) -> None:
    assert redact(f"before {text} after", KEY) == f"before {MASK} after"
    masked = redact_bytes(f"before {text} after".encode(), KEY)
    assert len(masked) == len(f"before {text} after")
    assert masked.startswith(b"before [key]")


def test_what_is_not(suite: object) -> None:
    for text in ("", "the secret", "a key of the tests", "\ud800 Größe", KEY[: PIECE - 1]):
        assert redact(text, KEY) == text
        assert redact(text, None) == text
    assert redact("abcdef abc", "abcdef") == f"{MASK} abc"


@pytest.mark.parametrize("key", ["EMPTY", "message", "chat.completion"])
def test_a_key_that_is_a_word_accuses_nobody(suite: Suite, key: str) -> None:
    """Keys such as these are set where none is needed, and stand in any text."""
    id = "authorization.key-not-echoed"
    with serve(Mock(suite.contract, key)) as url:
        run = suite.run([id], build_target(suite.contract, url, None, key), Settings())
    assert run.verdicts[id].status is Status.NOT_APPLICABLE
    assert run.verdicts[id].reason == "the key is short or a common word, which any answer may contain"


@pytest.mark.parametrize(
    ("model", "said"), [(f"{KEY[:PIECE]}-large", f"{KEY[:PIECE]}-large"), (f"my-{KEY}", f"my-{MASK}")]
)
def test_a_model_may_begin_like_the_key(suite: Suite, model: str, said: str) -> None:
    """The caller names it; only the whole key is masked in it. What the server offers is the server's text."""

    async def offers(asked: Asked) -> None:
        if b"/models" in asked.head:
            await asked.send(response(b'{"data": [{"id": "%s"}]}' % KEY[:PIECE].encode()))
        else:
            await asked.send(response(b"{}", status=b"404 Not Found"))

    with serving(Target(offers)) as url:
        run = suite.run(list(suite.requirements), build_target(suite.contract, url, model, KEY), Settings())
    assert run.reason is not None
    assert f"does not know the model {said!r}; it offers {MASK}; name one with --model" in run.reason
