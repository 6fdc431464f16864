"""The plan: what is sent, that it is the same for the same seed, and that failing conversations are shrunk."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from collections import Counter
from typing import Any

import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.exchange import Effort, Expect, ExpectedAnswer, Probe
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.judging.verdicts import Status
from alphaedge_conformance.maintain.kill_matrix import failed, trial
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.mock.endpoint import Refusal
from alphaedge_conformance.probes import UNLIMITED, Plan, ceiling
from alphaedge_conformance.probes.drawing import Drawing
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.sending.settings import Settings


def plan(suite: Suite, seed: int = 1, **settings: Any) -> Plan:
    target = build_target(suite.contract, "http://127.0.0.1:1", None, "sk-key")
    return suite.plan(list(suite.requirements), target, Settings(seed=seed, **settings))


def test_a_full_run_is_cheap(suite: Suite) -> None:
    made = plan(suite)
    with_limit = [completion for _, completion in map(ceiling, made.probes) if completion != UNLIMITED]
    assert sum(with_limit) < 3000
    assert made.unlimited == len(made.probes) - len(with_limit) < 20


@pytest.mark.parametrize(("effort", "most"), [("quick", 60), ("standard", 150), ("thorough", 400)])
def test_an_effort_has_its_limit(suite: Suite, effort: str, most: int) -> None:
    """For the five members of the vendor's page; each further one of the contract may take a dozen."""
    made = plan(suite, effort=Effort(effort))
    members = suite.contract.at(suite.contract.resolve(suite.contract.request_schema))["properties"]
    assert most / 2 < len(made.probes) <= most + 12 * (len(members) - 5)


def test_more_effort_sends_all_that_less_does(suite: Suite) -> None:
    """In requests of one value or of several."""
    sent = [
        {each.sent for probe in plan(suite, effort=effort).probes for each in (probe, *probe.parts)}
        for effort in Effort
    ]
    assert sent[0] <= sent[1]
    named = [{id for probe in plan(suite, effort=effort).probes for id in probe.requirement_ids} for effort in Effort]
    assert named[0] <= named[1] <= named[2]


def test_names_are_unique_and_every_requirement_is_probed(suite: Suite) -> None:
    made = plan(suite)
    assert [name for name, count in Counter(probe.name for probe in made.probes).items() if count > 1] == []
    about = {id for probe in made.probes for id in probe.requirement_ids}
    kinds = {probe.kind for probe in made.probes}
    assert about <= set(suite.requirements)
    assert [id for id in suite.requirements if id not in about and not suite.checks[id].kinds & kinds] == []


def test_what_is_expected_is_what_the_contract_says(suite: Suite) -> None:
    """With the right key, a body is expected to be refused exactly where one keyword of the schema is broken."""
    contract = suite.contract
    for probe in plan(suite).probes:
        is_usual = probe.key == "right" and probe.method == "POST" and probe.media_type == "application/json"
        if probe.request and is_usual and "body.malformed-json-refused" not in probe.requirement_ids:
            broken = contract.violations(contract.request_schema, probe.request)
            if probe.expect is Expect.ACCEPTED:
                assert broken == [], probe.name
            elif probe.expect is Expect.REFUSED and "request.model-unknown-refused" not in probe.requirement_ids:
                assert len(broken) == 1, probe.name


def test_a_probe_is_one_edit_away_from_the_control(suite: Suite) -> None:
    control, *others = plan(suite).probes
    for probe in others:
        if probe.expect is Expect.REFUSED and probe.request and "wrong key and" not in probe.name:
            names = control.request.keys() | probe.request.keys()
            differ = {name for name in names if control.request.get(name) != probe.request.get(name)} - {"stream"}
            assert len(differ) <= 1, probe.name


def test_accepted_probes_carry_few_tokens(suite: Suite) -> None:
    for probe in plan(suite).probes:
        if probe.kind in (ExpectedAnswer.PLAIN, ExpectedAnswer.STREAMED) and probe.name != "max_tokens absent":
            assert probe.request["max_tokens"] <= (256 if "long answer" in probe.name else 64), probe.name


def test_null_in_one_of_several_forms_is_undecided_in_another() -> None:
    """A message that calls functions may have no text; a user's may not, and many servers take it all the same."""
    suite = Suite.of(Contract.load(None, ["tools"]))
    about = {
        id
        for probe in plan(suite).probes
        if probe.request.get("messages") == [{"role": "user", "content": None}]
        for id in probe.requirement_ids
    }
    assert about == {"message.content-lenient-type"}


@pytest.mark.parametrize(
    "message",
    [
        {"role": "system", "content": []},
        {"role": "assistant", "content": "", "tool_calls": [{"id": "1", "type": 51, "function": {"name": "f"}}]},
    ],
)
def test_what_servers_take_in_their_own_way_is_not_drawn(message: Any) -> None:
    """A list for a text deep inside of a conversation, and calls that are none of the documented ones."""
    suite = Suite.of(Contract.load(None, ["tools"]))
    control = next(probe for probe in plan(suite).probes if probe.name == "control")
    drawing = Drawing.of(suite.contract, suite.requirements, control)
    assert drawing.probe({**control.request, "messages": [message, {"role": "user", "content": "Hello!"}]}) is None


@pytest.mark.parametrize("more", [{"max_tokens": 794127813449498.0}, {"n": 9}, {"seed": 2**70}, {"stop": ""}])
def test_no_more_is_drawn_than_any_server_gives(more: Any) -> None:
    suite = Suite.of(Contract.load(None, ["sampling"]))
    control = next(probe for probe in plan(suite).probes if probe.name == "control")
    drawing = Drawing.of(suite.contract, suite.requirements, control)
    assert drawing.probe({**control.request, **more}) is None
    assert drawing.probe({**control.request, "max_tokens": 64, "n": 2, "seed": 7}) is not None


def test_every_boundary_of_the_request_is_sent(suite: Suite) -> None:
    probes = plan(suite).probes
    names = {probe.name for probe in probes} | {part.name for probe in probes for part in probe.parts}
    for needed in (
        "temperature = 0",
        "temperature = 2",
        "temperature = 1.0",
        "temperature = 2.001",
        "temperature = -0.001",
        "temperature = 1e-300",
        "temperature = 1e400",
        "max_tokens = 1",
        "max_tokens = 0",
        "max_tokens = 1.5",
        "messages = []",
        "messages absent",
        "messages[0].role absent",
        "stream = false",
        'messages[0].role = "assistant"',
        'messages[0].content = ""',
        "temperature = 2, streamed",
        "temperature = 2.001, streamed",
    ):
        assert needed in names


PRINT = """
from alphaedge_conformance.contract import Contract
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.sending.settings import Settings
suite = Suite.of(Contract.load())
target = build_target(suite.contract, "http://127.0.0.1:1", None, "sk-key")
for probe in suite.plan(list(suite.requirements), target, Settings()).probes:
    print(probe.name, probe.why, probe.sent, sorted(probe.requirement_ids), [part.name for part in probe.parts])
"""


def test_the_same_seed_gives_the_same_bytes_in_the_same_order() -> None:
    """In another process too, under another hash seed."""
    printed = {
        subprocess.run(
            [sys.executable, "-c", PRINT], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1
    assert b"odd texts 2, streamed" in printed.pop()


def test_another_seed_varies_only_the_generated_part(suite: Suite) -> None:
    one, other = plan(suite, seed=1).probes, plan(suite, seed=2).probes

    def is_drawn(probe: Probe) -> bool:
        return probe.theme is not None or any(map(is_drawn, probe.parts))

    assert [probe for probe in one if not is_drawn(probe)] == [probe for probe in other if not is_drawn(probe)]
    assert [probe for probe in one if is_drawn(probe)] != [probe for probe in other if is_drawn(probe)]
    assert {probe.theme for probe in one} == {probe.theme for probe in other}


@pytest.mark.parametrize("runs", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_all_runs_give_one_map(suite: Suite, runs: int) -> None:
    maps = {tuple((id, verdict.status) for id, verdict in trial(suite, Mock).verdicts.items()) for _ in range(runs)}
    assert len(maps) == 1


class CrashesOnControls(Mock):
    """Four control characters in one text lead to 500."""

    def validate(self, request: Any) -> Refusal | None:
        refusal = super().validate(request)
        if refusal is None:
            texts = [message["content"] for message in request["messages"]]
            if any(sum(unicodedata.category(character) == "Cc" for character in text) > 3 for text in texts):
                return Refusal(500, "Internal error.")
        return refusal


@pytest.mark.parametrize("seed", [1, 3])
def test_a_failing_conversation_is_shrunk(suite: Suite, seed: int) -> None:
    with serve(CrashesOnControls(suite.contract, "sk-key")) as url:
        target = build_target(suite.contract, url, None, "sk-key")
        run = suite.run(list(suite.requirements), target, Settings(seed=seed))
    assert failed(run) == {"message.content-accepted"}
    first, *others = run.verdicts["message.content-accepted"].findings
    text = first.exchange.probe.request["messages"][0]["content"]
    assert "shrunk" in first.exchange.probe.name
    assert len(text) == 4
    assert all(len(text) <= len(other.exchange.probe.request["messages"][0]["content"]) for other in others)
    alone = sum(len(exchange.probe.parts) for exchange in run.exchanges if exchange.status != 200)
    assert len(run.plan.probes) < len(run.exchanges) <= len(run.plan.probes) + alone + 30


def test_shrinking_keeps_the_budget(suite: Suite) -> None:
    wanted = ["message.content-accepted"]
    with serve(CrashesOnControls(suite.contract, "sk-key")) as url:
        target = build_target(suite.contract, url, None, "sk-key")
        planned = len(suite.plan(wanted, target, Settings()).probes)
        run = suite.run(wanted, target, Settings(max_requests=planned + 3))
        enough = suite.run(wanted, target, Settings(max_requests=planned + 20))
    assert len(run.exchanges) == planned + 3
    verdict = run.verdicts[wanted[0]]
    assert verdict.status is Status.INCONCLUSIVE
    assert "a request with several values was refused" in (verdict.reason or "")
    assert len(enough.exchanges) == planned + 20
    assert failed(enough) == set(wanted)
