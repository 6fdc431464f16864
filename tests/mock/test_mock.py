"""The mock as a server of its own: `make mock`, `python -m alphaedge_conformance.mock`."""

from __future__ import annotations

import gc
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.mock.reply import tokenize

COMMAND = [sys.executable, "-m", "alphaedge_conformance.mock"]
HELLO = {"model": "alphaedge-large-3-2512", "messages": [{"role": "user", "content": "Hello!"}]}


@contextmanager
def running(*arguments: str) -> Iterator[str]:
    """The address of the operation; the process ends with the block, by Ctrl-C and with exit code 0."""
    process = subprocess.Popen([*COMMAND, "--port", "0", *arguments], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.match(r"(http://127\.0\.0\.1:\d+/v1/chat/completions) serves alphaedge-large-3-2512", line)
        assert found, line
        yield found[1]
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.communicate()


def test_options() -> None:
    with running("--key", "sk-key", "--latency", "0.2", "--tokens-per-second", "100") as url:
        assert httpx.post(url, json=HELLO).status_code == 401
        answer = httpx.post(url, json=HELLO, headers={"Authorization": "Bearer sk-key"})
        assert answer.json()["choices"][0]["message"]["content"] == "Hello! How can I help you today?"
        assert answer.elapsed.total_seconds() >= 0.2 + answer.json()["usage"]["completion_tokens"] / 100


def test_without_a_key_anybody_is_let_in() -> None:
    with running() as url:
        assert httpx.post(url, json=HELLO).status_code == 200


def test_a_fault() -> None:
    with running("--fault", "total-is-the-prompt") as url:
        usage = httpx.post(url, json=HELLO).json()["usage"]
        assert usage["total_tokens"] == usage["prompt_tokens"]


def test_an_unusual_server() -> None:
    with running("--fault", "no-space-after-colon") as url:
        assert httpx.post(url, json={**HELLO, "stream": True}).text.startswith("data:{")


def test_wrong_usage_is_4_and_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for arguments, says in (
            (["--fault", "nonsense"], "there is no fault 'nonsense'; there are: "),
            (["--port", str(taken.getsockname()[1])], "name another with --port"),
            (["--port", "99999"], "name another with --port"),
            (["--contract", "/does/not/exist"], "cannot be read as a contract"),
        ):
            done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=30, check=False)
            assert done.returncode == 4
            assert says in done.stderr
            assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("text", ["Hello!", "", " ", "a_b  c\n\nd", "名前 🧪é", "\0\u2028", "x" * 50])
def test_tokens_together_are_the_text(text: str) -> None:
    assert "".join(tokenize(text)) == text


def test_the_count_is_honest(contract: Contract) -> None:
    with serve(Mock(contract)) as url:
        for limit in range(1, 12):
            answer = httpx.post(url + contract.path, json={**HELLO, "max_tokens": limit}).json()
            (choice,) = answer["choices"]
            count = len(tokenize(choice["message"]["content"]))
            assert answer["usage"]["completion_tokens"] == count == min(limit, 9)
            assert choice["finish_reason"] == ("length" if limit < 9 else "stop")


@pytest.mark.filterwarnings("error")
def test_a_server_that_ends_closes_what_has_just_come(contract: Contract) -> None:
    """A connection that was accepted while the server was closed was left open, and found by the garbage collector."""
    for _ in range(5):
        with serve(Mock(contract)) as url:
            port = int(url.rpartition(":")[2])
            held = [socket.create_connection(("127.0.0.1", port)) for _ in range(5)]
        for each in held:
            each.settimeout(10)
            with suppress(ConnectionResetError):
                assert each.recv(1) == b""
            each.close()
    gc.collect()
