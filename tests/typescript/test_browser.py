"""The package in chromium, on a page of another origin than the API."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from ..chromium import chromium
from ..client.conftest import GREETING, KEY

pytestmark = pytest.mark.xdist_group("typescript")

PROGRAM = """
async ([baseURL, apiKey]) => {
  const { AlphaEdge } = await import("/node_modules/@alphaedge/alphaedge/dist/esm/index.js");
  const { completions } = new AlphaEdge({ apiKey, baseURL, maxRetries: 0 }).chat;
  const request = { model: "alphaedge-large-3-2512", messages: [{ role: "user", content: "Hello!" }] };
  const named = (error) => error.name;
  const whole = await completions.create(request, { extraHeaders: { "x-team": "search" } }).catch(named);
  const stream = await completions.create({ ...request, stream: true }).catch(named);
  if (typeof whole === "string") return [whole, stream];
  const texts = [];
  for await (const text of stream.text()) texts.push(text);
  const left = await completions.create({ ...request, stream: true });
  for await (const _ of left) break;
  const refused = await completions.create({ ...request, temperature: 3 }).catch((error) => error);
  const raw = await completions.withRawResponse.create(request);
  return [
    whole.choices[0].message.content,
    texts.join(""),
    (await stream.finalCompletion()).choices[0].finish_reason,
    `${refused.name} ${refused.param}`,
    raw.headers.get("content-length") > 100,
  ];
}
"""


@contextmanager
def mock(*arguments: str) -> Iterator[str]:
    """The URL of `python -m alphaedge_conformance.mock` with these arguments."""
    command = [sys.executable, "-m", "alphaedge_conformance.mock", "--port", "0", "--key", KEY, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        try:
            yield running.stdout.readline().partition("/v1/")[0]
        finally:
            running.terminate()


@pytest.fixture
def origin(npm_package: Path) -> Iterator[str]:
    """Where a page finds the package."""
    (npm_package / "index.html").write_text("<!doctype html><title>A page</title>", "utf-8")
    handler = partial(SimpleHTTPRequestHandler, directory=str(npm_package))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def asked(browser: Browser, origin: str, base_url: str) -> Any:
    page = browser.new_page()
    try:
        page.goto(f"{origin}/index.html")
        return page.evaluate(PROGRAM, [base_url, KEY])
    finally:
        page.close()


def test_a_page_asks_a_server_that_lets_it(browser: Browser, origin: str) -> None:
    with mock("--cors") as base_url:
        assert asked(browser, origin, base_url) == [GREETING, GREETING, "stop", "BadRequestError temperature", True]


def test_a_server_without_cors_is_no_answer(browser: Browser, origin: str) -> None:
    with mock() as base_url:
        assert asked(browser, origin, base_url) == ["APIConnectionError", "APIConnectionError"]
