"""A client of httpx2, which openai and mistralai moved to, as `http_client`: in the environment that has it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from bench.environment import python

from alphaedge import AlphaEdge, AlphaEdgeError, AsyncAlphaEdge
from alphaedge._other_client import translated
from alphaedge_conformance.mock import serve

from ..helpers import Counting, strict_mypy
from .conftest import GREETING, KEY, ROOT
from .test_samples import CONTRACT

pytestmark = pytest.mark.xdist_group("installs openai")  # once, not once a worker

PROGRAM = """
import asyncio, json, sys
import httpx2
from alphaedge import AlphaEdge, AlphaEdgeError, AsyncAlphaEdge
url, half, slow, key = sys.argv[1:]
request = dict(model="alphaedge-large-3-2512", messages=[{"role": "user", "content": "Hello!"}])
seen, results = [], []

def outcome(error):
    results.append([type(error).__name__, type(error.__cause__).__module__, type(error.__cause__).__name__])

def look(response):
    seen.append(response.status_code)

async def alook(response):
    seen.append(response.status_code)

with httpx2.Client(event_hooks={"response": [look]}, headers={"x-mine": "1"}) as http:
    client = AlphaEdge(key, base_url=url, http_client=http)
    results.append(client.chat.completions.create(**request).choices[0].message.content)
    with client.chat.completions.create(**request, stream=True) as stream:
        results.append(stream.final_completion().choices[0].message.content)
    for base_url, options, stream in ((url, {"model": "none"}, False), (half, {}, False), (half, {}, True),
                                      (slow, {"timeout": 0.2}, False), ("http://127.0.0.1:1", {}, False)):
        try:
            other = client.with_options(base_url=base_url, max_retries=1)
            answer = other.chat.completions.create(**{**request, **options}, stream=stream)
            answer.final_completion()
        except AlphaEdgeError as error:
            outcome(error)
    client.close()
    assert not http.is_closed

async def main():
    async with httpx2.AsyncClient(event_hooks={"response": [alook]}) as http:
        client = AsyncAlphaEdge(key, base_url=url, http_client=http)
        results.append((await client.chat.completions.create(**request)).choices[0].message.content)
        async with await client.chat.completions.create(**request, stream=True) as stream:
            results.append("".join([text async for text in stream.text()]))
        for base_url, options, stream in ((url, {"model": "none"}, False), (half, {}, False), (half, {}, True),
                                          (slow, {"timeout": 0.2}, False), ("http://127.0.0.1:1", {}, False)):
            try:
                other = client.with_options(base_url=base_url, max_retries=1)
                answer = await other.chat.completions.create(**{**request, **options}, stream=stream)
                await answer.final_completion()
            except AlphaEdgeError as error:
                outcome(error)
        await client.close()
        assert not http.is_closed

asyncio.run(main())
try:
    AlphaEdge(key, http_client=httpx2.AsyncClient())
except AlphaEdgeError as error:
    results.append(str(error))
print(json.dumps([results, seen]))
"""
FAILURES = [
    ["NotFoundError", "builtins", "NoneType"],
    ["APIConnectionError", "httpx", "RemoteProtocolError"],
    ["APIConnectionError", "httpx", "RemoteProtocolError"],
    ["APITimeoutError", "httpx", "ReadTimeout"],
    ["APIConnectionError", "httpx", "ConnectError"],
]
STATUSES = [200, 200, 404, 200, 200]


class Broken:
    """Breaks each answer off, or is late, and counts."""

    def __init__(self, seconds: float) -> None:
        self.requests, self.seconds = 0, seconds

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        streams = b'"stream":true' in (await receive())["body"]
        self.requests += 1
        await asyncio.sleep(self.seconds)
        label = b"text/event-stream" if streams else b"application/json"
        headers = [(b"content-type", label), (b"content-length", b"99")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"data: {}\n\n" if streams else b"{", "more_body": True})
        raise ConnectionError  # which closes the connection


def test_a_client_of_httpx2() -> None:
    mock, half, slow = Counting(CONTRACT, KEY), Broken(0), Broken(0.4)
    with serve(mock) as url, serve(half) as half_url, serve(slow) as slow_url:
        command = [str(python()), "-W", "error", "-c", PROGRAM, url, half_url, slow_url, KEY]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "generated")}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    results, seen = json.loads(done.stdout)
    says = "http_client is asynchronous; give an httpx.Client, or use AsyncAlphaEdge"
    assert results == [*2 * [GREETING, GREETING, *FAILURES], says]
    assert seen == STATUSES * 2  # its hooks are called
    assert (mock.requests, half.requests, slow.requests) == (6, 4, 2)  # no answer that began is asked for again


TYPED = """
import httpx2
from alphaedge import AlphaEdge, AsyncAlphaEdge
AlphaEdge(http_client=httpx2.Client())
AsyncAlphaEdge(http_client=httpx2.AsyncClient())
AlphaEdge(http_client=httpx2.AsyncClient())
AsyncAlphaEdge(http_client=httpx2.Client())
"""


def test_a_client_of_httpx2_is_typed(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(TYPED, "utf-8")
    command = strict_mypy("httpx2", "--python-executable", str(python()), "program.py")
    environment = {**os.environ, "MYPYPATH": str(ROOT / "generated")}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    wrong = [line.split(":")[1] for line in done.stdout.splitlines() if ": error: " in line]
    assert wrong == ["6", "7"], done.stdout


def test_only_errors_of_requests_are_translated() -> None:
    """httpx has an InvalidURL too, which is not one."""
    theirs = type("InvalidURL", (Exception,), {})
    with pytest.raises(theirs), translated():
        raise theirs
    with pytest.raises(httpx.ReadError, match="gone"), translated():
        raise type("ReadError", (Exception,), {})("gone")


@pytest.mark.parametrize("make", [AlphaEdge, AsyncAlphaEdge])
def test_what_is_no_client_is_refused(make: Any) -> None:
    with pytest.raises(AlphaEdgeError, match="http_client is"):
        make(KEY, http_client=object())
