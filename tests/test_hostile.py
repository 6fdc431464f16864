"""Whatever a server answers, judging ends with a verdict and never with a traceback."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaedge_conformance.exchange import Chunk, Exchange, Probe
from alphaedge_conformance.judging.verdicts import Judge, Verdict
from alphaedge_conformance.maintain.kill_matrix import trial
from alphaedge_conformance.mock import Mock
from alphaedge_conformance.run.suite import Suite

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def good(suite: Suite) -> list[Exchange]:
    """What the mock answered, for spoiling: a completion, a stream, a refusal, and two that are compared."""
    wanted = {"control", "control, streamed", "wrong key", "cut at 4", "cut at 8", "temperature = 2.5, streamed"}
    return [exchange for exchange in trial(suite, Mock).exchanges if exchange.probe.name in wanted]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, item in inner for place in places(item, (*path, name)))]


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    if not path:
        return by
    value = copy.copy(value)
    value[path[0]] = replaced(value[path[0]], path[1:], by)
    return value


def spoiled(exchange: Exchange, where: int, value: Any) -> bytes:
    """The body with one value anywhere replaced by another."""
    text = exchange.body.decode()
    documents = [line.removeprefix("data: ") for line in text.split("\n") if line.startswith("data: {")] or [text]
    document = documents[where % len(documents)]
    found = places(json.loads(document))
    other = replaced(json.loads(document), found[where % len(found)], value)
    return text.replace(document, json.dumps(other)).encode()


STATUS = st.sampled_from([None, 200, 400, 500])


@settings(max_examples=300, deadline=None)
@given(which=st.integers(0, 5), where=st.integers(0, 999), value=JSON, status=STATUS)
def test_a_value_of_any_kind_anywhere(
    suite: Suite, good: list[Exchange], which: int, where: int, value: Any, status: int | None
) -> None:
    bodies = [exchange.body for exchange in good]
    bodies[which] = spoiled(good[which], where, value)
    judge_all(suite, good, bodies, status)


PARTS = [b"data: ", b"\n\n", b"\r", b"[DONE]", b"{", b"}", b'"', b"\xff", b"[" * 5000]


@settings(max_examples=150, deadline=None)
@given(parts=st.lists(st.sampled_from(PARTS) | st.binary(max_size=9), max_size=12), status=STATUS)
def test_bytes_of_any_kind(suite: Suite, good: list[Exchange], parts: list[bytes], status: int | None) -> None:
    judge_all(suite, good, [b"".join(parts)] * len(good), status)


def judge_all(suite: Suite, good: list[Exchange], bodies: list[bytes], status: int | None) -> None:
    exchanges = [
        evolve(exchange, status=status or exchange.status, chunks=(Chunk(0.1, body[:7]), Chunk(0.2, body[7:])))
        for exchange, body in zip(good, bodies, strict=True)
    ]
    assert judged(suite, exchanges).keys() == suite.requirements.keys()


def judged(suite: Suite, exchanges: list[Exchange]) -> dict[str, Verdict]:
    plan = [exchange.probe for exchange in exchanges]
    judge = Judge(suite.contract, suite.requirements.values(), suite.checks, plan, "sk-key")
    for exchange in exchanges:
        judge.add(exchange)
    return judge.verdicts({})


def test_no_answer_at_all(suite: Suite) -> None:
    probe = Probe("control", "", b"{}")
    exchange = Exchange(1, probe, "http://127.0.0.1:1", 0.0, failure="the connection was reset")
    verdicts = judged(suite, [exchange])
    assert {verdict.status for verdict in verdicts.values()} == {"inconclusive"}
    assert {verdict.reason for verdict in verdicts.values()} == {"no answer to 'control': the connection was reset"}
