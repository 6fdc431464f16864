"""Finds the value for which a request with several was refused: each is sent alone."""

from __future__ import annotations

from ..exchange import Exchange
from ..sending.runner import Runner


def split(runner: Runner) -> None:
    """Sends the parts of each request with several values that the server did not accept, whatever it answered."""
    looked_at = 0
    while new := runner.exchanges[looked_at:]:  # a part may have parts of its own
        looked_at += len(new)
        new.sort(key=lambda exchange: exchange.number)  # and not as they were answered
        runner.send_all([part for exchange in new if _is_refused(exchange) for part in exchange.probe.parts])


def _is_refused(exchange: Exchange) -> bool:
    is_of_load = exchange.timed_out or exchange.refused_connection or exchange.blames_load
    return not exchange.accepted and not is_of_load
