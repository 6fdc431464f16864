"""What a run may cost: counted before it is sent, spent on what tells most, and never green where it was cut."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.mock.endpoint import Refusal
from alphaedge_conformance.probes import boundaries, cache
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.sending.rates import requests_a_second
from alphaedge_conformance.sending.settings import Settings

from ..helpers import KEY, Conform, Counting, read_report


def test_fifteen_requests_judge_half_of_the_musts(
    conform: Conform, counting: tuple[Counting, str], tmp_path: Path
) -> None:
    mock, url = counting
    done = conform(url, "--max-requests", "15", "--report", str(tmp_path), key=KEY)
    assert done.returncode == 2
    assert mock.requests == 15
    found = read_report(tmp_path)
    statuses = Counter(each["status"] for each in found["requirements"] if each["level"] == "MUST")
    assert statuses["passed"] >= 0.5 * statuses.total()
    assert found["cost"]["requests"] == 15
    assert "not sent: budget exhausted" in done.stdout


class Limiting(Counting):
    """Answers every third request with 429."""

    async def respond(self, http: Request) -> Response:
        response = await super().respond(http)
        if self.requests % 3 == 0 and http.url.path == self.contract.path:
            return self.refuse(Refusal(429, "Slow down.", "rate_limit_error", headers={"Retry-After": "0"}))
        return response


def test_what_comes_again_counts(suite: Suite) -> None:
    mock = Limiting(suite.contract, KEY)
    with serve(mock) as url:
        target = build_target(suite.contract, url, None, KEY)
        run = suite.run(list(suite.requirements), target, Settings(max_requests=20))
    assert mock.requests == run.requests == 20
    assert len(run.exchanges) < 20
    assert all(exchange.status != 429 for exchange in run.exchanges)
    assert run.conclusion == "inconclusive"


class Counted(Mock):
    """Adds up the tokens that it says it spent."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.tokens = 0

    def reply(self, request: Any) -> Any:
        reply = super().reply(request)
        self.tokens += reply.usage["total_tokens"]
        return reply


@pytest.mark.parametrize("most", [1000, 5000])
def test_tokens_are_counted_by_their_ceiling(suite: Suite, most: int) -> None:
    mock = Counted(suite.contract, KEY)
    with serve(mock) as url:
        target = build_target(suite.contract, url, None, KEY)
        run = suite.run(list(suite.requirements), target, Settings(max_tokens=most))
    assert 0 < mock.tokens <= most
    assert run.exchanges
    assert run.conclusion == "inconclusive"


def test_a_budget_for_nothing(conform: Conform, counting: tuple[Counting, str]) -> None:
    mock, url = counting
    done = conform(url, "--max-tokens", "10", key=KEY)
    assert done.returncode == 2
    assert "the budget is too small for the contract's own example; nothing was sent" in done.stdout
    assert mock.requests == 0


def test_the_rate_holds(suite: Suite) -> None:
    at: list[float] = []

    class Timed(Mock):
        async def respond(self, http: Request) -> Response:
            at.append(time.monotonic())
            return await super().respond(http)

    with serve(Timed(suite.contract, KEY)) as url:
        target = build_target(suite.contract, url, None, KEY)
        suite.run(list(suite.requirements), target, Settings(rate=20, max_requests=12))
    assert len(at) == 12
    assert at[-1] - at[0] > 11 / 20 * 0.9


def test_a_rate_is_a_second_s_or_a_minute_s() -> None:
    assert (requests_a_second("2/s"), requests_a_second("30/min")) == (2, 0.5)


@pytest.mark.parametrize("rate", ["20", "20/h", "0/s", "fast/s", "/s", "nan/s"])
def test_rejects_an_invalid_rate(conform: Conform, rate: str) -> None:
    done = conform("http://127.0.0.1:9", "--rate", rate)
    assert done.returncode == 4
    assert "expected a rate as 2/s or 30/min" in done.stderr


def test_a_rate_limit_lowers_the_concurrency_for_the_rest(suite: Suite) -> None:
    class Narrow(Mock):
        """Lets two in at a time, and takes its time."""

        now = most_after = limited = 0

        async def respond(self, http: Request) -> Response:
            self.now += 1
            try:
                if self.now > 2:
                    self.limited += 1
                    return self.refuse(Refusal(429, "Too many.", "rate_limit_error", headers={"Retry-After": "0"}))
                return await super().respond(http)
            finally:
                self.now -= 1

    mock = Narrow(suite.contract, KEY, latency=0.01)
    with serve(mock) as url:
        target = build_target(suite.contract, url, None, KEY)
        run = suite.run(list(suite.requirements), target, Settings())
    assert run.conclusion == "conforms"
    assert 0 < mock.limited < 30


def test_the_plan_says_what_it_may_cost_by_subject(conform: Conform, counting: tuple[Counting, str]) -> None:
    mock, url = counting
    lines = conform(url, "--plan", "--max-requests", "30", key=KEY).stdout.splitlines()
    assert mock.requests == 0
    at = next(number for number, line in enumerate(lines) if line.startswith("subject"))
    rows = [line.split() for line in lines[at + 1 : -2]]
    assert {"any", "request", "message", "authorization"} <= {row[0] for row in rows}
    requests, prompt, completion = (sum(int(row[column]) for row in rows) for column in (1, 2, 3))
    assert lines[-1].startswith(
        f"{requests} requests, at most {prompt} prompt tokens and {completion} completion tokens"
    )
    assert requests == 30


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "alphaedge"


def refuse(*arguments: object) -> Any:
    raise AssertionError("drawn again")


def test_what_was_drawn_is_kept(contract: Contract, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = cache.drawn(contract, 1)
    (kept,) = folder.iterdir()
    monkeypatch.setattr(boundaries, "coverage", refuse)
    assert cache.drawn(contract, 1) == first
    with pytest.raises(AssertionError, match="drawn again"):
        cache.drawn(contract, 2)
    for spoiled in ("", "{}", '{"bodies": [], "conversations": {}}', "[" * 100_000, kept.read_text("utf-8")[:-10]):
        kept.write_text(spoiled, "utf-8")
        with pytest.raises(AssertionError, match="drawn again"):
            cache.drawn(contract, 1)


def test_a_spoiled_or_forbidden_cache_does_not_matter(contract: Contract, folder: Path) -> None:
    first = cache.drawn(contract, 1)
    (kept,) = folder.iterdir()
    kept.write_bytes(b"\xff")
    assert cache.drawn(contract, 1) == first
    assert json.loads(kept.read_text("utf-8"))["conversations"] == first.conversations
    kept.unlink()
    folder.rmdir()
    folder.write_text("a file where a folder is due", "utf-8")
    assert cache.drawn(contract, 1) == first


def test_what_does_not_apply_is_not_counted_as_found(suite: Suite) -> None:
    seen: list[int] = []
    wanted = ["authorization.missing-key-refused", "usage.total-is-the-sum"]
    with serve(Mock(suite.contract)) as url:
        target = build_target(suite.contract, url, None, "")
        suite.run(wanted, target, Settings(), lambda done, planned, findings, under_way, of="": seen.append(findings))
    assert set(seen) == {0}
