"""Prevalence: an interval stands only for repetitions of one request."""

from __future__ import annotations

from attrs import evolve

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.exchange import Exchange
from alphaedge_conformance.judging.checks import checks_for
from alphaedge_conformance.judging.verdicts import Judge, Verdict
from alphaedge_conformance.maintain.kill_matrix import trial
from alphaedge_conformance.mock.faults import BY_HAND
from alphaedge_conformance.run.suite import Suite

ID = "usage.total-is-the-sum"


def judged(suite: Suite, exchanges: list[Exchange]) -> Verdict:
    requirement = suite.requirements[ID]
    judge = Judge(suite.contract, [requirement], checks_for(suite.contract, {ID: requirement}), (), None)
    for exchange in exchanges:
        judge.add(exchange)
    return judge.verdicts({})[ID]


def test_an_interval_needs_repetitions(suite: Suite, contract: Contract) -> None:
    run = trial(suite, BY_HAND["total-is-the-prompt"].make, [ID])
    control, *others = run.exchanges
    assert judged(suite, [control, *others]).interval is None
    again = [evolve(control, number=number) for number in range(1, 11)]
    found = judged(suite, again)
    assert (found.judged, len(found.findings)) == (10, 10)
    assert found.interval is not None
    low, high = found.interval
    assert 0.6 < low < 0.8
    assert high == 1
