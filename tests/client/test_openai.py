"""docs/openai.md says what changes for a program of the openai package; each of its lines runs with both."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bench.environment import python

from alphaedge._client import TIMEOUT
from alphaedge_conformance.contract import Contract
from alphaedge_conformance.mock import Mock, serve

from .conftest import KEY, ROOT

pytestmark = pytest.mark.xdist_group("installs openai")  # once, not once a worker

PAGE = (ROOT / "docs" / "openai.md").read_text("utf-8")
WHOLE = {"id": "c", "object": "chat.completion", "created": 1, "model": "m"}
CHOICE = {"index": 0, "finish_reason": "stop"}
CHUNK = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
PIECE = b"data: " + json.dumps({**CHUNK, "choices": [{"index": 0, "delta": {"content": "a"}}]}).encode() + b"\n\n"


def answer(choice: dict[str, Any], **members: Any) -> bytes:
    return json.dumps({**WHOLE, "choices": [{**CHOICE, **choice}], **members}).encode()


MESSAGE = {"message": {"role": "assistant", "content": "Hi"}}
SERVERS: dict[str, tuple[int, str, bytes]] = {
    "sends null": (200, "application/json", answer({"message": {"role": "assistant", "content": None}})),
    "leaves it out": (200, "application/json", answer(MESSAGE)),
    "answers 200 with HTML": (200, "text/html", b"<html>Log in</html>"),
    "redirects": (307, "text/plain", b""),
    "stops halfway": (200, "text/event-stream", PIECE * 2),
    "stops after `[DONE]`": (200, "text/event-stream", PIECE * 2 + b"data: [DONE]\n\n"),
    "fails with 503": (503, "application/json", b"{}"),
    "takes longer than `timeout`": (200, "application/json", answer(MESSAGE)),
    "breaks off an answer of 200": (200, "application/json", answer(MESSAGE)[:20]),
}
"""What the tables say of a server, and the status, label and body of its answers."""


class Servers:
    """Each server below a path of its own, which begins with the package that asks; beside it, what came."""

    def __init__(self) -> None:
        self.mock = Mock(Contract.load(), KEY)
        self.bodies: dict[str, list[Any]] = defaultdict(list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        name, _, path = scope["path"].lstrip("/").rpartition("/v1/")
        if scope["method"] == "GET":
            sent = self.bodies.pop(scope["path"].removesuffix("/sent").lstrip("/"), [])
            return await respond(send, 200, "application/json", json.dumps(sent).encode())
        message = await receive()
        while message["more_body"]:
            message = {**(more := await receive()), "body": message["body"] + more["body"]}
        self.bodies[name].append(json.loads(message["body"]))
        if name not in NAMES:
            waiting = [message]

            async def again() -> Any:
                return waiting.pop() if waiting else await receive()

            return await self.mock({**scope, "path": f"/v1/{path}"}, again, send)
        server = NAMES[name]
        status, label, body = SERVERS[server]
        if server.startswith("takes longer"):
            await asyncio.sleep(1.5)
        if server.startswith("breaks off"):
            await respond(send, status, label, body, 999)
            raise ConnectionError  # which closes the connection
        location = {"location": f"/elsewhere/v1/{path}"} if status == 307 else {"retry-after-ms": "1"}
        return await respond(send, status, label, body, 0, **location)


async def respond(send: Any, status: int, label: str, body: bytes, length: int = 0, **headers: str) -> None:
    whole = {"content-type": label, "content-length": str(length or len(body)), **headers}
    lines = [(name.encode(), value.encode()) for name, value in whole.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body, "more_body": bool(length)})


NAMES = {re.sub("[^a-z0-9]+", "-", server.lower()).strip("-"): server for server in SERVERS}
"""The servers by their paths."""
PATHS = {server: name for name, server in NAMES.items()}


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a line of the page, without the marks of code around a whole cell."""
    table = PAGE.partition(f"\n{heading}\n\n")[2].partition("\n\n")[0].splitlines()[2:]
    assert table, heading
    return [[re.sub("^`([^`]*)`$", r"\1", cell.strip()) for cell in re.split(r"\|", row)[1:-1]] for row in table]


SAME = rows("## The same")
LOUD = rows("## Loud: the line raises here")
SILENT = rows("## Silent: the line runs, and does something else")
SENT = rows("What is sent, beside `request`:")
COUNTED = rows("How often a call is sent, with the two retries that both make by default:")


@pytest.fixture(scope="module")
def outcomes() -> Iterator[dict[str, list[Any]]]:
    """What each line of each table gives, by package, in the order of the tables."""
    lines = [(line, "any") for (line,) in SAME]
    lines += [(line, "any") for old, new, _ in LOUD for line in (old, new)]
    lines += [(line, PATHS.get(server, "any")) for line, server, *_ in SILENT]
    lines += [(line, "any") for line, *_ in SENT]
    lines += [("completion", PATHS[server]) for server, *_ in COUNTED]
    with serve(Servers()) as url:
        found = {}
        for package, interpreter in (("openai", str(python())), ("alphaedge", sys.executable)):
            command = [interpreter, str(Path(__file__).with_name("lines.py")), package, url, KEY]
            done = subprocess.run(
                command, input=json.dumps(lines), capture_output=True, text=True, timeout=120, check=False
            )
            assert done.returncode == 0, done.stderr
            found[package] = json.loads(done.stdout)
    yield found


def part(outcomes: dict[str, list[Any]], start: int, count: int) -> Iterator[tuple[Any, Any]]:
    both = outcomes["openai"], outcomes["alphaedge"]
    return zip(*(found[start : start + count] for found in both), strict=True)


def test_what_is_the_same(outcomes: dict[str, list[Any]]) -> None:
    for (line,), (theirs, ours) in zip(SAME, part(outcomes, 0, len(SAME)), strict=True):
        assert "value" in theirs, (line, theirs)
        assert ours.get("value") == theirs["value"], (line, ours)


def test_what_is_loud(outcomes: dict[str, list[Any]]) -> None:
    every = list(part(outcomes, len(SAME), 2 * len(LOUD)))
    for (old, new, message), (theirs, loud), (_, ours) in zip(LOUD, every[::2], every[1::2], strict=True):
        assert "value" in theirs, (old, theirs)
        assert message in loud.get("message", ""), (old, loud)
        assert ours.get("value") == theirs["value"], (new, ours)


def test_what_is_silent(outcomes: dict[str, list[Any]]) -> None:
    every = part(outcomes, len(SAME) + 2 * len(LOUD), len(SILENT))
    for row, both in zip(SILENT, every, strict=True):
        assert [each.get("value", each.get("raised")) for each in both] == row[2:], (row, both)


def test_what_is_sent(outcomes: dict[str, list[Any]]) -> None:
    every = part(outcomes, len(SAME) + 2 * len(LOUD) + len(SILENT), len(SENT))
    for row, both in zip(SENT, every, strict=True):
        bodies = [each["sent"][-1] for each in both]
        beside = [{name: body[name] for name in body if name not in ("model", "messages")} for body in bodies]
        assert [json.dumps(each) for each in beside] == row[1:]


def test_how_often_a_call_is_sent(outcomes: dict[str, list[Any]]) -> None:
    every = part(outcomes, len(SAME) + 2 * len(LOUD) + len(SILENT) + len(SENT), len(COUNTED))
    for row, both in zip(COUNTED, every, strict=True):
        assert [str(len(each["sent"])) for each in both] == row[1:], row


def test_the_version_and_the_defaults() -> None:
    program = "import openai; print(openai.__version__.rpartition('.')[0], openai.DEFAULT_TIMEOUT.read)"
    done = subprocess.run([str(python()), "-c", program], capture_output=True, text=True, timeout=60, check=True)
    version, timeout = done.stdout.split()
    assert f"with openai {version} and with this package" in PAGE
    assert f"`timeout` is {TIMEOUT:.0f} seconds by\ndefault, and {float(timeout):.0f} in openai" in PAGE
