"""Every check has a server that breaks exactly it, and no unusual server that conforms is accused.

Here, for each stated requirement and each kind of keyword, one fault is judged on what it breaks; the whole map of
verdicts is asked of some, and of some unusual servers. `make mutants` asks it of all, live and recorded.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.contract.requirements import catalogue
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.judging.verdicts import Conclusion, Status
from alphaedge_conformance.maintain.kill_matrix import differences, failed, trial, trial_twice, unbroken
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.mock.faults import all_faults
from alphaedge_conformance.mock.faults.fault import Fault
from alphaedge_conformance.mock.unusual import UNUSUAL
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.sending.limits import Limits
from alphaedge_conformance.sending.settings import Settings

CONTRACT = Contract.load()
FAULTS = all_faults(CONTRACT)


def telling() -> list[Fault]:
    """For each stated requirement the fault that breaks least besides; for each keyword the first."""
    chosen: dict[tuple[str, str], Fault] = {}
    for requirement in catalogue(CONTRACT).values():
        breaking = [fault for fault in FAULTS.values() if requirement.id in fault.breaks]
        stated = requirement.kind == "stated"
        kind = (requirement.kind, requirement.id if stated else requirement.id.rpartition("-")[2])
        if breaking and kind not in chosen:
            chosen[kind] = min(breaking, key=lambda fault: len(fault.breaks))
    return list({fault.name: fault for fault in chosen.values()}.values())


def test_there_are_enough() -> None:
    assert len(FAULTS) >= 150
    assert len(UNUSUAL) >= 20
    assert all(fault.text for fault in FAULTS.values())


def test_every_requirement_has_a_fault(suite: Suite) -> None:
    assert unbroken(suite, FAULTS.values()) == []


@pytest.mark.parametrize("fault", telling(), ids=lambda fault: fault.name)
def test_fault(suite: Suite, fault: Fault) -> None:
    run = trial(suite, fault.make, fault.breaks)
    assert failed(run) == fault.breaks
    must = any(suite.requirements[id].level == "MUST" for id in fault.breaks)
    assert (run.conclusion is Conclusion.DEVIATES) == must


@pytest.mark.parametrize("fault", telling()[::12], ids=lambda fault: fault.name)
def test_a_fault_breaks_nothing_else(suite: Suite, fault: Fault) -> None:
    """And its recording says the same."""
    run, again = trial_twice(suite, fault.make)
    assert failed(run) == fault.breaks
    assert differences(run, again) == []


@pytest.mark.parametrize("name", list(UNUSUAL)[::6])
def test_unusual_server(suite: Suite, name: str) -> None:
    run = trial(suite, UNUSUAL[name])
    assert {id: verdict.findings for id, verdict in run.verdicts.items() if verdict.findings} == {}
    assert run.conclusion is Conclusion.CONFORMS


def test_the_mock_keeps_every_requirement(suite: Suite) -> None:
    run = trial(suite, Mock)
    assert {id for id, verdict in run.verdicts.items() if verdict.status is not Status.PASSED} == set()


def test_what_differs_from_a_refused_control_says_nothing(suite: Suite) -> None:
    """A server that refuses every stream does not refuse the invalid ones for the right reason."""
    fault = FAULTS["refuses-streams"]
    run = trial(suite, fault.make)
    assert failed(run) == fault.breaks
    assert run.verdicts["stream.refused-by-status"].status is Status.INCONCLUSIVE


def test_the_reason_names_an_answer_that_could_have_shown_it(suite: Suite) -> None:
    """As with Prism, which streams nothing and never answers a body that is not JSON."""

    class Hangs(Mock):
        def read(self, http: Request, body: bytes) -> Any:
            request = super().read(http, body)
            return {**request, "stream": False} if isinstance(request, dict) else request

        async def respond(self, http: Request) -> Response:
            if not (await http.body()).endswith(b"}"):
                await asyncio.sleep(2)
            return await super().respond(http)

    with serve(Hangs(suite.contract)) as url:
        target = build_target(suite.contract, url, None, None)
        wanted = ["body.empty-refused", "chunk.type"]
        run = suite.run(wanted, target, Settings(limits=Limits(whole=0.3)))
    reasons = {id: verdict.reason for id, verdict in run.verdicts.items()}
    assert reasons["chunk.type"] == "no answer contained what this requirement is about"
    assert "empty body" in (reasons["body.empty-refused"] or "")
