"""Each profile: the mock conforms, its faults break what they say and nothing else, and it costs few requests.

`make profiles` runs every fault of every profile, those of keywords too.
"""

from __future__ import annotations

from functools import cache

import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.contract.overlays import shipped
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.judging.verdicts import Conclusion, Status
from alphaedge_conformance.maintain.kill_matrix import differences, failed, trial, trial_twice, unbroken
from alphaedge_conformance.maintain.lint import lint
from alphaedge_conformance.mock import Mock
from alphaedge_conformance.mock.faults import all_faults
from alphaedge_conformance.mock.faults.fault import BY_HAND
from alphaedge_conformance.mock.unusual import OF_PROFILES
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.sending.settings import Settings

PROFILES = list(shipped())
MOST = 25
"""Requests that a profile may take on top of those of the contract, at standard effort."""
STATED = {name: fault for name, fault in BY_HAND.items() if fault.profile is not None}
FIRST = {next(name for name, fault in STATED.items() if fault.profile == profile) for profile in PROFILES}
"""One fault of each profile is tried each time, the others by `make slow`."""


@cache
def with_profiles(*names: str) -> Suite:
    return Suite.of(Contract.load(None, names))


def planned(suite: Suite) -> int:
    target = build_target(suite.contract, "http://127.0.0.1", None, "sk-of-a-plan")
    return len(suite.plan(list(suite.requirements), target, Settings()).probes)


def test_which_there_are() -> None:
    chat = {"content-parts", "reasoning", "sampling", "stream-usage", "structured-output", "tools"}
    assert set(PROFILES) == {*chat, "embeddings", "models"}


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_is_in_order(name: str) -> None:
    made = lint(with_profiles(name).contract)
    assert made.problems == []


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_takes_few_requests(suite: Suite, name: str) -> None:
    assert 0 < planned(with_profiles(name)) - planned(suite) <= MOST


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_changes_no_level_of_the_contract(suite: Suite, name: str) -> None:
    now = with_profiles(name).requirements
    assert {id: now[id].level for id in suite.requirements if id in now} == {
        id: each.level for id, each in suite.requirements.items() if id in now
    }
    added = [each for id, each in now.items() if id not in suite.requirements]
    assert {each.source for each in added} == {f"profile:{name}"}


@pytest.mark.parametrize("name", PROFILES)
def test_every_requirement_of_a_profile_has_a_fault(name: str) -> None:
    own = with_profiles(name)
    assert unbroken(own, all_faults(own.contract).values()) == []


@pytest.mark.parametrize(
    "names",
    [*(pytest.param((name,), marks=pytest.mark.slow) for name in PROFILES), tuple(PROFILES)],
    ids=" ".join,
)
def test_the_mock_conforms(names: tuple[str, ...]) -> None:
    run = trial(with_profiles(*names), Mock)
    good = (Status.PASSED, Status.NOT_APPLICABLE)
    assert {id: verdict.reason for id, verdict in run.verdicts.items() if verdict.status not in good} == {}
    assert run.conclusion is Conclusion.CONFORMS


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in FIRST else pytest.mark.slow) for n in STATED])
def test_a_fault_is_found_and_nothing_else(name: str) -> None:
    fault = STATED[name]
    assert fault.profile is not None
    run = trial(with_profiles(fault.profile), fault.make)
    assert failed(run) == fault.breaks


@pytest.mark.slow
@pytest.mark.parametrize("name", ["streams-call-twice", "ignores-the-seed"])
def test_its_recording_says_the_same(name: str) -> None:
    fault = STATED[name]
    assert fault.profile is not None
    run, again = trial_twice(with_profiles(fault.profile), fault.make)
    assert failed(run) == fault.breaks
    assert differences(run, again) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_PROFILES)
def test_an_unusual_server_is_not_accused(name: str) -> None:
    profile, kind = OF_PROFILES[name]
    run = trial(with_profiles(profile), kind)
    assert {id: verdict.findings for id, verdict in run.verdicts.items() if verdict.findings} == {}
    assert run.conclusion is Conclusion.CONFORMS
