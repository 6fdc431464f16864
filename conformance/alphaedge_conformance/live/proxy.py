"""`alphaedge-conform proxy`: stands before a server, passes everything on, and judges what passes."""

from __future__ import annotations

import asyncio
import logging
import ssl
import threading
import time
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from .. import report
from ..contract import Contract
from ..contract.requirements import catalogue
from ..exchange.chat import OPERATION
from ..judging.verdicts import Conclusion
from ..mock import serve
from ..report.comparison import is_one
from ..run.interrupts import interruptible
from .connections import HEADERS
from .feed import Feed, feeding
from .forwarding import Forwarder, Watcher
from .messages import Setup
from .metrics import MEDIA_TYPE, Meters
from .metrics import text as metrics
from .passed import Tap

PAGE, METRICS = "/__conformance__", "/__conformance__/metrics"
KEEP_ALIVE = 75
"""Seconds that an idle connection of a client is kept: longer than clients keep theirs."""
GRACE = 10
"""Seconds for what is under way when the proxy ends."""


class Observer(Watcher):
    """Measures an exchange and, where it is one of the operation, keeps it to be judged."""

    def __init__(self, meters: Meters, feed: Feed, tap: Tap | None) -> None:
        self._meters, self._feed, self._tap = meters, feed, tap
        self._clock = time.perf_counter()
        self._status, self._is_first = "none", True

    def request(self, data: bytes) -> None:
        if self._tap is not None:
            self._tap.request(data)

    def starts(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        self._status = str(status)
        if self._tap is not None:
            self._tap.status, self._tap.headers = status, tuple(headers)

    def answer(self, data: bytes) -> None:
        at = time.perf_counter() - self._clock
        if self._is_first:
            self._is_first = False
            self._meters.first_byte.add(at)
        if self._tap is not None:
            self._tap.answer(at, data)

    def ends(self, failure: str | None, client_left: bool) -> None:
        elapsed = time.perf_counter() - self._clock
        self._meters.statuses[self._status] += 1
        self._meters.whole.add(elapsed)
        if self._tap is not None:
            self._tap.failure, self._tap.client_left = failure, client_left
            self._feed.offer(self._tap, elapsed)


class Proxy:
    """The ASGI application: two paths of its own, and everything else passed on."""

    def __init__(self, contract: Contract, url: str, feed: Feed, verify: ssl.SSLContext | None = None) -> None:
        """`url` is the address of the operation at the server."""
        parts = urlsplit(url)
        self._contract, self._feed, self._meters = contract, feed, Meters()
        self._requirements = catalogue(contract)
        self._here = contract.path.removesuffix(OPERATION).encode()
        self._there = parts.path.removesuffix(OPERATION).encode("ascii")
        origin = f"{parts.scheme}://{parts.netloc}"
        self._forwarder = Forwarder(origin, self._rewrite, self._watch, verify)
        self._asking = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http" and scope["path"] in (PAGE, METRICS):
            await (await self._own(scope))(scope, receive, send)
        elif scope["type"] == "http":
            await self._forwarder(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._forwarder.close()
        await send({"type": "lifespan.shutdown.complete"})

    def _rewrite(self, target: bytes) -> bytes:
        """The target of a request at the server, which may have another path before the operation."""
        return self._there + target[len(self._here) :] if target.startswith(self._here + b"/") else target

    def _watch(self, scope: Scope) -> Observer:
        tap = None
        if scope["path"] == self._contract.path:
            number = self._feed.next_number()
            tap = Tap(self._feed.budget, number, time.time(), scope["method"], tuple(scope["headers"]))
        return Observer(self._meters, self._feed, tap)

    async def _own(self, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("GET it.\n", 405, {"Allow": "GET, HEAD"})
        async with self._asking:  # one at a time: each makes the judging process judge
            answer = await run_in_threadpool(self._feed.ask, "page" if scope["path"] == PAGE else "state")
        headers = {"Cache-Control": "no-store"}
        if scope["path"] == METRICS:
            state = answer or self._feed.latest
            text = metrics(self._meters, self._feed.counts, state, self._requirements)
            return Response(text, headers=headers, media_type=MEDIA_TYPE)
        if answer is None:
            return PlainTextResponse(
                "The judging process is behind; try again.\n", 503, {"Retry-After": "5", **headers}
            )
        return HTMLResponse(answer["page"], headers=headers)


def run(contract: Contract, setup: Setup, port: int, verify: ssl.SSLContext, quiet: bool = False) -> int:
    """Passes traffic on until a signal ends it; the exit code is that of the verdict. Raises OSError for a port in
    use."""
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # a client that left is nothing to warn of
    stopped = threading.Event()
    options = {
        "lifespan": "on",
        "server_header": False,
        "timeout_keep_alive": KEEP_ALIVE,
        "h11_max_incomplete_event_size": HEADERS,
    }
    with feeding(setup) as feed, interruptible(lambda _: stopped.set()):
        proxy = Proxy(contract, setup.url, feed, verify)
        with serve(proxy, port, timeout_graceful_shutdown=GRACE, **options) as url:
            print(f"{url} forwards to {setup.url}; live report: {url}{PAGE}; press Ctrl-C to stop", flush=True)
            stopped.wait()
    if failure := feed.latest.get("failure"):
        print(f"alphaedge-conform: {failure}")
        return Conclusion.KIT_ERROR.exit_code
    document = report.read(setup.folder / "report.json")
    assert not is_one(document)
    report.show(document, setup.folder, quiet)
    return Conclusion(document["verdict"]).exit_code
