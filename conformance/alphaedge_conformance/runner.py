"""Sends a plan: the control first, then everything else concurrently; what met a rate limit comes again."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from attrs import evolve

from . import sse
from .errors import Inconclusive
from .exchange import Chunk, Exchange, Probe
from .probes import Plan
from .secrets import redact
from .settings import KEY_VARIABLE, Settings, Target
from .wire import headers

AFTER_DONE = 1.0
"""Seconds that a stream has to end after [DONE]."""
RETRIES = 4
"""How often a request comes again that met a rate limit."""
LONGEST_WAIT = 30.0
"""Seconds that a Retry-After is honoured for at most."""
MAX_BODY = 8 * 2**20
"""Bytes of a body that are kept; more is not read."""
Progress = Callable[[Exchange, Plan], None]


def run(plan: Plan, target: Target, settings: Settings, progress: Progress) -> list[Exchange]:
    """All exchanges of a plan, in its order. Raises Inconclusive where the control is not accepted, so that nothing
    that follows could be judged."""
    return asyncio.run(_run(plan, target, settings, progress))


def send(number: int, probe: Probe, target: Target, settings: Settings) -> Exchange:
    """One more exchange, after a run."""

    async def alone() -> Exchange:
        async with httpx.AsyncClient(timeout=settings.timeout) as client:
            return await _exchange(client, Exchange(number, probe, target.url, time.time()), target, settings)

    return asyncio.run(alone())


async def _run(plan: Plan, target: Target, settings: Settings, progress: Progress) -> list[Exchange]:
    limits = httpx.Limits(max_connections=settings.concurrency, max_keepalive_connections=settings.concurrency)
    turn = asyncio.Semaphore(settings.concurrency)
    async with httpx.AsyncClient(limits=limits, timeout=settings.timeout, follow_redirects=False) as client:

        async def send(number: int, probe: Probe) -> Exchange:
            for attempt in range(1 + RETRIES):
                async with turn:
                    exchange = Exchange(number, probe, target.url, time.time())
                    exchange = await _exchange(client, exchange, target, settings)
                wait = _retry_after(exchange)
                if wait is None or attempt == RETRIES:
                    break
                await asyncio.sleep(wait)
            progress(exchange, plan)
            return exchange

        control, *others = plan.probes
        first = await send(1, control)
        if first.status != 200:
            raise Inconclusive(redact(await _why(client, first, target), target.key))
        return [first, *await asyncio.gather(*(send(number, probe) for number, probe in enumerate(others, 2)))]


def _retry_after(exchange: Exchange) -> float | None:
    """Seconds to wait before the request may come again, where the server says that it did not look at it."""
    if exchange.status not in (429, 503):
        return None
    value = exchange.header("retry-after") or "1"
    try:
        wait = float(value) if value.strip().isdigit() else parsedate_to_datetime(value).timestamp() - time.time()
    except ValueError:
        wait = 1.0
    return min(max(wait, 0.0), LONGEST_WAIT)


async def _exchange(client: httpx.AsyncClient, exchange: Exchange, target: Target, settings: Settings) -> Exchange:
    probe, started = exchange.probe, time.perf_counter()
    chunks: list[Chunk] = []
    answer: dict[str, Any] = {}
    decoder = sse.Decoder()
    size, limit = 0, settings.timeout
    try:
        async with asyncio.timeout(settings.timeout) as deadline:
            request = client.build_request(
                probe.method, exchange.url, content=probe.body, headers=headers(probe, target.key)
            )
            response = await client.send(request, stream=True)
            try:
                answer["status"] = response.status_code
                answer["headers"] = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in response.headers.raw)
                async for data in response.aiter_bytes():
                    chunks.append(Chunk(time.perf_counter() - started, data))
                    size += len(data)
                    if size > MAX_BODY:
                        answer["failure"] = f"more than {MAX_BODY} bytes"
                        break
                    if probe.streams and any(event.data == "[DONE]" for event in decoder.feed(chunks[-1])):
                        limit = AFTER_DONE
                        deadline.reschedule(asyncio.get_running_loop().time() + limit)
            finally:
                await response.aclose()
    except TimeoutError:
        answer["failure"] = f"no end within {limit:g} s" + (" of [DONE]" if limit == AFTER_DONE else "")
    except httpx.HTTPError as error:
        answer["failure"] = _in_words(error)
    return evolve(exchange, chunks=tuple(chunks), elapsed=time.perf_counter() - started, **answer)


def _in_words(error: httpx.HTTPError) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate was not accepted: {cause.verify_message}"
        cause = cause.__cause__ or cause.__context__
    words: dict[type[httpx.HTTPError], str] = {
        httpx.ConnectError: "nothing listens there",
        httpx.ReadError: "the connection was reset",
        httpx.RemoteProtocolError: f"the connection was closed or spoke no HTTP ({error})",
        httpx.DecodingError: f"the content coding was broken ({error})",
    }
    return words.get(type(error), f"{type(error).__name__} {error}".strip())


async def _why(client: httpx.AsyncClient, control: Exchange, target: Target) -> str:
    """In one line why the control was not accepted, and what to do."""
    if control.status is None:
        return f"{target.origin}: {control.failure}; start the server or correct the URL"
    said = " ".join(control.body[:400].decode("utf-8", "replace").split())[:200]
    if control.status in (401, 403):
        key = f"{KEY_VARIABLE} is not set" if target.key is None else f"the key in {KEY_VARIABLE} was refused"
        return f"{target.origin} answered {control.status}: {key}: {said}"
    if control.status in (400, 404, 422):
        offered = await _models(client, target)
        if offered is not None and target.model not in offered:
            models = ", ".join(offered) or "none"
            return (
                f"{target.origin} does not know the model {target.model!r}; it offers {models}; name one with --model"
            )
    return f"{target.url} answered {control.status} to the contract's own example, so nothing can be judged: {said}"


async def _models(client: httpx.AsyncClient, target: Target) -> list[str] | None:
    """What `GET /v1/models` offers, where the server answers it."""
    url = target.url.removesuffix("/chat/completions") + "/models"
    try:
        response = await client.get(url, headers={"Authorization": f"Bearer {target.key}"} if target.key else {})
        return [str(model["id"]) for model in response.json()["data"]] if response.status_code == 200 else None
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return None
