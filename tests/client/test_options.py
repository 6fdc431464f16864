"""Options of a client that are sent with each request, and what errors and results tell of the response."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any

import httpx
import pytest

import alphaedge
from alphaedge import AlphaEdge, AlphaEdgeError, APIError, AsyncAlphaEdge

from .conftest import HELLO, KEY
from .test_calls import Recording
from .test_errors import ERROR, answering


def test_a_timeout_for_each_step() -> None:
    recording = Recording()
    client = AlphaEdge(KEY, http_client=recording.http, timeout=httpx.Timeout(30, connect=60))
    client.chat.completions.create(**HELLO)
    assert recording.requests[-1].extensions["timeout"] == {"connect": 60, "read": 30, "write": 30, "pool": 30}
    client.chat.completions.create(**HELLO, timeout=httpx.Timeout(None))
    assert set(recording.requests[-1].extensions["timeout"].values()) == {None}
    client.with_options(timeout=float("inf")).chat.completions.create(**HELLO)
    assert recording.requests[-1].extensions["timeout"]["read"] is None


def test_the_timeout_of_an_http_client_of_ones_own_is_kept() -> None:
    recording = Recording(timeout=httpx.Timeout(20, connect=40))
    AlphaEdge(KEY, http_client=recording.http).chat.completions.create(**HELLO)
    assert recording.requests[-1].extensions["timeout"] == {"connect": 40, "read": 20, "write": 20, "pool": 20}
    AlphaEdge(KEY, http_client=recording.http, timeout=7).chat.completions.create(**HELLO)
    assert recording.requests[-1].extensions["timeout"] == {"connect": 5, "read": 7, "write": 7, "pool": 7}


def test_headers_and_query_of_every_request() -> None:
    recording = Recording()
    client = AlphaEdge(
        KEY,
        http_client=recording.http,
        default_headers={"X-Team": "search", "User-Agent": "mine"},
        default_query={"api-version": "1", "region": "eu"},
    )
    for one in (client, client.with_options(timeout=3)):
        one.chat.completions.create(**HELLO, extra_headers={"x-team": "ads"}, extra_query={"region": "us", "n": 2})
        request = recording.requests[-1]
        assert (request.headers["x-team"], request.headers["user-agent"]) == ("ads", "mine")
        assert dict(request.url.params) == {"api-version": "1", "region": "us", "n": "2"}
        one.chat.completions.create(**HELLO)
        request = recording.requests[-1]
        assert (request.headers["x-team"], dict(request.url.params)["region"]) == ("search", "eu")
        assert request.headers["authorization"] == f"Bearer {KEY}"


def test_a_key_that_is_asked_for_each_time(pauses: list[float]) -> None:
    recording = Recording()
    keys = iter(["sk-first-0123456789", "sk-second-0123456789"])
    client = AlphaEdge(lambda: next(keys), http_client=recording.http)
    client.chat.completions.create(**HELLO)
    client.with_options(timeout=3).chat.completions.create(**HELLO)
    sent = [request.headers["authorization"] for request in recording.requests]
    assert sent == ["Bearer sk-first-0123456789", "Bearer sk-second-0123456789"]
    with pytest.raises(AlphaEdgeError, match="no API key"):
        AlphaEdge(lambda: "", http_client=recording.http).chat.completions.create(**HELLO)


def test_a_key_that_is_awaited() -> None:
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["authorization"])
        return httpx.Response(401, json={"error": {"message": f"wrong: {sent[-1]}"}})

    async def key() -> str:
        return "sk-awaited-0123456789"

    async def main() -> None:
        http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
        for source in (key, lambda: "sk-plain-0123456789"):
            with pytest.raises(alphaedge.AuthenticationError, match=r"wrong: Bearer \[redacted\]"):
                await AsyncAlphaEdge(source, http_client=http).chat.completions.create(**HELLO)

    asyncio.run(main())
    assert sent == ["Bearer sk-awaited-0123456789", "Bearer sk-plain-0123456789"]


def test_every_error_of_a_call_is_an_api_error(pauses: list[float]) -> None:
    for status, name in ((409, "ConflictError"), (404, "NotFoundError")):
        with pytest.raises(APIError) as caught:
            answering(status, json=ERROR).chat.completions.create(**HELLO)
        assert type(caught.value) is getattr(alphaedge, name)
    with pytest.raises(APIError):
        AlphaEdge(KEY, base_url="http://127.0.0.1:1", max_retries=0).chat.completions.create(**HELLO)


def test_the_response_of_an_error_is_without_the_key() -> None:
    body = {"error": {"message": f"wrong: {KEY}"}}
    with pytest.raises(alphaedge.AuthenticationError) as caught:
        answering(401, {"x-echo": KEY, "x-request-id": "r-1"}, json=body).chat.completions.create(**HELLO)
    for error in (caught.value, pickle.loads(pickle.dumps(caught.value))):
        response = error.response
        assert (response.status_code, response.headers["x-request-id"]) == (401, "r-1")
        assert response.json() == {"error": {"message": "wrong: [redacted]"}}
        assert KEY not in response.text + str(response.headers)


@pytest.mark.parametrize("sent", [{"x-request-id": "r-1"}, {"request-id": "r-1"}, {}])
def test_results_know_their_request(sent: dict[str, str]) -> None:
    expected = "r-1" if sent else None
    client = answering(200, sent, json={"id": "chat-1", "choices": []})
    completion: Any = client.chat.completions.create(**HELLO)
    assert completion.request_id == expected
    assert "request_id" not in completion.to_dict()
    stream = answering(
        200, {"content-type": "text/event-stream", **sent}, content=b'data: {"choices": []}\n\ndata: [DONE]\n\n'
    )
    answer = stream.chat.completions.create(**HELLO, stream=True)
    assert (answer.request_id, answer.final_completion().request_id) == (expected, expected)
