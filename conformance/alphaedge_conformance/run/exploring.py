"""Draws further requests with Hypothesis, asks the server, and makes what broke a requirement as small as it can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

import hypothesis
from attrs import define, field, frozen
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase

from ..exchange import Exchange, Expect, Probe
from ..judging.verdicts import Judge
from ..probes import cache
from ..probes.drawing import Drawing
from ..sending.runner import Runner

RESERVE = 20
"""Requests that are left, while values are made small, to find out which of them make no difference."""
EXAMPLES = "examples"
"""The folder of requests that failed; they are tried first the next time."""


class Broken(AssertionError):
    """What Hypothesis is told of a request that broke something."""


@frozen
class Explained:
    """What a finding is made of: where its request differs from the control."""

    expect: Expect
    paths: tuple[tuple[str | int, ...], ...]

    def explains(self, probe: Probe, paths: Iterable[tuple[str | int, ...]]) -> bool:
        overlapping = (any(own[: len(path)] == path[: len(own)] for path in paths) for own in self.paths)
        return probe.expect is self.expect and all(overlapping)


@define
class Explorer:
    """Sends drawn requests one after the other, as many as the budget of an exploration allows."""

    runner: Runner
    judge: Judge
    keep: Callable[[Exchange, bool], object]
    """Takes each exchange, and whether it counts: of requests that were made smaller only the smallest does."""
    seed: int
    left: int
    drawing: Drawing
    _known: dict[tuple[object, ...], tuple[Exchange, frozenset[str]] | None] = field(factory=dict)
    _is_shrinking: bool = False
    _explained: list[Explained] = field(factory=list)

    def explore(self) -> None:
        """Goes on after each finding, for something else that is wrong, until nothing is left to send."""
        failed, probes, round = self.judge.failed, self.drawing.strategy(), 0
        while self.left > 0:
            before = self.left
            found = self._search(probes, failed, self.seed + round)
            if found is None and self.left == before:
                return  # whatever is drawn has been sent
            if found is not None:
                smallest = self._smaller(*found)
                self.keep(smallest, True)
                paths = tuple(edit.path for edit in self.drawing.edits(smallest.probe.request))
                self._explained.append(Explained(smallest.probe.expect, paths))
            round += 1

    def _smaller(self, exchange: Exchange, broken: frozenset[str]) -> Exchange:
        """The same without what differs from the control and makes no difference. Hypothesis makes values small, and
        does not know that one which is not there is smaller."""
        for probe in self.drawing.without(exchange.probe):
            answer = self._answer(probe, reserve=0)
            if answer is not None and answer[1] & broken:
                self.keep(exchange, False)
                return self._smaller(*answer)
        return exchange

    def _is_explained(self, probe: Probe) -> bool:
        """Whether a request holds, among others, what a finding was made of."""
        paths = [edit.path for edit in self.drawing.edits(probe.request)]
        return any(known.explains(probe, paths) for known in self._explained)

    def _search(
        self, probes: st.SearchStrategy[Probe], known: frozenset[str], seed: int
    ) -> tuple[Exchange, frozenset[str]] | None:
        """A request that breaks a requirement besides those that are known to be broken, with the smallest values, and
        what it breaks."""
        broken: frozenset[str] = frozenset()
        failing: list[Exchange] = []

        @hypothesis.seed(seed)
        @hypothesis.settings(
            max_examples=max(1, self.left),
            database=DirectoryBasedExampleDatabase(cache.folder() / EXAMPLES),
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
            if new and (not broken or new & broken) and not self._is_explained(probe):
                broken, self._is_shrinking = broken & new or new, True
                failing.append(exchange)
                raise Broken

        self._is_shrinking = False
        with suppress(Broken):
            run()
        if not failing:
            return None
        *larger, smallest = failing  # Hypothesis runs the smallest once more at the end
        for exchange in dict.fromkeys(larger):
            if exchange is not smallest:
                self.keep(exchange, False)
        return smallest, broken

    def _answer(self, probe: Probe, reserve: int = RESERVE) -> tuple[Exchange, frozenset[str]] | None:
        """What came back for a request, now or before, and what it breaks; None where nothing is left to send."""
        if probe.sent not in self._known:
            if self.left <= (reserve if self._is_shrinking else 0):
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
