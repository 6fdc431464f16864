"""A server that leaves invalid requests unanswered is found by asking again, alone."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from pathlib import Path

import pytest

from alphaedge_conformance.archive import har
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.judging.evidence import Evidence
from alphaedge_conformance.judging.verdicts import Status
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.sending.limits import Limits
from alphaedge_conformance.sending.settings import Settings

from ..targets import Answer, Asked, Target, completion, response, serving

ID = "error.never-5xx"
WANTED = ["request.temperature-maximum", ID]
ABOVE = re.compile(rb'"temperature": (2\.|3|1e400)')
"""The values above the maximum that are sent."""


async def drops(asked: Asked) -> None:
    asked.reset()


async def hangs(asked: Asked) -> None:
    await asyncio.sleep(100)


@pytest.mark.parametrize(
    ("outcome", "said", "concurrency"),
    [
        (drops, "the connection was closed", 1),
        (drops, "the connection was closed", 8),
        (hangs, "no end within 2 s", 8),
        pytest.param(hangs, "no end within 2 s", 1, marks=pytest.mark.slow),
    ],
)
def test_an_invalid_request_without_an_answer_is_a_finding(
    suite: Suite, outcome: object, said: str, concurrency: int
) -> None:
    async def answer(asked: Asked) -> None:
        is_valid = not ABOVE.search(asked.body)
        await (asked.send(response(completion())) if is_valid else outcome(asked))  # type: ignore[operator]

    with serving(Target(answer)) as url:
        settings = Settings(limits=Limits(whole=2), concurrency=concurrency)
        run = suite.run(["request.temperature-maximum", ID], build_target(suite.contract, url, None, ""), settings)
    messages = [finding.message for finding in run.verdicts[ID].findings]
    assert messages
    assert all(message.startswith("expected 4xx, got no answer when asked again, alone: ") for message in messages)
    assert said in messages[0]
    assert sum(exchange.probe.repeated for exchange in run.exchanges) <= 12


def test_a_server_that_is_gone_is_not_accused(suite: Suite) -> None:
    """The control is asked for first, and is not answered any more."""
    asked_before: list[bytes] = []

    async def answer(asked: Asked) -> None:
        asked_before.append(asked.body)
        await (asked.send(response(completion())) if len(asked_before) == 1 else drops(asked))

    with serving(Target(answer)) as url:
        run = suite.run(WANTED, build_target(suite.contract, url, None, ""), Settings(concurrency=1))
    assert run.verdicts[ID].status is Status.INCONCLUSIVE


def test_a_server_that_ends_before_the_second_time_is_not_accused(suite: Suite) -> None:
    """It answers the control again and then stops listening."""
    controls: list[bytes] = []

    async def answer(asked: Asked) -> None:
        if b"temperature" in asked.body:
            asked.reset()
            return
        controls.append(asked.body)
        if len(controls) == 2:
            await server.stop_listening()
        await asked.send(response(completion(), b"Connection: close"))

    server = Target(answer)
    with serving(server) as url:
        run = suite.run(WANTED[:1], build_target(suite.contract, url, None, ""), Settings(concurrency=1))
        again = [exchange for exchange in run.exchanges if exchange.probe.repeated]
    assert [exchange.refused_connection for exchange in again] == [False, *[True] * (len(again) - 1)]
    assert len(again) > 1
    assert run.verdicts[WANTED[0]].status is Status.INCONCLUSIVE
    assert list(suite.checks[ID]([Evidence(each, suite.contract) for each in again])) == []


def answers_in_turn(*outcomes: bytes | None) -> Answer:
    """Of an invalid request, one after the other; None drops the connection. Valid ones are answered, each on a
    connection of its own, so that a drop is not taken for a kept connection that was closed."""
    asked_before: dict[bytes, int] = {}

    async def answer(asked: Asked) -> None:
        if not ABOVE.search(asked.body):
            await asked.send(response(completion(), b"Connection: close"))
            return
        times = asked_before[asked.body] = asked_before.get(asked.body, -1) + 1
        outcome = outcomes[min(times, len(outcomes) - 1)]
        await (drops(asked) if outcome is None else asked.send(outcome))

    return answer


def status(line: bytes, *headers: bytes) -> bytes:
    return response(b'{"error": {"message": "no", "type": "no"}}', b"Connection: close", *headers, status=line)


GATEWAY, UNAVAILABLE = status(b"502 Bad Gateway"), status(b"503 Unavailable")
BUSY = status(b"503 Unavailable", b"Retry-After: 0")


@pytest.mark.parametrize(
    ("outcomes", "times"),
    [((UNAVAILABLE,), 3), ((GATEWAY, UNAVAILABLE), 3), ((UNAVAILABLE, status(b"500 Oops")), 2)],
)
def test_a_gateways_answer_to_an_invalid_request_is_a_finding(
    suite: Suite, outcomes: tuple[bytes, ...], times: int
) -> None:
    """Valid requests are answered all the while, so the 503 is not one of load; nothing waits for it."""
    server = Target(answers_in_turn(*outcomes))
    with serving(server) as url:
        run = suite.run(WANTED, build_target(suite.contract, url, None, ""), Settings())
    assert {id: run.verdicts[id].status for id in WANTED} == dict.fromkeys(WANTED, Status.FAILED)
    bodies = Counter(asked.body for asked in server.asked if ABOVE.search(asked.body))
    assert set(bodies.values()) == {times}


@pytest.mark.parametrize(
    ("outcomes", "got"), [((None, GATEWAY), "no answer, and 502"), ((UNAVAILABLE, None), "503, and no answer")]
)
def test_two_ways_to_fail_are_not_the_same_again(
    suite: Suite, outcomes: tuple[bytes | None, ...], got: str, tmp_path: Path
) -> None:
    with serving(Target(answers_in_turn(*outcomes))) as url:
        target = build_target(suite.contract, url, None, "")
        run = suite.run(WANTED, target, Settings(concurrency=1, report=tmp_path))
    again = suite.replay(WANTED, har.read([tmp_path / har.ARCHIVE], suite.contract.path), Settings())
    for verdicts in (run.verdicts, again.verdicts):
        assert verdicts[ID].status is Status.INCONCLUSIVE
        assert (verdicts[ID].reason or "").endswith(f" got {got} when asked again")
        assert verdicts[WANTED[0]].status is Status.INCONCLUSIVE


def test_a_server_that_says_when_to_come_back_is_not_accused(suite: Suite) -> None:
    with serving(Target(answers_in_turn(BUSY))) as url:
        run = suite.run(WANTED, build_target(suite.contract, url, None, ""), Settings(concurrency=1))
    assert {id for id in WANTED if run.verdicts[id].findings} == set()
    assert run.verdicts[WANTED[0]].status is Status.INCONCLUSIVE


@pytest.mark.parametrize("lost", [1, 2])
def test_what_is_refused_when_it_is_asked_again_passes(suite: Suite, lost: int) -> None:
    """A gateway that loses one request in twenty now and then loses the same one twice."""
    with serving(Target(answers_in_turn(*[UNAVAILABLE] * lost, status(b"400 Bad Request")))) as url:
        run = suite.run(WANTED, build_target(suite.contract, url, None, ""), Settings())
    assert {id: run.verdicts[id].status for id in WANTED} == dict.fromkeys(WANTED, Status.PASSED)


ACCEPTED = "request.temperature-accepted"
HIGHEST = re.compile(rb'"temperature": 2[,}]')


@pytest.mark.parametrize(
    ("outcomes", "expected", "said"),
    [
        ((None,), Status.FAILED, "expected 200, got no answer when asked again, alone: the connection was closed"),
        ((GATEWAY,), Status.FAILED, "expected 200, got 502"),
        ((None, response(completion())), Status.PASSED, ""),
        ((GATEWAY, GATEWAY, response(completion())), Status.PASSED, ""),
    ],
)
def test_a_valid_value_that_takes_the_worker_down(
    suite: Suite, outcomes: tuple[bytes | None, ...], expected: Status, said: str
) -> None:
    """Behind a gateway, the end of a worker is a 502 or a connection that is dropped. Each value is asked for alone."""
    seen: Counter[bytes] = Counter()

    async def answer(asked: Asked) -> None:
        outcome: bytes | None = response(completion(), b"Connection: close")
        if HIGHEST.search(asked.body):
            seen[asked.body] += 1
            outcome = outcomes[min(seen[asked.body], len(outcomes)) - 1]
        await (drops(asked) if outcome is None else asked.send(outcome))

    with serving(Target(answer)) as url:
        run = suite.run([ACCEPTED], build_target(suite.contract, url, None, ""), Settings())
    assert run.verdicts[ACCEPTED].status is expected
    messages = [finding.message for finding in run.verdicts[ACCEPTED].findings]
    assert all(message.startswith(said) for message in messages)
    assert all(finding.exchange.probe.repeated for finding in run.verdicts[ACCEPTED].findings)


def test_a_valid_value_that_takes_too_long_is_no_finding(suite: Suite) -> None:
    async def answer(asked: Asked) -> None:
        await (hangs(asked) if HIGHEST.search(asked.body) else asked.send(response(completion(), b"Connection: close")))

    with serving(Target(answer)) as url:
        settings = Settings(limits=Limits(whole=0.5))
        run = suite.run([ACCEPTED], build_target(suite.contract, url, None, ""), settings)
    assert run.verdicts[ACCEPTED].status is Status.INCONCLUSIVE
