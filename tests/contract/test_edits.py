"""Edits of the contract, some alone and all that go together at once; `make growth` tries every one, and pairs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from alphaedge._model import Model
from alphaedge_conformance.contract import Contract
from alphaedge_conformance.contract.names import ATTRIBUTES, reserved
from alphaedge_conformance.contract.requirements import unjudged
from alphaedge_conformance.contract.versions import FOLDER
from alphaedge_conformance.exchange import Expect
from alphaedge_conformance.maintain.lint import lint
from alphaedge_conformance.probes import everything
from alphaedge_conformance.run.suite import Suite

from .edits import EDITS
from .growing import assert_compared, assert_judged, assert_killed, grown

SOME = ("tools", "if then else", "tool calls in the answer")
"""A deep list in requests, a condition, and a list in answers and chunks; `make growth` has them all."""


@pytest.mark.parametrize("name", SOME)
@pytest.mark.parametrize("holds", [assert_judged, assert_compared])
def test_an_edit(suite: Suite, name: str, holds: Callable[[Suite, Suite], None]) -> None:
    holds(Suite.of(grown([name])), suite)


@pytest.mark.slow
def test_the_mutants_of_an_edit(suite: Suite) -> None:
    assert_killed(Suite.of(grown(["details of usage"])), suite)


def test_ids_levels_and_sources_of_the_released_contract_stay(suite: Suite) -> None:
    kept = json.loads((FOLDER / "1.0.0.json").read_text("utf-8"))["requirements"]
    now = {each.id: (each.level, each.source) for each in suite.requirements.values()}
    assert {each["id"]: now.get(each["id"]) for each in kept} == {
        each["id"]: (each["level"], each["source"]) for each in kept
    }


def test_every_assertion_of_the_contract_is_judged(contract: Contract) -> None:
    assert list(unjudged(contract)) == []


def test_what_nothing_breaks_alone_is_said_with_its_line() -> None:
    contract = grown(["text or list"])
    left_out = [each.why for each in lint(contract).left_out if each.rule == "keyword-judged"]
    assert len(left_out) == 2
    assert left_out[0].startswith(
        f"openapi.yaml:{contract.line('/components/schemas/ChatCompletionRequest/properties/stop/oneOf/0/type')}: "
    )
    assert "it selects a branch" in left_out[0]


@pytest.mark.parametrize("name", ["timeout", "self"])
def test_a_member_with_a_name_that_is_taken_is_refused(name: str) -> None:
    contract = grown([f"member called {name}"])
    found = [str(each) for each in lint(contract).problems if each.rule == "member-named"]
    line = contract.line(f"/components/schemas/ChatCompletionRequest/properties/{name}")
    message = f"`{name}` is an argument of every method of the Python client; give the member another name"
    assert found == [f"openapi.yaml:{line}: member-named: {message}"]


def test_the_attributes_of_a_model_are_taken() -> None:
    assert {name for name in vars(Model) if not name.startswith("_")} == ATTRIBUTES


def test_no_name_of_the_contract_is_taken(contract: Contract) -> None:
    assert list(reserved(contract)) == []


def test_two_places_never_share_an_id() -> None:
    contract = grown(["list of texts", "reference to a plain value"])
    suite = Suite.of(contract)
    stop = [id for id, each in suite.requirements.items() if "request.stop-" in id and each.kind != "lenient"]
    assert stop == ["request.stop-type", "request.stop-item-type", "request.stop-accepted"]
    seed = [id for id, each in suite.requirements.items() if "seed" in id and each.kind != "lenient"]
    assert seed == ["request.seed-type", "request.seed-minimum", "request.seed-accepted"]


def test_a_probe_of_an_inner_place_differs_from_the_smallest_request_that_has_it() -> None:
    contract = grown(["tools"])
    suite = Suite.of(contract)
    probes = {probe.name: probe for probe in everything(contract, suite.requirements, "m", 1).probes}
    deep = next(p for p in probes.values() if "function-name-max-length" in str(sorted(p.requirement_ids)))
    control = probes[deep.control or ""]
    assert [set(tool["function"]) for tool in control.request["tools"]] == [{"name"}]
    tool: dict[str, Any] = control.request["tools"][0]
    deep_tool = deep.request["tools"][0]
    assert deep_tool == {**tool, "function": {"name": deep_tool["function"]["name"]}}


def test_null_is_accepted_where_the_contract_names_it() -> None:
    contract = grown(["nullable integer"])
    suite = Suite.of(contract)
    probes = everything(contract, suite.requirements, "m", 1).probes
    null = [probe for probe in probes if "seed" in probe.request and probe.request["seed"] is None]
    assert null
    for probe in null:
        assert probe.expect is Expect.ACCEPTED
        assert "request.seed-accepted" in probe.requirement_ids


def test_there_are_edits_enough() -> None:
    assert len(EDITS) > 40


@pytest.mark.parametrize("name", ["multiple of", "enumeration of integers"])
def test_a_number_in_another_notation_is_one_that_the_contract_admits(name: str) -> None:
    contract = grown([name])
    about = "request.number-notation-accepted"
    probes = everything(contract, Suite.of(contract).requirements, "m", 1).probes
    notations = [probe for probe in probes if about in probe.requirement_ids]
    assert notations
    for probe in notations:
        assert contract.violations(contract.request_schema, probe.request) == []
