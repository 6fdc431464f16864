"""A call: what is sent, what comes back, and the options of a client."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from alphaedge import AlphaEdge, AlphaEdgeError, AsyncAlphaEdge, ChatCompletion, ChatMessage, RawResponse
from alphaedge_conformance.contract import Contract
from alphaedge_conformance.mock import Mock

from .conftest import GREETING, HELLO, KEY, Serve


class Recording:
    """An HTTP client that answers as the page does, and keeps the requests."""

    def __init__(self, **options: Any) -> None:
        self.requests: list[httpx.Request] = []
        self.http = httpx.Client(transport=httpx.MockTransport(self.answer), **options)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        message = {"role": "assistant", "content": GREETING}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return httpx.Response(200, json={"id": "chat-1", "choices": [choice]}, headers={"x-request-id": "r-1"})

    @property
    def body(self) -> Any:
        return json.loads(self.requests[-1].content)


def test_a_completion(client: AlphaEdge) -> None:
    completion = client.chat.completions.create(**HELLO)
    assert completion.choices[0].message.content == GREETING
    assert completion.choices[0].finish_reason == "stop"
    assert completion.object == "chat.completion"
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens


def test_an_awaited_completion(url: str) -> None:
    async def main() -> str:
        async with AsyncAlphaEdge(KEY, base_url=url) as client:
            completion: ChatCompletion = await client.chat.completions.create(**HELLO)
            return completion.choices[0].message.content

    assert asyncio.run(main()) == GREETING


def test_only_what_is_set_is_sent() -> None:
    recording = Recording()
    client = AlphaEdge(KEY, http_client=recording.http)
    client.chat.completions.create(**HELLO)
    assert recording.body == HELLO
    client.chat.completions.create(**HELLO, temperature=0, max_tokens=None, stream=False)
    assert recording.body == {**HELLO, "temperature": 0, "stream": False}


def test_nothing_that_the_server_owns_is_checked() -> None:
    recording = Recording()
    AlphaEdge(KEY, http_client=recording.http).chat.completions.create(**{**HELLO, "temperature": 9, "messages": []})
    assert recording.body == {**HELLO, "temperature": 9, "messages": []}


def test_messages_may_be_models_and_answers() -> None:
    recording = Recording()
    client = AlphaEdge(KEY, http_client=recording.http)
    answer = client.chat.completions.create(**HELLO).choices[0].message
    answer.raw["refusal"] = None  # what a server adds to its answers, it may refuse in a request
    client.chat.completions.create(
        model="m", messages=(ChatMessage(role="user", content="Hi"), answer, {"role": "user", "content": "\ud83d"})
    )
    assert recording.body["messages"] == [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": GREETING},
        {"role": "user", "content": "\ud83d"},
    ]


def test_extras_are_sent_as_they_are() -> None:
    recording = Recording()
    client = AlphaEdge(KEY, http_client=recording.http)
    client.chat.completions.create(
        **HELLO, extra_body={"top_p": None, "model": "other"}, extra_headers={"X-Trace": "7", "User-Agent": "mine"}
    )
    assert recording.body == {**HELLO, "top_p": None, "model": "other"}
    assert recording.requests[-1].headers["x-trace"] == "7"
    assert recording.requests[-1].headers["user-agent"] == "mine"


def test_an_http_client_of_ones_own_keeps_its_headers_and_stays_open() -> None:
    recording = Recording(headers={"X-Org": "o-1"})
    with AlphaEdge(KEY, http_client=recording.http) as client:
        client.chat.completions.create(**HELLO)
    assert recording.requests[-1].headers["x-org"] == "o-1"
    assert recording.requests[-1].headers["authorization"] == f"Bearer {KEY}"
    assert not recording.http.is_closed


def test_close_closes_what_the_client_opened(url: str) -> None:
    client = AlphaEdge(KEY, base_url=url)
    copy = client.with_options(timeout=1)
    copy.close()
    client.chat.completions.create(**HELLO)
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        copy.chat.completions.create(**HELLO)


@pytest.mark.parametrize("base_url", ["{}", "{}/", "{}/v1", "{}/v1/"])
def test_base_url_with_and_without_version(url: str, base_url: str) -> None:
    with AlphaEdge(KEY, base_url=base_url.format(url)) as client:
        client.chat.completions.create(**HELLO)


def test_a_gateway_below_a_path() -> None:
    recording = Recording()
    AlphaEdge(KEY, base_url="https://gw/team/v1", http_client=recording.http).chat.completions.create(**HELLO)
    assert str(recording.requests[-1].url) == "https://gw/team/v1/chat/completions"


def test_the_environment(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPHAEDGE_API_KEY", f" {KEY}\n")  # as a file or a shell leaves it
    monkeypatch.setenv("ALPHAEDGE_BASE_URL", url)
    with AlphaEdge() as client:
        client.chat.completions.create(**HELLO)


def test_the_server_of_the_contract_by_default() -> None:
    recording = Recording()
    AlphaEdge(KEY, http_client=recording.http).chat.completions.create(**HELLO)
    server = Contract.load().document["servers"][0]["url"]
    assert str(recording.requests[-1].url) == server + Contract.load().path


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "ALPHAEDGE_API_KEY"),
        ({"api_key": "  "}, "ALPHAEDGE_API_KEY"),
        ({"api_key": "sk-one\nsk-two"}, "copied whole"),
        ({"api_key": KEY, "base_url": "localhost:8000"}, "https://api.example.com"),
        ({"api_key": KEY, "base_url": "http://"}, "https://api.example.com"),
        ({"api_key": KEY, "base_url": "http://[::1"}, "base_url"),
        ({"api_key": KEY, "base_url": "http://host?x=1"}, "https://api.example.com"),
        ({"api_key": KEY, "base_url": "https://me:pw-0123@gw"}, "remove it"),
        ({"api_key": KEY, "base_url": "https://me@gw/v1"}, "remove it"),
        ({"api_key": KEY, "max_retries": -1}, "max_retries is -1"),
        ({"api_key": KEY, "max_retries": "3"}, "max_retries is '3'"),
        ({"api_key": KEY, "timeout": 0}, "timeout is 0"),
        ({"api_key": KEY, "timeout": float("nan")}, "timeout is nan"),
    ],
)
@pytest.mark.parametrize("kind", [AlphaEdge, AsyncAlphaEdge])
def test_wrong_options_are_named(kind: Any, options: dict[str, Any], says: str) -> None:
    with pytest.raises(AlphaEdgeError, match=says) as caught:
        kind(**options)
    assert "sk-" not in str(caught.value)
    assert "pw-0123" not in str(caught.value)


def test_the_other_kind_of_http_client_is_named() -> None:
    with pytest.raises(AlphaEdgeError, match="use AsyncAlphaEdge"):
        AlphaEdge(KEY, http_client=httpx.AsyncClient())  # type: ignore[arg-type]
    with pytest.raises(AlphaEdgeError, match="use AlphaEdge"):
        AsyncAlphaEdge(KEY, http_client=httpx.Client())  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_json_cannot_hold_is_named_and_not_sent(value: float) -> None:
    recording = Recording()
    with pytest.raises(AlphaEdgeError, match=f"temperature={value} cannot be sent as JSON"):
        AlphaEdge(KEY, http_client=recording.http).chat.completions.create(**HELLO, temperature=value)
    nested: Any = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(AlphaEdgeError, match="deep cannot be sent as JSON"):
        AlphaEdge(KEY, http_client=recording.http).chat.completions.create(**HELLO, extra_body={"deep": nested})
    assert recording.requests == []


def test_whatever_can_be_iterated_is_a_list() -> None:
    recording = Recording()
    messages: Any = iter(HELLO["messages"])
    AlphaEdge(KEY, http_client=recording.http).chat.completions.create(model="m", messages=messages)
    assert recording.body["messages"] == HELLO["messages"]


def test_options_of_a_copy(url: str) -> None:
    with AlphaEdge("sk-wrong-0123456789", base_url=url) as client:
        client.chat  # noqa: B018  a copy must not take the resources of its origin
        assert client.with_options(api_key=KEY).chat.completions.create(**HELLO).id
        assert client.with_options(base_url="https://other/v1").base_url == "https://other/v1"
        once = client.with_options(max_retries=0)
        assert [each._max_retries for each in (client, once, once.with_options(timeout=1))] == [2, 0, 0]


@pytest.mark.parametrize("timeout", [None, 7.0])
def test_there_is_always_a_timeout(timeout: float | None) -> None:
    recording = Recording()
    AlphaEdge(KEY, http_client=recording.http).chat.completions.create(**HELLO, timeout=timeout)
    waits = recording.requests[-1].extensions["timeout"]
    assert waits == {"connect": 5.0, "read": timeout or 300.0, "write": timeout or 300.0, "pool": timeout or 300.0}


def test_raw_response() -> None:
    recording = Recording()
    raw = AlphaEdge(KEY, http_client=recording.http).chat.completions.with_raw_response.create(**HELLO)
    assert isinstance(raw, RawResponse)
    assert (raw.status_code, raw.request_id, raw.headers["X-Request-Id"]) == (200, "r-1", "r-1")
    assert json.loads(raw.content)["id"] == raw.parse().id == "chat-1"


def test_raw_response_of_what_is_no_json(served: Serve) -> None:
    class Html(Mock):
        def dumps(self, value: Any) -> str:
            return "<html>"

    with AlphaEdge(KEY, base_url=served(Html(Contract.load()))) as client:
        raw = client.chat.completions.with_raw_response.create(**HELLO)
        assert raw.content == b"<html>"
        with pytest.raises(AlphaEdgeError, match="expected JSON, got: '<html>'"):
            raw.parse()


def test_an_awaited_raw_response(url: str) -> None:
    async def main() -> str:
        async with AsyncAlphaEdge(KEY, base_url=url) as client:
            plain = await client.chat.completions.with_raw_response.create(**HELLO)
            streamed = await client.chat.completions.with_raw_response.create(**HELLO, stream=True)
            assert streamed.headers["content-type"].startswith("text/event-stream")
            assert (await streamed.parse().final_completion()).choices == plain.parse().choices
            return str(plain.headers["content-type"])

    assert asyncio.run(main()) == "application/json"


def test_the_key_is_shown_nowhere(client: AlphaEdge, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        client.chat.completions.create(**HELLO)
        with pytest.raises(AlphaEdgeError):
            client.chat.completions.create(**{**HELLO, "model": "none"})
    assert "alphaedge" in {record.name for record in caplog.records}
    assert KEY not in caplog.text
    for value in (client, client.chat.completions, client._requests, vars(client), vars(client._requests)):
        assert KEY not in repr(value)


def test_what_a_client_shows_of_itself() -> None:
    """Its key may be one that is asked for later."""
    client = AlphaEdge(lambda: KEY, base_url="https://gw/v1", max_retries=1)
    assert repr(client) == "AlphaEdge(base_url='https://gw/v1', max_retries=1)"
