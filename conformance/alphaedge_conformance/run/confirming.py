"""Sends doubtful requests again, alone: what happens three times is the server's doing, and not that of the load."""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve

from ..exchange import Exchange, Expect, Probe
from ..sending.runner import Runner

GATEWAY = (502, 503, 504)
"""Statuses by which a gateway says that the server behind it gave no usable answer, or that there is none."""
HUNG, MOST = 2, 100
"""Requests that are sent again: of those without an answer in time, each of which costs the whole limit, and of all."""


def confirm(runner: Runner, control: Probe, keep: Callable[[Exchange, bool], object]) -> None:
    """Sends each doubtful request of a run again, as long as the server still accepts the control, and once more where
    that fails too, since a gateway may lose any request. Judging sees the last outcome, as of a probe that is
    `repeated`; `keep` takes each exchange, and whether it counts."""
    doubtful = sorted(filter(_is_doubtful, runner.exchanges), key=lambda exchange: exchange.number)
    hung = [exchange for exchange in doubtful if exchange.timed_out]
    doubtful = ([exchange for exchange in doubtful if not exchange.timed_out] + hung[:HUNG])[:MOST]
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


def is_gateways(exchange: Exchange) -> bool:
    """Whether it is a gateway that answers, for a server that gave no usable answer."""
    return exchange.status in GATEWAY and not exchange.blames_load


def _is_doubtful(exchange: Exchange) -> bool:
    """Whether a request had no answer, or only a gateway's. One that is valid may take its time."""
    probe = exchange.probe
    if not probe.uses_its_method or probe.parts or exchange.refused_connection:
        return False
    gave_none = exchange.is_silent if probe.expect is Expect.REFUSED else exchange.was_dropped
    return gave_none or is_gateways(exchange)
