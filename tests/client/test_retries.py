"""Another attempt where it helps, after as long as the server says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from alphaedge import (
    AlphaEdge,
    AlphaEdgeError,
    APIConnectionError,
    APITimeoutError,
    AsyncAlphaEdge,
    ChatCompletion,
    InternalServerError,
    RateLimitError,
)
from alphaedge._retry import asked_for, delay

from .conftest import HELLO, KEY

GOOD = httpx.Response(200, json={"id": "chat-1", "choices": []})


class Script:
    """Answers in this order, the last for ever; an exception is raised."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers, self.asked = list(answers), 0
        self.http = httpx.Client(transport=httpx.MockTransport(self.answer))
        self.async_http = httpx.AsyncClient(transport=httpx.MockTransport(self.answer))

    def answer(self, request: httpx.Request) -> httpx.Response:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    def client(self, **options: Any) -> AlphaEdge:
        return AlphaEdge(KEY, http_client=self.http, **options)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_statuses_that_are_tried_again(status: int, pauses: list[float]) -> None:
    script = Script(httpx.Response(status), httpx.Response(status), GOOD)
    assert script.client().chat.completions.create(**HELLO).id == "chat-1"
    assert script.asked == 3
    assert 0.375 <= pauses[0] <= 0.5
    assert 0.75 <= pauses[1] <= 1.0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 415, 422])
def test_statuses_that_are_not(status: int, pauses: list[float]) -> None:
    script = Script(httpx.Response(status), GOOD)
    with pytest.raises(AlphaEdgeError):
        script.client().chat.completions.create(**HELLO)
    assert (script.asked, pauses) == (1, [])


@pytest.mark.parametrize(
    "error", [httpx.ConnectError, httpx.RemoteProtocolError, httpx.ReadError, httpx.ConnectTimeout]
)
def test_a_lost_connection_is_tried_again(error: type[Exception], pauses: list[float]) -> None:
    script = Script(error("x"), GOOD)
    assert script.client().chat.completions.create(**HELLO).id == "chat-1"
    assert len(pauses) == 1


@pytest.mark.parametrize("error", [httpx.ReadTimeout, httpx.WriteTimeout, httpx.LocalProtocolError])
def test_what_may_cost_twice_or_never_helps_is_not(error: type[Exception], pauses: list[float]) -> None:
    script = Script(error("x"), GOOD)
    with pytest.raises(APIConnectionError):
        script.client().chat.completions.create(**HELLO)
    assert (script.asked, pauses) == (1, [])


@pytest.mark.parametrize("retries", [0, 1, 4])
def test_max_retries(retries: int, pauses: list[float]) -> None:
    script = Script(httpx.Response(503))
    with pytest.raises(InternalServerError) as caught:
        script.client(max_retries=retries).chat.completions.create(**HELLO)
    assert script.asked == 1 + retries
    assert (f"tried {retries + 1} times" in str(caught.value)) == (retries > 0)


def test_max_retries_of_none_is_the_default(pauses: list[float]) -> None:
    script = Script(httpx.Response(503))
    with pytest.raises(InternalServerError):
        script.client(max_retries=None).chat.completions.create(**HELLO)
    assert script.asked == 3


@pytest.mark.parametrize(("header", "value", "pause"), [("Retry-After", "3", 3.0), ("retry-after-ms", "250", 0.25)])
def test_the_server_names_the_pause(header: str, value: str, pause: float, pauses: list[float]) -> None:
    script = Script(httpx.Response(429, headers={header: value}), GOOD)
    script.client().chat.completions.create(**HELLO)
    assert pauses == [pause]


def test_a_long_pause_is_left_to_the_program(pauses: list[float]) -> None:
    script = Script(httpx.Response(429, headers={"Retry-After": "3600"}), GOOD)
    with pytest.raises(RateLimitError, match="asks to wait 3600 s"):
        script.client().chat.completions.create(**HELLO)
    assert pauses == []


@pytest.mark.parametrize("value", ["", "soon", "-1", "nan", "Mon, 99 Nov"])
def test_an_invalid_pause_counts_as_none(value: str, pauses: list[float]) -> None:
    """The client's own pause is made in its place."""
    assert asked_for({"retry-after": value}) is None
    script = Script(httpx.Response(503, headers={"Retry-After": value}), GOOD)
    assert script.client().chat.completions.create(**HELLO).id == "chat-1"
    (pause,) = pauses
    assert 0 < pause <= 1


@pytest.mark.parametrize("value", ["inf", "1e999"])
def test_a_pause_without_end_is_left_to_the_program(value: str, pauses: list[float]) -> None:
    script = Script(httpx.Response(503, headers={"Retry-After": value}), GOOD)
    with pytest.raises(InternalServerError):
        script.client().chat.completions.create(**HELLO)
    assert (script.asked, pauses) == (1, [])


def test_a_minute_is_the_longest_pause() -> None:
    assert delay(0, {"retry-after": "60"}) == 60
    assert delay(0, {"retry-after": "60.1"}) is None


def test_a_date_as_pause() -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    found = asked_for({"retry-after": then})
    assert found is not None
    assert 20 < found <= 30
    assert asked_for({"retry-after": "Mon, 23 Nov 2020 12:00:00 GMT"}) == 0


def test_pauses_grow_to_eight_seconds_and_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len({delay(0) for _ in range(20)}) > 1
    for chance, longest in ((0.0, 8), (1.0, 6)):
        monkeypatch.setattr("random.random", lambda chance=chance: chance)
        assert [delay(attempt) for attempt in (4, 5, 500)] == [longest] * 3


def test_a_stream_is_tried_again_only_before_it_starts(pauses: list[float]) -> None:
    def broken() -> Iterator[bytes]:
        yield b'data: {"choices": [{"index": 0, "delta": {"content": "a"}}]}\n\n'
        raise httpx.ReadError("gone")

    asked = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return httpx.Response(503) if asked == 1 else httpx.Response(200, content=broken())

    client = AlphaEdge(KEY, http_client=httpx.Client(transport=httpx.MockTransport(answer)))
    stream = client.chat.completions.create(**HELLO, stream=True)
    assert next(stream).choices[0].delta.content == "a"
    with pytest.raises(APIConnectionError, match="gone"):
        next(stream)
    assert (asked, len(pauses)) == (2, 1)


def test_the_same_for_await(pauses: list[float]) -> None:
    script = Script(httpx.Response(503), httpx.ConnectError("x"), GOOD)

    async def main() -> str:
        async with AsyncAlphaEdge(KEY, http_client=script.async_http) as client:
            completion: ChatCompletion = await client.chat.completions.create(**HELLO)
            return completion.id

    assert asyncio.run(main()) == "chat-1"
    assert len(pauses) == 2


def test_a_timeout_of_the_real_thing(served: Any) -> None:
    async def silent(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(2)

    with AlphaEdge(KEY, base_url=served(silent), timeout=0.05) as client, pytest.raises(APITimeoutError):
        client.chat.completions.create(**HELLO)


def test_retries_are_logged_without_the_key(pauses: list[float], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "alphaedge"):
        Script(httpx.Response(503, text=KEY), GOOD).client().chat.completions.create(**HELLO)
    assert "Trying again in" in caplog.text
    assert KEY not in caplog.text
