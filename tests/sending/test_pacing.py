"""When a request may go out, when it is sent again, and when no answer is to be hoped for: by a clock of the tests."""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from types import SimpleNamespace

import pytest

from alphaedge_conformance.exchange import Exchange, Expect, Probe
from alphaedge_conformance.probes import ceiling
from alphaedge_conformance.sending import pacing
from alphaedge_conformance.sending.limits import Limits
from alphaedge_conformance.sending.pacing import (
    IN_A_ROW,
    JITTER,
    LONGEST_WAIT,
    PATIENCE,
    Breaker,
    Budget,
    Pace,
    is_limited,
    retry_after,
)

PLAIN = Probe("plain", "", b'{"max_tokens": 5}')
STREAM = Probe("stream", "", b'{"stream": true}')
INVALID = Probe("invalid", "", b"{}", expect=Expect.REFUSED)


class Clock:
    """The time that pacing sees: it goes on while somebody sleeps, and at no other time. It is that of the module
    alone, since servers of other tests go on in threads of this process, by the real one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.slept = 0.0, list[float]()
        monkeypatch.setattr(pacing, "time", SimpleNamespace(monotonic=lambda: self.now))
        monkeypatch.setattr(pacing, "asyncio", SimpleNamespace(sleep=self.sleep))
        monkeypatch.setattr(pacing, "random", SimpleNamespace(random=lambda: 0.5))

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def turns(pace: Pace, number: int) -> None:
    async def take() -> None:
        for _ in range(number):
            await pace.turn()

    with asyncio.Runner() as runner:
        runner.run(take())


def answer(status: int | None = 429, probe: Probe = PLAIN, **headers: str) -> Exchange:
    given = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Exchange(1, probe, "http://127.0.0.1:1", 0.0, status=status, headers=given)


# Budget


def test_what_is_left_is_counted() -> None:
    most_tokens = sum(ceiling(PLAIN))
    budget = Budget(3, 2 * most_tokens + 1)
    assert [budget.take(PLAIN) for _ in range(3)] == [True, True, False]
    assert (budget.sent, budget.requests, budget.tokens) == (2, 1, 1)
    assert budget.take()  # which costs no token
    assert (budget.requests, budget.tokens) == (0, 1)
    assert not budget.take()


def test_the_last_token_may_be_spent() -> None:
    most_tokens = sum(ceiling(PLAIN))
    budget = Budget(None, most_tokens)
    assert budget.take(PLAIN)
    assert (budget.tokens, budget.take(PLAIN)) == (0, False)
    assert not Budget(None, most_tokens - 1).take(PLAIN)


def test_without_a_limit_everything_is_sent() -> None:
    budget = Budget(None, None)
    assert all(budget.take(STREAM) for _ in range(1000))
    assert budget.sent == 1000


# Pace


def test_requests_keep_their_distance(clock: Clock) -> None:
    turns(Pace(8, 0.5), 4)
    assert clock.slept == [0.5, 0.5, 0.5]


def test_without_a_rate_nobody_waits(clock: Clock) -> None:
    turns(Pace(8), 5)
    assert clock.slept == []


def test_a_rate_limit_halves_the_width_and_makes_all_wait(clock: Clock) -> None:
    pace = Pace(8)
    assert pace.limited(4)
    assert pace.width == 4
    turns(pace, 2)
    assert clock.slept == [4 * (1 + JITTER / 2)]


def test_what_was_under_way_together_counts_as_one(clock: Clock) -> None:
    pace = Pace(8)
    assert all(pace.limited(4) for _ in range(8))
    assert (pace.width, pace._waited) == (4, 4)


@pytest.mark.parametrize(("width", "left"), [(8, 4), (3, 1), (1, 1)])
def test_one_request_at_a_time_is_the_least(clock: Clock, width: int, left: int) -> None:
    pace = Pace(width)
    assert pace.limited(1)
    assert pace.width == left


def test_patience_ends(clock: Clock) -> None:
    pace = Pace(8)
    for _ in range(2):
        assert pace.limited(PATIENCE / 2)
        turns(pace, 1)
    assert not pace.limited(1)
    pace.answered()
    assert pace.limited(PATIENCE)


def test_the_longest_wait_is_that_of_all(clock: Clock) -> None:
    pace = Pace(8)
    pace.limited(10)
    pace.limited(1)
    turns(pace, 1)
    assert clock.slept == [10 * (1 + JITTER / 2)]


def test_the_distance_of_a_rate_is_no_rate_limit(clock: Clock) -> None:
    """A turn has just moved the next one by the interval: that is not a wait that a 429 asked for."""
    pace = Pace(8, 2)
    turns(pace, 1)
    assert pace.limited(5)
    assert pace.width == 4


# What is sent again


@pytest.mark.parametrize("status", [429, 503])
def test_what_a_server_did_not_look_at_is_sent_again(status: int) -> None:
    assert is_limited(answer(status))
    assert retry_after(answer(status, retry_after="7"), 0) == 7


@pytest.mark.parametrize("status", [None, 200, 400, 428, 430, 500, 502, 504])
def test_what_it_looked_at_is_not(status: int | None) -> None:
    assert retry_after(answer(status, retry_after="7"), 0) is None


def test_a_503_to_an_invalid_request_may_be_its_answer() -> None:
    assert not is_limited(answer(503, INVALID))
    assert is_limited(answer(503, INVALID, retry_after="1"))


@pytest.mark.parametrize(("value", "wait"), [("0", 0), ("30", 30), ("31", LONGEST_WAIT), ("9" * 400, LONGEST_WAIT)])
def test_the_server_says_when(value: str, wait: float) -> None:
    assert retry_after(answer(retry_after=value), 3) == wait


@pytest.mark.parametrize("value", ["", "soon", "-1", "1.5", "²", "Mon, 99 Nov 2020 12:00:00 GMT"])
def test_otherwise_waits_double(value: str) -> None:
    assert [retry_after(answer(retry_after=value), attempt) for attempt in range(4)] == [1, 2, 4, 8]


def test_a_date_says_when(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "time", SimpleNamespace(time=lambda: 1_600_000_000.0))
    for later, wait in ((12, 12), (-12, 0), (3600, LONGEST_WAIT)):
        date = formatdate(1_600_000_000 + later, usegmt=True)
        assert retry_after(answer(retry_after=date), 0) == wait


# What is not to be hoped for


def gone() -> Exchange:
    return Exchange(1, PLAIN, "http://127.0.0.1:1", 0.0, failure="nothing listens there", refused_connection=True)


def given_up(probe: Probe) -> Exchange:
    return Exchange(1, probe, "http://127.0.0.1:1", 0.0, failure="no end", aborted_by_limit=True)


def reasons(breaker: Breaker) -> tuple[str | None, str | None]:
    return breaker.open_reason(PLAIN), breaker.open_reason(STREAM)


def test_three_in_a_row_are_enough() -> None:
    for made, said in ((gone(), "nothing listens there any more"), (answer(), "answers 429 or 503 to everything")):
        breaker = Breaker()
        for _ in range(IN_A_ROW - 1):
            breaker.record(made)
        assert reasons(breaker) == (None, None)
        breaker.record(made)
        assert all(said in (reason or "") for reason in reasons(breaker))


def test_streams_that_do_not_end_say_nothing_of_other_answers() -> None:
    breaker = Breaker()
    for _ in range(IN_A_ROW):
        breaker.record(given_up(STREAM))
    assert reasons(breaker) == (None, "3 streams in a row were given up before")
    for _ in range(IN_A_ROW):
        breaker.record(given_up(PLAIN))
    assert reasons(breaker)[0] == "3 answers in a row were given up before"


def test_an_answer_begins_the_count_again() -> None:
    for made in (gone(), answer(), given_up(PLAIN)):
        breaker = Breaker()
        for each in (made, made, answer(200), made, made):
            breaker.record(each)
        assert reasons(breaker) == (None, None)


def test_an_answer_of_one_kind_does_not_begin_the_count_of_the_other_again() -> None:
    breaker = Breaker()
    for each in (given_up(STREAM), given_up(STREAM), answer(200), given_up(STREAM)):
        breaker.record(each)
    assert breaker.open_reason(STREAM) is not None


def test_a_503_to_invalid_requests_is_no_limit() -> None:
    breaker = Breaker()
    for _ in range(2 * IN_A_ROW):
        breaker.record(answer(503, INVALID))
    assert reasons(breaker) == (None, None)


@pytest.mark.parametrize(
    ("given_up_before", "under_way", "waits"),
    [(0, 8, False), (1, 1, False), (1, 2, True), (2, 0, False), (2, 1, True), (3, 1, False)],
)
def test_the_others_of_a_kind_are_waited_for(given_up_before: int, under_way: int, waits: bool) -> None:
    """Where their outcome decides whether more of the kind is sent."""
    breaker = Breaker()
    for _ in range(given_up_before):
        breaker.record(given_up(STREAM))
    entered = [breaker.under_way(STREAM) for _ in range(under_way)]
    for each in entered:
        each.__enter__()
    assert breaker.should_wait(STREAM) is waits
    assert not breaker.should_wait(PLAIN)
    for each in entered:
        each.__exit__(None, None, None)
    assert not breaker.should_wait(STREAM)


def test_the_first_byte_may_take_as_long_as_the_whole() -> None:
    assert Limits(whole=7).until_first_byte == 7
    assert Limits(whole=7, first_byte=2).until_first_byte == 2
