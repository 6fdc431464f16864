"""`make live-faults`: every fault of the mock that the traffic of an application can show is found in it (minutes).

A fault can be shown where it breaks something that is judged on answers to requests that applications send; what needs
a request of a special kind is named here, with the reason.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.judging.evidence import ACCEPTED
from alphaedge_conformance.mock.faults import all_faults
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.sending.settings import Settings

from .ordinary import KEY, shown_by_traffic

BATCH = 12
SUITE = Suite.of(Contract.load())
FAULTS = all_faults(SUITE.contract)
SPECIAL = {
    "error-with-status-200": "only what is answered to a request that the contract accepts is held against it",
    "null-for-nothing": "an answer without a text",
    "cut-by-the-next-request": "requests at once",
    "hangs-after-an-error": "a client that waits for the end: this one leaves, so that nobody knows what was to come",
    "counts-the-history": "the request of the control, twice",
    "stays-open": "a client that waits for the end: this one leaves after [DONE]",
}
"""Faults that show only where a request is of a kind that applications seldom send, and which one."""


def general_faults() -> list[str]:
    """Faults that break something which is judged on answers to any valid request, not on a probe of its own."""
    target = build_target(SUITE.contract, "http://127.0.0.1", None, KEY)
    named = SUITE.plan(list(SUITE.requirements), target, Settings()).named
    general = {id for id, check in SUITE.checks.items() if check.kinds & set(ACCEPTED) and id not in named}
    return [name for name, fault in FAULTS.items() if name not in SPECIAL and fault.breaks & general]


GENERAL = general_faults()


@pytest.mark.parametrize("start", range(0, len(GENERAL), BATCH))
def test_found_by_traffic(tmp_path: Path, start: int) -> None:
    names = GENERAL[start : start + BATCH]
    found = shown_by_traffic(SUITE, [FAULTS[name].make for name in names], tmp_path)
    missed = [name for name, each in zip(names, found, strict=True) if not each]
    accused = {name: set(each) - FAULTS[name].breaks for name, each in zip(names, found, strict=True)}
    assert (missed, {name: each for name, each in accused.items() if each}) == ([], {})


def test_what_is_special_is_there() -> None:
    assert set(SPECIAL) <= set(FAULTS)
