"""Sends doubtful requests again, alone: what happens three times is the server's doing, and not that of the load."""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve

from ..exchange import Exchange, Expect, Probe
from ..sending.runner import Runner

GATEWAY = (502, 503, 504)
"""Statuses by which a gateway says that the server behind it gave no usable answer, or that there is none."""
HUNG = 2
"""Requests without an answer in time that are sent again: each costs the whole limit."""


def confirm(runner: Runner, control: Probe, keep: Callable[[Exchange, bool], object]) -> None:
    """Sends each doubtful request of a run again, as long as the server still accepts the control, and once more where
    that fails too, since a gateway may lose any request. Judging sees the last outcome, as of a probe that is
    `repeated`; `keep` takes each exchange, and whether it counts."""
    doubtful = [exchange for exchange in runner.exchanges if _is_doubtful(exchange)]
    hung = [exchange for exchange in doubtful if exchange.timed_out]
    doubtful = [exchange for exchange in doubtful if not exchange.timed_out] + hung[:HUNG]
    if not doubtful:
        return
    runner.hope_again()  # the doubtful ones themselves may have ended all hope of an answer
    answered = runner.send(evolve(control, repeated=True))
    if answered is not None:
        keep(answered, True)
    if answered is None or not answered.accepted:
        return
    for exchange in doubtful:
        probe = evolve(exchange.probe, repeated=True)
        again = runner.send(probe)
        if again is not None and _is_doubtful(again) and (last := runner.send(probe)) is not None:
            keep(again, False)
            again = last
        if again is not None:
            keep(again, True)


def _is_doubtful(exchange: Exchange) -> bool:
    """Whether an invalid request had no answer, or only a gateway's."""
    is_invalid = exchange.probe.expect is Expect.REFUSED and exchange.probe.method == "POST"
    is_gateways = exchange.status in GATEWAY and not exchange.blames_load
    return is_invalid and not exchange.refused_connection and (exchange.is_silent or is_gateways)
