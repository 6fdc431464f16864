"""In which order a plan is sent, what is sent again, and how a run ends: answered without a network."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from alphaedge_conformance.errors import Inconclusive
from alphaedge_conformance.exchange import Chunk, Exchange, Probe
from alphaedge_conformance.exchange.operation import Operation
from alphaedge_conformance.exchange.probe import Taken
from alphaedge_conformance.exchange.target import Target
from alphaedge_conformance.probes import Plan
from alphaedge_conformance.sending import runner
from alphaedge_conformance.sending.pacing import Pace
from alphaedge_conformance.sending.runner import RETRIES, Runner
from alphaedge_conformance.sending.settings import Settings

PROBES = [Probe(name, "", b'{"max_tokens": 5}') for name in ("control", "second", "third", "fourth")]
PLAN = Plan(tuple(PROBES))
TARGET = Target("http://127.0.0.1:1/v1/chat/completions", "gpt-0")
LIMITED = {"status": 429, "headers": (("retry-after", "0"),)}


class Network:
    """Stands where requests go out. Each is answered with 200, and with what `answers` says of the probe's name."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[str] = []
        self.answers: dict[str, dict[str, Any]] = {}
        self.before: Callable[[Probe], object] = lambda probe: None
        monkeypatch.setattr(runner, "exchange", self.exchange)

    async def exchange(self, client: Any, number: int, probe: Probe, target: Target, limits: Any) -> Exchange:
        self.sent.append(probe.name)
        self.before(probe)
        await asyncio.sleep(0)
        answer = Exchange(number, probe, target.url, 0.0, status=200)
        return evolve(answer, **self.answers.get(probe.name, {}))


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    return Network(monkeypatch)


def ran(settings: Settings | None = None, done: Callable[[Exchange], object] = id) -> Runner:
    made = Runner(TARGET, settings or Settings(), done)
    made.run(PLAN)
    return made


def test_exchanges_are_handed_over_one_after_the_other(network: Network) -> None:
    threads: set[int] = set()

    def done(exchange: Exchange) -> None:
        threads.add(threading.get_ident())
        time.sleep(0.01)  # the others arrive meanwhile

    ran(done=done)
    assert network.sent == [probe.name for probe in PROBES]
    assert len(threads) == 1


def test_what_is_under_way_is_given_up(network: Network) -> None:
    made = Runner(TARGET, Settings(concurrency=1), id)
    network.before = lambda probe: made.stop("enough") if probe.name == "second" else None
    made.run(PLAN)
    assert network.sent == ["control", "second"]
    assert made.unsent(PLAN) == dict.fromkeys(PROBES[1:], "enough")


def test_a_run_may_be_stopped_after_its_end(network: Network) -> None:
    """As by a signal that comes late; then nothing more is sent."""
    made = ran()
    made.stop("enough")
    assert made.stopped == "enough"
    assert made.send(PROBES[1]) is None
    assert len(network.sent) == len(PROBES)


def test_what_is_sent_after_a_run_is_retried_as_often(network: Network) -> None:
    made = ran()
    network.sent, network.answers = [], {"second": LIMITED}
    assert made.send(PROBES[1]) is not None
    assert network.sent == ["second"] * (1 + RETRIES)
    made.hope_again()
    assert made.send_once(PROBES[1]) is not None
    assert network.sent == ["second"] * (2 + RETRIES)


@pytest.mark.parametrize(("budget", "sent"), [(None, 5), (4, 4)])
def test_a_second_connection_has_its_turn_and_its_cost(
    network: Network, monkeypatch: pytest.MonkeyPatch, budget: int | None, sent: int
) -> None:
    turns: list[Pace] = []

    async def turn(pace: Pace) -> None:
        turns.append(pace)

    monkeypatch.setattr(Pace, "turn", turn)
    network.answers = {"fourth": {"status": None, "lost_reused_connection": True}}
    made = ran(Settings(max_requests=budget))
    assert len(network.sent) == len(turns) == made.budget.sent == sent


@pytest.mark.parametrize("status", [400, 404, 422])
def test_an_unknown_model_is_told_from_those_that_are_offered(network: Network, status: int) -> None:
    models = json.dumps({"data": [{"id": "gpt-1"}]}).encode()
    network.answers = {"control": {"status": status}, "models": {"chunks": (Chunk(0, models),)}}
    with pytest.raises(Inconclusive, match="does not know the model 'gpt-0'; it offers gpt-1"):
        ran()
    network.answers["control"] = {"status": 405}
    with pytest.raises(Inconclusive, match="to the contract's own example"):
        ran()
    assert network.sent == ["control", "models", "control"]


def test_controls_that_wait_for_each_other_say_so(network: Network) -> None:
    a, b = (Operation(name, "", f"/{name}", is_optional=False) for name in "ab")
    first, second = (
        Probe(each.control, "", None, operation=each, takes=(Taken("id", other.control, "/id"),))
        for each, other in ((a, b), (b, a))
    )
    plan = Plan((PROBES[0], first, second))
    made = Runner(TARGET, Settings(), id)
    made.run(plan)
    why = "the request that it follows, {!r}, was not accepted"
    assert made.unsent(plan) == {first: why.format("b: control"), second: why.format("a: control")}
