"""Finds the request after which a server was unavailable for a while: it is sent again, with the control behind it."""

from __future__ import annotations

import time
from collections.abc import Callable

from attrs import define, evolve

from ..exchange import Exchange, Expect, Probe
from ..probes.state import behind
from ..sending.runner import Runner
from .confirming import is_gateways

SUSPECTS, REFUSED_SUSPECTS = 8, 4
"""Requests before an outage that are tried, the last ones first: those that were accepted, and then the others."""
LOOKS = (0.0, 0.3)
"""Seconds before each look at whether the server is still there: a process may take a moment to end."""
ROUNDS = (2, 3)
"""An outage has to come again so many times, each after so many tries of the control alone without one: what comes with
every seventh request is not the fault of one of them."""
PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Seconds before each look at whether the server is back."""


@define
class Investigation:
    """What is sent to find the cause of an outage. Only what shows it is judged."""

    runner: Runner
    control: Probe
    keep: Callable[[Exchange, bool], object]
    """Takes each exchange, and whether it counts."""
    _is_up: bool = False

    def investigate(self) -> dict[Probe, str]:
        """Names the first request that takes the server down whenever it is sent; nothing where there was no outage, or
        where none can be blamed for it. Gives what could not be sent, and why, where the server did not come back."""
        for probe in self._suspects():
            if not self._is_back():
                return {behind(self.control, probe): f"the server did not come back after {probe.name!r}"}
            down = self._down_after(probe)
            if down is None:
                continue
            self.keep(down, is_the_cause := all(self._comes_again(probe, tries) for tries in ROUNDS))
            if is_the_cause:
                break
        return {}

    def _suspects(self) -> list[Probe]:
        """What was sent before the server was first seen to be away, the last first. A gateway may answer an invalid
        request as if nobody were there."""
        attempts = [*self.runner.exchanges, *self.runner.attempts]
        valid = [each for each in attempts if each.probe.expect is Expect.ACCEPTED or each.refused_connection]
        lost = [each for each in valid if _is_unavailable(each)]
        if not lost:
            return []
        noticed = min(each.started + each.elapsed for each in lost)
        before = [each for each in attempts if each.started < noticed and not _is_unavailable(each)]
        before.sort(key=lambda each: each.started, reverse=True)
        before = [each for each in before if each.probe.on_the_wire != self.control.on_the_wire]
        accepted = dict.fromkeys(each.probe for each in before if each.accepted)
        refused = dict.fromkeys(each.probe for each in before if not each.accepted)
        return [*list(accepted)[:SUSPECTS], *list(refused)[:REFUSED_SUSPECTS]]

    def _comes_again(self, probe: Probe, tries: int) -> bool:
        """Whether the server is down after the probe, and after none of so many tries of the control."""
        innocent = all(self._down_after(self.control) is None for _ in range(tries))
        down = self._down_after(probe) if innocent else None
        if down is not None:
            self.keep(down, False)
        return down is not None

    def _down_after(self, probe: Probe) -> Exchange | None:
        """The control behind a probe, where the server was there before and is not then."""
        if not self._is_back():
            return None
        first = self.runner.send_once(evolve(probe, alone=True))
        if first is not None:
            self.keep(first, False)
        self._is_up = first is not None and not _is_unavailable(first)
        for pause in LOOKS:
            time.sleep(pause)
            then = self.runner.send_once(behind(self.control, probe)) if self._is_up else None
            if then is None:
                break
            if _is_unavailable(then):
                self._is_up = False
                return then
            self.keep(then, False)
        return None

    def _is_back(self) -> bool:
        """Waits until the server answers the control."""
        for pause in PAUSES if not self._is_up else ():
            time.sleep(pause)
            self.runner.hope_again()
            answer = self.runner.send_once(evolve(self.control, alone=True))
            if answer is None:
                break
            self.keep(answer, False)
            self._is_up = answer.accepted
            if self._is_up:
                break
        return self._is_up


def _is_unavailable(exchange: Exchange) -> bool:
    """Whether no server was there for a request, as opposed to one that has too much to do."""
    return is_gateways(exchange) or exchange.refused_connection
