"""Sends the cases through a gateway, and notes what arrives behind it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

import httpx
from attrs import evolve

from ...contract import Contract
from ...exchange import Chunk, Exchange
from ...exchange.authorization import headers as headers_of
from ...exchange.redaction import redact_bytes
from ...exchange.target import Target
from ...sending.settings import Settings
from ...sending.transport import client, exchange
from .cases import Case, cases, together
from .checks import Seen
from .upstream import Arrival, Script, Upstream

UNTIL_LEFT = 3.0
"""Seconds that a request to the upstream is given to end after the client has left."""
FIRST_PIECE = 10.0
"""Seconds that a client which is to leave waits for its first piece."""


def send_all(
    contract: Contract,
    target: Target,
    upstream: Upstream,
    upstream_key: str | None,
    settings: Settings,
    chosen: Callable[[Case], bool] = lambda case: True,
) -> list[Seen]:
    """Each case in turn, so that what arrives meanwhile is of this case; at the end some at once."""
    wanted = [case for case in cases(contract, target.model) if chosen(case)]
    return asyncio.run(_Sender(contract, target, upstream, upstream_key, settings).all(wanted))


class _Sender:
    def __init__(
        self, contract: Contract, target: Target, upstream: Upstream, upstream_key: str | None, settings: Settings
    ) -> None:
        self._contract, self._target, self._upstream = contract, target, upstream
        self._upstream_key, self._settings = upstream_key, settings

    async def all(self, wanted: Iterable[Case]) -> list[Seen]:
        seen = []
        async with client(self._settings, self._target) as self._http:
            for number, case in enumerate(wanted, 1):
                self._upstream.script = case.script
                first = len(self._upstream.arrivals)
                exchanged, left = await (self._leave(number, case) if case.leaves else self._send(number, case))
                mine = self._of(case, self._upstream.arrivals[first:])
                if left is not None:
                    await _until_left(mine)
                seen.append(self._seen(case, exchanged, mine, left))
                if number == 1 and not mine:
                    return seen  # nothing reaches the upstream
            self._upstream.script = Script()
            first, at_once = len(self._upstream.arrivals), together(self._target.model)
            done = await asyncio.gather(*(self._send(len(seen) + 1 + n, case) for n, case in enumerate(at_once)))
            arrivals = self._upstream.arrivals[first:]
            for case, (exchanged, _) in zip(at_once, done, strict=True):
                mine = [arrival for arrival in arrivals if case.word.encode() in arrival.body]
                seen.append(self._seen(case, exchanged, mine, None))
        return seen

    def _of(self, case: Case, arrivals: Iterable[Arrival]) -> list[Arrival]:
        """Those of a case: a late retry of another one still has that one's word."""
        others = [other.word.encode() for other in cases(self._contract, self._target.model) if other != case]
        return [arrival for arrival in arrivals if not any(word in arrival.body for word in others)]

    async def _send(self, number: int, case: Case) -> tuple[Exchange, float | None]:
        return await exchange(self._http, number, case.probe, self._target, self._settings.limits), None

    async def _leave(self, number: int, case: Case) -> tuple[Exchange, float | None]:
        """Sends a case and leaves after the first piece; the moment, if there was one."""
        probe, started, clock = case.probe, time.time(), time.perf_counter()
        made = Exchange(number, probe, self._target.url, started, aborted_by_limit=True, timed_out=True)
        sent = headers_of(probe, self._target.key)
        try:
            async with (
                asyncio.timeout(FIRST_PIECE),
                self._http.stream("POST", self._target.url, content=probe.body, headers=sent) as response,
            ):
                raw = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw)
                made = evolve(made, status=response.status_code, headers=raw)
                async for data in response.aiter_raw():
                    made = evolve(made, chunks=(Chunk(time.perf_counter() - clock, data),))
                    break
        except (TimeoutError, httpx.HTTPError) as error:
            return evolve(made, failure=f"no piece within {FIRST_PIECE:g} s ({type(error).__name__})"), None
        return evolve(made, elapsed=time.perf_counter() - clock, failure="the client left"), time.time()

    def _seen(self, case: Case, exchanged: Exchange, arrivals: list[Arrival], left: float | None) -> Seen:
        key = self._target.key
        return Seen(case, exchanged, tuple(arrivals), self._contract, key, self._upstream_key, left)


async def _until_left(arrivals: list[Arrival]) -> None:
    deadline = time.monotonic() + UNTIL_LEFT
    while arrivals and arrivals[-1].left is None and time.monotonic() < deadline:
        await asyncio.sleep(0.02)


def without_key(exchange: Exchange, key: str | None) -> Exchange:
    """An exchange as it may be written, without the upstream's key."""
    if key is None:
        return exchange
    body, chunks, start = redact_bytes(exchange.body, key), [], 0
    for chunk in exchange.chunks:
        chunks.append(evolve(chunk, data=body[start : start + len(chunk.data)]))
        start += len(chunk.data)
    masked = tuple(
        (name, redact_bytes(value.encode("latin-1"), key).decode("latin-1")) for name, value in exchange.headers
    )
    return evolve(exchange, chunks=tuple(chunks), headers=masked)
