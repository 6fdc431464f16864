"""Draws further requests with Hypothesis, asks the server, and makes what broke a requirement as small as it can be."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import hypothesis
from attrs import define, field
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase

from ..exchange import Exchange, Probe
from ..judging.verdicts import Judge
from ..probes.cache import FOLDER
from ..sending.runner import Runner

EXAMPLES = "examples"
"""The folder of requests that failed; they are tried first the next time."""


class Broken(AssertionError):
    """What Hypothesis is told of a request that broke something."""


@define
class Explorer:
    """Sends drawn requests one after the other, as many as the budget of an exploration allows."""

    runner: Runner
    judge: Judge
    keep: Callable[[Exchange, bool], object]
    """Takes each exchange, and whether it counts: of requests that were made smaller only the smallest does."""
    seed: int
    left: int
    _known: dict[tuple[object, ...], tuple[Exchange, frozenset[str]] | None] = field(factory=dict)
    _smallest: Exchange | None = None

    def explore(self, probes: st.SearchStrategy[Probe]) -> None:
        """Goes on after each finding, for something else that is wrong, until nothing is left to send."""
        found: set[str] = set(self.judge.failed)
        round = 0
        while self.left > 0:
            before, self._smallest = self.left, None
            broken = self._search(probes, frozenset(found), self.seed + round)
            if broken:
                assert self._smallest is not None
                self.keep(self._smallest, True)
                found |= broken
            elif self.left == before:
                return  # whatever is drawn has been sent
            round += 1

    def _search(self, probes: st.SearchStrategy[Probe], known: frozenset[str], seed: int) -> frozenset[str]:
        """The requirements that a drawn request breaks, besides those that are known to be; its smallest form is
        kept."""
        broken: frozenset[str] = frozenset()
        failing: list[Exchange] = []

        @hypothesis.seed(seed)
        @hypothesis.settings(
            max_examples=max(1, self.left),
            database=DirectoryBasedExampleDatabase(FOLDER / EXAMPLES),
            deadline=None,
            phases=[Phase.reuse, Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
            print_blob=False,
            report_multiple_bugs=False,
        )
        @hypothesis.given(probes)
        def run(probe: Probe) -> None:
            nonlocal broken
            answer = self._answer(probe)
            if answer is None:
                return
            exchange, breaks = answer
            new = breaks - known
            if new and (not broken or new & broken):
                broken = broken & new or new
                self._smallest = exchange
                failing.append(exchange)
                raise Broken

        with suppress(Broken):
            run()
        for exchange in dict.fromkeys(failing):
            if exchange is not self._smallest:
                self.keep(exchange, False)
        return broken

    def _answer(self, probe: Probe) -> tuple[Exchange, frozenset[str]] | None:
        """What came back for a request, now or before, and what it breaks; None where nothing is left to send."""
        if probe.sent not in self._known:
            if self.left <= 0:
                return None
            self.left -= 1
            exchange = self.runner.send(probe)
            if exchange is None:
                self.left = 0
                return None
            broken = self.judge.broken_by(exchange)
            self._known[probe.sent] = exchange, broken
            if not broken:
                self.keep(exchange, True)
        return self._known[probe.sent]
