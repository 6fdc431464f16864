"""Whatever a program asks for with a profile, and whatever it is answered, the kit itself does not fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.exchange import Chunk, Exchange, Expect
from alphaedge_conformance.judging.verdicts import Judge, Status, Verdict
from alphaedge_conformance.maintain.kill_matrix import trial
from alphaedge_conformance.mock import Mock
from alphaedge_conformance.run.suite import Suite

from ..changing import JSON, places, replaced
from ..helpers import ROOT
from .test_hostile import spoiled

Change = Callable[[Any], Any]
"""Makes another request of one."""
NAMES = sorted(path.name.removesuffix(".overlay.yaml") for path in Path(ROOT, "profiles").glob("*.overlay.yaml"))


@cache
def answered(name: str) -> tuple[Suite, tuple[Exchange, ...]]:
    """The suite of a profile, and what the mock answers to it."""
    suite = Suite.of(Contract.load(None, [name]))
    return suite, trial(suite, Mock).exchanges


def judged(suite: Suite, every: Iterable[Exchange], some: Iterable[Exchange]) -> dict[str, Verdict]:
    """What some exchanges show, as those of a program: each requirement is judged on all that show it."""
    accepted = {name for each in every for name in (each.probe.name, each.probe.control)}
    judge = Judge(suite.contract, suite.requirements.values(), suite.checks, (), "sk-key", accepted=accepted)
    for each in some:
        judge.add(each)
    return judge.verdicts({})


def kit_errors(verdicts: dict[str, Verdict]) -> list[str | None]:
    return [each.reason for each in verdicts.values() if each.status is Status.KIT_ERROR]


def asked(suite: Suite, exchange: Exchange, request: Any) -> Exchange:
    """The same answer, to what a program asked; a request that is not valid may be accepted as well as refused."""
    is_valid = isinstance(request, dict) and suite.contract.is_valid(suite.contract.request_schema, request)
    expect = Expect.ACCEPTED if is_valid else Expect.EITHER
    probe = evolve(exchange.probe, body=json.dumps(request).encode(), expect=expect, requirement_ids=frozenset())
    return evolve(exchange, probe=probe)


def parameters(schema: Any) -> Change:
    def change(request: Any) -> Any:
        tools = [{**each, "function": {**each["function"], "parameters": schema}} for each in request["tools"]]
        return {**request, "tools": tools}

    return change


def strict(schema: Any) -> Change:
    described = {"name": "answer", "strict": True, "schema": schema}
    return lambda request: {**request, "response_format": {"type": "json_schema", "json_schema": described}}


def without_messages(request: Any) -> Any:
    return {name: value for name, value in request.items() if name != "messages"}


def with_text_for_a_part(request: Any) -> Any:
    return {**request, "messages": [{"role": "user", "content": ["Hello!"]}]}


UNUSABLE = [
    {"type": "nothing"},
    {"$ref": "#/nowhere"},
    {"$ref": "http://127.0.0.1:9/"},
    {"$ref": "file:///dev/null"},
    {"pattern": "("},
    {"const": "\ud800"},
]


@pytest.mark.parametrize(
    ("name", "probe", "change", "id"),
    [
        *(("tools", "a call of one function", parameters(schema), "tools.arguments-valid") for schema in UNUSABLE),
        *(
            ("structured-output", "JSON of a schema", strict(schema), "structured-output.json-schema")
            for schema in UNUSABLE
        ),
        ("tools", "no call", without_messages, "tools.result-used"),
        ("content-parts", "one part of text", with_text_for_a_part, "content-parts.same-as-text"),
    ],
)
def test_a_request_that_is_of_no_use(name: str, probe: str, change: Change, id: str) -> None:
    suite, every = answered(name)
    control = next(each for each in every if each.probe.name == "control")
    exchange = next(each for each in every if each.probe.name == probe)
    before = judged(suite, every, [control, exchange])
    assert not kit_errors(before)
    verdicts = judged(suite, every, [control, asked(suite, exchange, change(exchange.probe.request))])
    assert not kit_errors(verdicts)
    assert verdicts[id].status is Status.INCONCLUSIVE


def test_half_a_surrogate_pair_in_an_answer() -> None:
    suite, every = answered("structured-output")
    exchange = next(each for each in every if each.probe.name == "JSON of a schema")
    answer = json.loads(exchange.body)
    answer["choices"][0]["message"]["content"] = '"\\ud83d"'
    changed = evolve(exchange, chunks=(Chunk(0.1, json.dumps(answer).encode()),))
    verdicts = judged(suite, every, [changed])
    assert not kit_errors(verdicts)
    assert verdicts["structured-output.json-schema"].status is Status.FAILED


@pytest.mark.slow  # 30 s
@pytest.mark.parametrize("name", NAMES)
def test_a_request_and_an_answer_of_any_kind(name: str) -> None:
    suite, every = answered(name)  # which draws by Hypothesis too, so that it cannot be inside of a test by it
    shown = [each for each in every if each.accepted and each.probe.body]

    @settings(max_examples=400, deadline=None)
    @given(data=st.data())
    def judge_any(data: st.DataObject) -> None:
        assert not kit_errors(judged(suite, every, drawn(data, suite, shown)))

    judge_any()


def drawn(data: st.DataObject, suite: Suite, shown: Sequence[Exchange]) -> Iterator[Exchange]:
    for exchange in data.draw(st.lists(st.sampled_from(shown), min_size=1, max_size=4)):
        if data.draw(st.booleans()):
            request = exchange.probe.request
            where = data.draw(st.sampled_from(places(request)))
            exchange = asked(suite, exchange, replaced(request, where, data.draw(JSON)))
        if data.draw(st.booleans()):
            body = spoiled(exchange, data.draw(st.integers(0, 999)), data.draw(JSON))
            exchange = evolve(exchange, chunks=(Chunk(0.1, body[:7]), Chunk(0.2, body[7:])))
        yield exchange
