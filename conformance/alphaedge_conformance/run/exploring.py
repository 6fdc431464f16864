"""Draws further requests with Hypothesis, asks the server, and makes what broke a requirement as small as it can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import count

import hypothesis
from attrs import define, field, frozen
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.errors import Flaky

from ..exchange import Exchange, Expect, Probe, chat
from ..judging.verdicts import Judge
from ..probes import cache
from ..probes.drawing import LARGEST, Drawing
from ..sending.runner import Runner

RESERVE = 20
"""Requests that are left, while values are made small, to find out which of them make no difference."""


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
    _known: dict[tuple[object, ...], tuple[Exchange, frozenset[str]]] = field(factory=dict)
    _kept: set[int] = field(factory=set)
    _is_shrinking: bool = False
    _explained: list[Explained] = field(factory=list)

    def explore(self) -> None:
        """What failed the last time first. Goes on after each finding, for something else that is wrong, until nothing
        is left to send."""
        failed, probes, smallest = self.judge.failed, self.drawing.strategy(), list[Exchange]()

        def found(exchange: Exchange, broken: frozenset[str]) -> None:
            smallest.append(self._smaller(exchange, broken))
            self._settle(smallest[-1], counts=True)
            paths = tuple(edit.path for edit in self.drawing.edits(smallest[-1].probe.request))
            self._explained.append(Explained(smallest[-1].probe.expect, paths))

        for request in cache.failing(self.drawing.contract):
            probe = self.drawing.probe(chat.affordable(request, self.drawing.control.request, LARGEST))
            answer = self._answer(probe) if probe is not None and not self._is_explained(probe) else None
            if answer is not None and (broken := answer[1] - failed):
                found(answer[0], broken)
        for seed in count(self.seed):
            before = self.left
            drawn = self._search(probes, failed, seed) if before > 0 else None
            if drawn is None and self.left == before:  # whatever is drawn has been sent
                break
            if drawn is not None:
                found(*drawn)
        for exchange, broken in self._known.values():
            self._settle(exchange, counts=not broken)
        cache.keep_failing(self.drawing.contract, [each.probe.request for each in smallest])

    def _smaller(self, exchange: Exchange, broken: frozenset[str]) -> Exchange:
        """The same without what differs from the control and makes no difference. Hypothesis makes values small, and
        does not know that one which is not there is smaller."""
        for probe in self.drawing.without(exchange.probe):
            answer = self._answer(probe, reserve=0)
            if answer is not None and answer[1] & broken:
                self._settle(exchange, counts=False)
                return self._smaller(*answer)
            if answer is not None and probe.expect is Expect.ACCEPTED and not (exchange.accepted or answer[0].accepted):
                self._settle(exchange, counts=False)  # what is left is refused by itself
                return answer[0]
            if answer is not None:
                self._settle(answer[0], counts=not answer[1])
        return exchange

    def _settle(self, exchange: Exchange, counts: bool) -> None:
        """Keeps an exchange, once."""
        if exchange.number not in self._kept:
            self._kept.add(exchange.number)
            self.keep(exchange, counts)

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
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
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
            is_explained = bool(new) and self._is_explained(probe)
            if new and (not broken or new & broken) and not is_explained:
                broken, self._is_shrinking = broken & new or new, True
                failing.append(exchange)
                raise Broken
            if not new or is_explained:
                self._settle(exchange, counts=not new)

        self._is_shrinking = False
        with suppress(Broken, Flaky):  # a server may answer the same request in two ways
            run()
        if not failing:
            return None
        *larger, smallest = failing  # Hypothesis runs the smallest once more at the end
        for exchange in larger:
            if exchange is not smallest:
                self._settle(exchange, counts=False)
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
            self._known[probe.sent] = exchange, self.judge.broken_by(exchange)
        return self._known[probe.sent]
