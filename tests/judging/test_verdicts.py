"""Verdicts: what is said where something was not sent, or no answer has it, and how often something breaks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

import pytest
from attrs import evolve

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.exchange import Chunk, Exchange, Expect, Probe
from alphaedge_conformance.judging.checks import checks_for
from alphaedge_conformance.judging.evidence import Evidence
from alphaedge_conformance.judging.verdicts import Judge, Status, Verdict
from alphaedge_conformance.maintain.kill_matrix import trial
from alphaedge_conformance.mock.faults import BY_HAND
from alphaedge_conformance.run.suite import Suite

ID = "usage.total-is-the-sum"


def judged(
    suite: Suite, exchanges: list[Exchange], id: str = ID, unsent: Mapping[Probe, str] = MappingProxyType({})
) -> Verdict:
    requirement = suite.requirements[id]
    judge = Judge(suite.contract, [requirement], checks_for(suite.contract, {id: requirement}), (), None)
    for exchange in exchanges:
        judge.add(exchange)
    return judge.verdicts(unsent)[id]


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


def test_required_requests_that_were_not_sent_are_counted(suite: Suite) -> None:
    one, two = (Probe(name, "", None, frozenset({ID})) for name in ("one", "two"))
    verdict = judged(suite, [], unsent={one: "budget exhausted"})
    assert verdict.status is Status.INCONCLUSIVE
    assert verdict.reason == "1 required request was not sent: budget exhausted"
    verdict = judged(suite, [], unsent={one: "budget exhausted", two: "interrupted"})
    assert verdict.reason == "2 required requests were not sent: budget exhausted"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"message": "m", "type": "t"}, Status.NOT_APPLICABLE),
        ({"message": "m", "type": "t", "param": "p"}, Status.PASSED),
        (None, Status.INCONCLUSIVE),
    ],
)
def test_an_optional_part_that_no_answer_has(suite: Suite, error: dict[str, str] | None, status: Status) -> None:
    probe = Probe("control", "", b"{}", expect=Expect.REFUSED)
    body = json.dumps({"error": error}).encode()
    answer = Exchange(1, probe, "", 0.0, 400, (("content-type", "application/json"),), (Chunk(0.1, body),))
    assert judged(suite, [answer] if error else [], "error.error-param-type").status is status


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Dec 2026 11:22:33 :: -99999999999999999999", "1 Jan 99999 00:00:00 GMT"]
)
def test_a_date_that_cannot_be_read_leaves_the_clock(suite: Suite, date: str) -> None:
    answer = Exchange(1, Probe("control", "", b"{}"), "", 1e9, 200, (("date", date),), elapsed=2.0)
    assert Evidence.of(answer, suite.contract).now == (1e9 + 2, 1e9 + 2)
