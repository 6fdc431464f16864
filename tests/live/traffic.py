"""A server whose answers are of every form, and a client that notes all bytes of an exchange."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from attrs import frozen
from starlette.types import Receive, Scope, Send

from alphaedge_conformance.live.forwarding import Forwarder
from alphaedge_conformance.mock import serve

PATH = "/v1/chat/completions"


@frozen
class Came:
    """A request as the server got it."""

    method: str
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @property
    def end_to_end(self) -> tuple[str, bytes, list[tuple[bytes, bytes]], bytes]:
        """Without what is of one connection; the order of fields of different names says nothing."""
        kept = sorted(field for field in self.headers if field[0] != b"connection")
        return self.method, self.target, kept, self.body


class Mixed:
    """Answers by the number in the header x-case, the same each time: plain, in pieces, refused, compressed, broken
    off."""

    def __init__(self) -> None:
        self.came: list[Came] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        target = scope["raw_path"] + b"?" + scope["query_string"]
        self.came.append(Came(scope["method"], target, tuple(scope["headers"]), body))
        case = int(dict(scope["headers"])[b"x-case"])
        status, headers, pieces, ends = answer(case)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        if ends:
            await send({"type": "http.response.body", "body": b""})


def answer(case: int) -> tuple[int, list[tuple[bytes, bytes]], list[bytes], bool]:
    """Status, headers, pieces of the body, and whether it comes to its end."""
    chance = random.Random(case)
    kind = case % 6
    body = chance.randbytes(chance.randrange(1, 40_000))
    pieces = list(cut(body, chance))
    headers = [(b"content-type", b"application/json"), (b"x-twice", b"a"), (b"x-twice", b"b"), (b"server", b"mixed")]
    if kind == 0:
        return 200, [*headers, (b"content-length", str(len(body)).encode())], pieces, True
    if kind == 1:
        events = [
            f"data: {json.dumps({'n': n, 'text': 'é🦄' * n})}\r\n\r\n".encode() for n in range(chance.randrange(20))
        ]
        return 200, [(b"content-type", b"text/event-stream")], [*events, b"data: [DONE]\n\n"], True
    if kind == 2:
        return chance.choice([400, 404, 429, 500, 503]), [*headers, (b"retry-after", b"7")], pieces, True
    if kind == 3:
        packed = gzip.compress(body, mtime=0)
        return 200, [*headers, (b"content-encoding", b"gzip")], list(cut(packed, chance)), True
    if kind == 4:
        return 200, [*headers, (b"content-length", str(len(body) + 100).encode())], pieces, False
    return 204, [(b"x-empty", b"")], [], True


def cut(body: bytes, chance: random.Random) -> Iterator[bytes]:
    while body:
        size = chance.randrange(1, 10_000)
        yield body[:size]
        body = body[size:]


def exchange(http: httpx.Client, url: str, case: int) -> tuple[Any, ...]:
    """All that a client sees of an answer."""
    chance = random.Random(-case)
    body = chance.randbytes(chance.randrange(30_000))
    content: bytes | Iterable[bytes] = body if case % 2 else list(cut(body, chance))
    headers = [("x-case", str(case)), ("Accept-Encoding", "gzip"), ("X-Odd", "a"), ("x-odd", "b")]
    request = http.build_request("POST", f"{url}{PATH}?a=%2F&b=1", headers=headers, content=content)
    response = http.send(request, stream=True)
    got: list[bytes] = []
    error = None
    try:
        got.extend(response.iter_raw())
    except httpx.HTTPError as reason:
        error = type(reason)
    finally:
        response.close()
    kept = sorted((name.lower(), value) for name, value in response.headers.raw if name.lower() != b"date")
    return response.status_code, kept, b"".join(got), error


class Standing(Forwarder):
    """A forwarder as an application of its own."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await super().__call__(scope, receive, send)
            return
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self.close()
        await send({"type": "lifespan.shutdown.complete"})


@contextmanager
def standing(upstream: str) -> Iterator[str]:
    """The address of a forwarder before a server, in this process."""
    with serve(Standing(upstream), server_header=False, lifespan="on") as url:
        yield url


class Proxied:
    """The command `alphaedge-conform proxy` while it runs."""

    def __init__(self, process: subprocess.Popen[str], url: str, folder: Path) -> None:
        self.process, self.url, self.folder = process, url, folder

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, trust_env=False, timeout=60)

    def judge(self) -> int:
        """The id of the judging process."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        (child,) = [int(child) for task in tasks for child in task.read_text().split()]
        return child

    def end(self, signum: int = signal.SIGINT) -> tuple[int, str, dict[str, Any]]:
        """The exit code, what was printed, and the report."""
        self.process.send_signal(signum)
        said, _ = self.process.communicate(timeout=120)
        report = json.loads((self.folder / "report.json").read_text("utf-8"))
        return self.process.returncode, said, report


@contextmanager
def proxied(upstream: str, folder: Path, *arguments: str) -> Iterator[Proxied]:
    """The proxy before a server, in a process of its own."""
    command = [str(Path(sys.executable).with_name("alphaedge-conform")), "proxy", upstream, "--port", "0"]
    process = subprocess.Popen(
        [*command, "--report", str(folder), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "ALPHAEDGE_API_KEY"},
    )
    assert process.stdout is not None
    try:
        first = process.stdout.readline()
        assert first.startswith("http://"), first
        yield Proxied(process, first.split()[0], folder)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()


def wait_for(event: threading.Event) -> None:
    assert event.wait(30)
