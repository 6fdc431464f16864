"""How much may be sent, and how fast."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime

from attrs import define, field

from ..exchange import Exchange, Expect, Probe
from ..probes import ceiling

LONGEST_WAIT = 30.0
"""Seconds that one Retry-After is honoured for at most."""
PATIENCE = 40.0
"""Seconds that a run waits for a server that answers nothing but 429 or 503."""
JITTER = 0.1
"""The part of a wait that is added at random, so that several runs do not come back together."""
IN_A_ROW = 3
"""Answers that do not come or do not end, one after the other, before no more of the kind is sent."""
LIMITED = (429, 503)


@define
class Budget:
    """What may still be sent. Everything is counted before it is sent, and whether or not it is answered."""

    requests: int | None
    tokens: int | None
    sent: int = 0

    def take(self, probe: Probe | None = None) -> bool:
        """Whether one more request may be sent, of this probe or of none."""
        most_tokens = sum(ceiling(probe)) if probe is not None else 0
        if self.requests is not None and self.requests < 1:
            return False
        if self.tokens is not None and self.tokens < most_tokens:
            return False
        self.requests = self.requests - 1 if self.requests is not None else None
        self.tokens = self.tokens - most_tokens if self.tokens is not None else None
        self.sent += 1
        return True


@define
class Pace:
    """When the next request may go out, and how many at a time."""

    width: int
    """Requests at a time; halved when the server limits the rate, and never raised again."""
    interval: float = 0.0
    """Seconds between requests."""
    _next: float = 0.0
    _waited: float = 0.0

    async def turn(self) -> None:
        while (wait := self._next - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        self._next = time.monotonic() + self.interval

    def answered(self) -> None:
        self._waited = 0.0

    def limited(self, wait: float) -> bool:
        """Everything waits; whether that is still worth it. What was under way together counts as one."""
        now = time.monotonic()
        if self._waited + wait > PATIENCE:
            return False
        if self._next <= now + self.interval:
            self.width = max(1, self.width // 2)
            self._waited += wait
        self._next = max(self._next, now + wait * (1 + JITTER * random.random()))
        return True


def is_limited(exchange: Exchange) -> bool:
    """Whether the server says that it did not look at the request. A 503 to an invalid one, without a time to come back
    at, may as well be what it makes of that request."""
    may_be_its_answer = exchange.probe.expect is Expect.REFUSED and not exchange.blames_load
    return exchange.status in LIMITED and not may_be_its_answer


def retry_after(exchange: Exchange, attempt: int) -> float | None:
    """Seconds until the request may be retried, where the server says that it did not look at it."""
    if not is_limited(exchange):
        return None
    value = (exchange.header("retry-after") or "").strip()
    try:
        wait = float(value) if value.isdigit() else parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, OverflowError):
        wait = 2.0**attempt
    return min(max(wait, 0.0), LONGEST_WAIT)


@define
class Breaker:
    """Sees that more of the same would only cost time: nothing listens any more, no answer comes to an end."""

    _gone: int = 0
    _limited: int = 0
    _cut: Counter[bool] = field(factory=Counter)
    """Answers in a row that were given up: streams, and others."""
    _under_way: Counter[bool] = field(factory=Counter)

    @contextmanager
    def under_way(self, probe: Probe) -> Iterator[None]:
        self._under_way[probe.streams] += 1
        try:
            yield
        finally:
            self._under_way[probe.streams] -= 1

    def record(self, exchange: Exchange) -> None:
        if exchange.refused_connection:
            self._gone += 1
        elif exchange.status in LIMITED:
            self._limited += is_limited(exchange)
        elif exchange.aborted_by_limit:
            self._cut[exchange.probe.streams] += 1
        else:
            self._gone = self._limited = self._cut[exchange.probe.streams] = 0

    def open_reason(self, probe: Probe) -> str | None:
        """Why an answer is not to be hoped for."""
        if self._gone >= IN_A_ROW:
            return "nothing listens there any more"
        if self._limited >= IN_A_ROW:
            return "the server answers 429 or 503 to everything"
        if self._cut[probe.streams] >= IN_A_ROW:
            return f"{IN_A_ROW} {'streams' if probe.streams else 'answers'} in a row were given up before"
        return None

    def should_wait(self, probe: Probe) -> bool:
        """Whether to see first what becomes of the others of its kind, now that one had to be given up."""
        cut = self._cut[probe.streams]
        return 0 < cut < IN_A_ROW <= cut + self._under_way[probe.streams]
