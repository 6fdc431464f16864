"""Which faults of the mock the traffic of an application shows, without a request of ours."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from attrs import define, field
from bench.environment import python

from alphaedge_conformance.live.judging import LiveJudge
from alphaedge_conformance.live.messages import Counts
from alphaedge_conformance.live.passed import Budget, Tap
from alphaedge_conformance.live.proxy import Proxy
from alphaedge_conformance.mock import serve
from alphaedge_conformance.mock.faults.fault import Make
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.sending.settings import Settings

from .traffic import PATH

TALK = Path(__file__).with_name("talk.py")
KEY = "sk-the-key-of-an-application-0123456789"
PACE = 2000.0
"""Tokens per second of a server: its streams come in pieces."""


@define
class DirectFeed:
    """Judges in this process, as it passes."""

    judge: LiveJudge
    budget: Budget = field(factory=Budget)
    counts: Counts = field(factory=Counts)
    _numbers: int = 0

    def next_number(self) -> int:
        self._numbers += 1
        return self._numbers

    def offer(self, tap: Tap, elapsed: float) -> None:
        assert tap.why_not is None
        self.judge.add(tap.passed(elapsed))


def shown_by_traffic(suite: Suite, servers: Iterable[Make], folder: Path) -> list[dict[str, int]]:
    """What the traffic of the openai package shows of each server: the requirements that it breaks, with how often."""
    contract, judges, urls = suite.contract, list[LiveJudge](), list[str]()
    with ExitStack() as stack:
        for number, make in enumerate(servers):
            own = folder / str(number)
            own.mkdir()
            upstream = stack.enter_context(serve(make(contract, KEY, tokens_per_second=PACE)))
            judge = LiveJudge(suite, upstream + PATH, Settings(report=own))
            judges.append(judge)
            proxy = Proxy(contract, upstream + PATH, DirectFeed(judge))  # type: ignore[arg-type]
            urls.append(stack.enter_context(serve(proxy, lifespan="on", server_header=False)))
        subprocess.run([str(python()), str(TALK), *urls], check=True, timeout=240)
    for judge in judges:
        judge.write(Counts())
    return [judge.failed() for judge in judges]
