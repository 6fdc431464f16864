"""The command `alphaedge-conform gateway`: what is wrong is found, what is harmless is not accused."""

from __future__ import annotations

import time
from typing import Any

import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.exchange.target import target
from alphaedge_conformance.judging.verdicts import Status
from alphaedge_conformance.live.gateway.cases import Case
from alphaedge_conformance.live.gateway.catalogue import requirements
from alphaedge_conformance.live.gateway.checks import CHECKS
from alphaedge_conformance.live.gateway.run import judge
from alphaedge_conformance.live.gateway.sending import send_all
from alphaedge_conformance.live.gateway.upstream import Upstream
from alphaedge_conformance.mock import serve
from alphaedge_conformance.sending.settings import Settings

from .gateways import FAULTY, HARMLESS, KEY, UPSTREAM_KEY, Gateway

SLOW = {f"gateway-stream.{id}" for id in ("not-held-back", "each-piece-passed-on", "ends-when-the-client-leaves")}


def is_slow(case: Case) -> bool:
    """Whether a case takes a second or more."""
    return case.script.pause > 0


def report(contract: Contract, make: type[Gateway], slow: bool = True) -> dict[str, dict[str, Any]]:
    """What is said of each requirement."""
    upstream = Upstream(contract)
    with serve(upstream) as direct, serve(make(direct)) as url:
        goal = target(contract, url, None, KEY)
        seen = send_all(contract, goal, upstream, UPSTREAM_KEY, Settings(), lambda case: slow or not is_slow(case))
    made, _ = judge(contract, goal, 0, seen, time.time(), Settings())
    return {each["id"]: dict(each) for each in made["requirements"]}


def failed(found: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    return {
        id: [finding["message"] for finding in each["findings"]]
        for id, each in found.items()
        if each["status"] == Status.FAILED
    }


def test_each_requirement_has_a_check_and_a_gateway_that_breaks_it() -> None:
    assert set(CHECKS) == set(requirements())
    broken = {id for kind in FAULTY.values() for id in kind.breaks}
    assert set(requirements()) == broken
    assert (len(FAULTY) >= 20, len(HARMLESS) >= 10) == (True, True)


@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_gateway(contract: Contract, name: str) -> None:
    found = report(contract, FAULTY[name], slow=not SLOW.isdisjoint(FAULTY[name].breaks))
    assert failed(found).keys() == FAULTY[name].breaks, failed(found)


@pytest.mark.parametrize("name", HARMLESS)
def test_a_harmless_gateway(contract: Contract, name: str) -> None:
    found = report(contract, HARMLESS[name])
    assert failed(found) == {}
    assert {id: each["reason"] for id, each in found.items() if each["status"] != Status.PASSED} == {}
