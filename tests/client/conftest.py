"""What the tests of the client share: the mock, a client of it, and servers that answer what a test says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from alphaedge import AlphaEdge
from alphaedge_conformance.contract import Contract
from alphaedge_conformance.mock import Mock, serve

ROOT = Path(__file__).resolve().parent.parent.parent
KEY = "sk-test-0123456789"
HELLO: dict[str, Any] = {"model": "alphaedge-large-3-2512", "messages": [{"role": "user", "content": "Hello!"}]}
GREETING = "Hello! How can I help you today?"

PATIENCE = 20.0
"""Seconds after which something counts as hanging."""

Serve = Callable[..., str]


def within_patience(call: Callable[[], Any]) -> Any:
    """What the call returns or raises; fails where it hangs, and leaves its thread to die with the process."""
    ended: Future[Any] = Future()

    def run() -> None:
        try:
            ended.set_result(call())
        except BaseException as error:
            ended.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return ended.result(PATIENCE)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the machine's key nor its proxy has a say."""
    for name in ("ALPHAEDGE_API_KEY", "ALPHAEDGE_BASE_URL", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """The address of the conforming mock, which lets in KEY alone."""
    with serve(Mock(Contract.load(), KEY)) as address:
        yield address


@pytest.fixture
def client(url: str) -> Iterator[AlphaEdge]:
    with AlphaEdge(KEY, base_url=url) as made:
        yield made


@pytest.fixture
def served() -> Iterator[Serve]:
    """Serves an ASGI application until the end of the test."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(serve(app))


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts, which are written down and not made."""
    import alphaedge._transport as transport

    made: list[float] = []
    monkeypatch.setattr(transport, "time", SimpleNamespace(sleep=made.append, monotonic=time.monotonic))

    async def sleep(seconds: float) -> None:
        made.append(seconds)

    monkeypatch.setattr(transport, "sleep", sleep)
    return made
