"""Whatever a target does to the connection, a run ends with the right exit code, in bounded time and memory."""

from __future__ import annotations

import asyncio
import json
import resource
import ssl
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from .conftest import Conform
from .targets import Asked, Target, bomb, chunked, completion, piece, response, serving

LIMITS = ("--timeout", "1.5", "--idle-timeout", "1")
"""What the tests allow an answer, so that a hanging one costs a second."""
MEMORY = 400 * 2**20


async def refuses_with_500(asked: Asked) -> None:
    await asked.send(response(b'{"error": {"message": "oops", "type": "server_error"}}', status=b"500 Oops"))


async def resets_midway(asked: Asked) -> None:
    await asked.send(response(completion())[:-20])
    asked.reset()


async def closes_without_an_answer(asked: Asked) -> None:
    asked.writer.close()


async def speaks_no_http(asked: Asked) -> None:
    await asked.send(b"SSH-2.0-OpenSSH_9.6\r\n\x00\xff\r\n\r\n")
    asked.writer.close()


async def hangs(asked: Asked) -> None:
    await asyncio.sleep(60)


async def hangs_after_the_headers(asked: Asked) -> None:
    await asked.send(chunked(), piece(b'{"id":'))
    await asyncio.sleep(60)


async def drips(asked: Asked) -> None:
    await asked.send(chunked())
    while True:
        await asked.send(piece(b" "))
        await asyncio.sleep(0.05)


async def endless_body(asked: Asked) -> None:
    await asked.send(chunked(), piece(b'{"x":"'))
    while True:
        await asked.send(piece(b"x" * 65536))


async def endless_in_small_pieces(asked: Asked) -> None:
    await asked.send(chunked())
    while True:
        await asked.send(piece(b"x") * 1000)


async def endless_stream(asked: Asked) -> None:
    """A good answer where no stream is asked for."""
    if not asked.streams:
        return await asked.send(response(completion()))
    await asked.send(chunked(media_type=b"text/event-stream"))
    while True:
        await asked.send(piece(b'data: {"choices":[]}\n\n'))
        await asyncio.sleep(0.05)


async def gzip_bomb(asked: Asked) -> None:
    await asked.send(response(BOMB, b"Content-Encoding: gzip"))


BOMB = bomb(300 * 2**20)


async def nested_lists(asked: Asked) -> None:
    await asked.send(response(b"[" * 100_000 + b"]" * 100_000))


async def nested_in_a_stream(asked: Asked) -> None:
    if not asked.streams:
        return await asked.send(response(completion()))
    await asked.send(response(b"data: " + b"[" * 100_000 + b"]" * 100_000 + b"\n\n", media_type=b"text/event-stream"))


async def large_headers(asked: Asked) -> None:
    await asked.send(response(completion(), b"X-Large: " + b"x" * 70_000))


async def endless_headers(asked: Asked) -> None:
    await asked.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await asked.send(b"X-More: " + b"x" * 1000 + b"\r\n")


async def an_unknown_coding(asked: Asked) -> None:
    await asked.send(response(completion(), b"Content-Encoding: br"))


async def limits_everything(asked: Asked) -> None:
    await asked.send(response(b"", b"Retry-After: 0", status=b"429 Too Many Requests"))


INCONCLUSIVE = {
    resets_midway: "the connection was closed or spoke no HTTP",
    closes_without_an_answer: "the connection was closed or spoke no HTTP",
    speaks_no_http: "the connection was closed or spoke no HTTP",
    hangs: "no answer within 1.5 s",
    refuses_with_500: "answered 500 to the contract's own example",
    large_headers: "headers of 70",
    endless_headers: "the connection was closed or spoke no HTTP",
    limits_everything: "answered 429 to the contract's own example",
}
DEVIATING = [
    hangs_after_the_headers,
    drips,
    endless_body,
    endless_in_small_pieces,
    endless_stream,
    gzip_bomb,
    nested_lists,
    nested_in_a_stream,
    an_unknown_coding,
]


def report(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize("answer", [*INCONCLUSIVE, *DEVIATING], ids=lambda answer: answer.__name__)
def test_a_target_that(answer: Any, conform: Conform, tmp_path: Path) -> None:
    target, started = Target(answer), time.monotonic()
    with serving(target) as url:
        done = conform(url, "--report", str(tmp_path), *LIMITS)
    assert time.monotonic() - started < 10
    print(done.stdout, done.stderr)
