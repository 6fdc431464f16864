"""A program as people write it: clean for mypy --strict and pyright."""

from __future__ import annotations

import math
from typing import Any, assert_type

import attrs
import httpx
import pydantic

from alphaedge import (
    AlphaEdge,
    AlphaEdgeError,
    APIConnectionError,
    APIError,
    APIResponseError,
    APIStatusError,
    APIStreamError,
    APITimeoutError,
    AssistantMessage,
    AsyncAlphaEdge,
    AsyncStream,
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionParams,
    ChatCompletionRequest,
    ChatMessage,
    ChatMessageParam,
    ChatMessageRole,
    ConflictError,
    FinishReason,
    MissingMemberError,
    RateLimitError,
    RawResponse,
    Stream,
)


def plain(client: AlphaEdge) -> str:
    completion = client.chat.completions.create(
        model="alphaedge-large-3-2512",
        messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello!"}],
        temperature=0,
        max_tokens=10,
    )
    assert_type(completion, ChatCompletion)
    reason: FinishReason = completion.choices[0].finish_reason
    if reason == "tool_calls":  # which the contract does not list, and servers send
        return reason.upper()
    return completion.choices[0].message.content


def conversation(client: AlphaEdge) -> int:
    messages: list[ChatMessageParam] = [{"role": "user", "content": "Hello!"}]
    first = client.chat.completions.create(model="m", messages=messages)
    again = client.chat.completions.create(model="m", messages=[*messages, first.choices[0].message])
    return again.usage.total_tokens


def streamed(client: AlphaEdge) -> str:
    with client.chat.completions.create(model="m", messages=[], stream=True) as stream:
        assert_type(stream, Stream[ChatCompletionChunk, ChatCompletion])
        for chunk in stream:
            print(chunk.choices[0].delta.content or "", end="")
    stream = client.chat.completions.create(model="m", messages=[], stream=True)
    for text in stream.text():
        print(text, end="")
    return stream.final_completion().choices[0].message.content


def either(client: AlphaEdge, stream: bool) -> None:
    answer = client.chat.completions.create(model="m", messages=[], stream=stream)
    assert_type(answer, ChatCompletion | Stream[ChatCompletionChunk, ChatCompletion])


async def awaited(client: AsyncAlphaEdge) -> None:
    async with client:
        assert_type(await client.chat.completions.create(model="m", messages=[]), ChatCompletion)
        stream = await client.chat.completions.create(model="m", messages=[], stream=True)
        assert_type(stream, AsyncStream[ChatCompletionChunk, ChatCompletion])
        async for chunk in stream:
            assert_type(chunk.choices[0].delta.content, str | None)
        raw = await client.chat.completions.with_raw_response.create(model="m", messages=[])
        assert_type(raw, RawResponse[ChatCompletion])


def raw(client: AlphaEdge) -> str | None:
    plain = client.chat.completions.with_raw_response.create(model="m", messages=[])
    assert_type(plain, RawResponse[ChatCompletion])
    stream = client.chat.completions.with_raw_response.create(model="m", messages=[], stream=True)
    assert_type(stream.parse(), Stream[ChatCompletionChunk, ChatCompletion])
    return plain.headers.get("x-request-id")


def careful(client: AlphaEdge) -> str:
    try:
        return plain(client.with_options(timeout=30, max_retries=5))
    except RateLimitError as error:
        return str(error.headers.get("retry-after"))
    except ConflictError as error:
        assert_type(error.response, httpx.Response)
        return f"{error.response.status_code} {error.headers} {error.content!r} {error.type} {error.code}"
    except APIStatusError as error:
        return f"{error.status_code} {error.param} {error.request_id} {error.message}"
    except APITimeoutError:
        return "later"
    except APIConnectionError as error:
        return repr(error.__cause__)
    except APIStreamError as error:
        return error.content.decode()
    except APIResponseError as error:
        return str(error.body)
    except APIError as error:
        return error.message
    except AlphaEdgeError as error:
        return str(error)


def parameters(client: AlphaEdge) -> None:
    params: ChatCompletionParams = {
        "model": "m",
        "messages": [{"role": "user", "content": "Hello!"}, ChatMessage(role="system", content="Be brief.")],
        "max_tokens": 10,
    }
    params["temperature"] = None if params.get("max_tokens") else 0.5
    assert_type(client.chat.completions.create(**params), ChatCompletion)
    assert_type(
        client.chat.completions.create(**params, stream=True, timeout=5), Stream[ChatCompletionChunk, ChatCompletion]
    )
    request: ChatCompletionRequest = {**params, "stream": True}
    either = client.chat.completions.create(**request)
    assert_type(either, ChatCompletion | Stream[ChatCompletionChunk, ChatCompletion])
    if isinstance(either, Stream):
        assert_type(either.final_completion(), ChatCompletion)


async def awaited_parameters(client: AsyncAlphaEdge, params: ChatCompletionParams) -> None:
    assert_type(await client.chat.completions.create(**params), ChatCompletion)
    async with await client.chat.completions.create(**params, stream=True) as stream:
        assert_type(stream.request_id, str | None)
        async for text in stream.text():
            assert_type(text, str)
        assert_type(await stream.final_completion(), ChatCompletion)
    raw = await client.chat.completions.with_raw_response.create(**params, stream=True)
    assert_type(raw.parse(), AsyncStream[ChatCompletionChunk, ChatCompletion])


def options() -> None:
    with httpx.Client(verify=False) as http, AlphaEdge("key", http_client=http) as client:
        client.with_options(timeout=math.inf, default_headers={"x-team": "a"}, default_query={"v": 1})
    client = AlphaEdge(
        lambda: "key",
        base_url="http://host",
        timeout=httpx.Timeout(60, connect=2),
        max_retries=0,
        default_headers={"x-team": "a"},
        default_query={"api-version": "1"},
    )
    assert_type(client.base_url, str)
    client.chat.completions.create(
        model="m",
        messages=[],
        extra_headers={"x-team": "b"},
        extra_query={"api-version": 2},
        extra_body={"top_k": 1},
        timeout=httpx.Timeout(5),
    )
    client.close()


async def awaited_options() -> None:
    async def key() -> str:
        return "key"

    async with httpx.AsyncClient() as http:
        await AsyncAlphaEdge(key, http_client=http).close()
    AsyncAlphaEdge(lambda: "key").with_options(max_retries=1)


class Record(pydantic.BaseModel):
    completion: ChatCompletion
    reason: FinishReason | None = None


def kept(completion: ChatCompletion, role: ChatMessageRole) -> dict[str, Any]:
    record = Record(completion=completion, reason="stop")
    assert_type(record.completion.request_id, str | None)
    message = completion.choices[0].message
    try:
        assert_type(message.content, str)
    except MissingMemberError:
        message = attrs.evolve(message, content="")
    assert_type(message, AssistantMessage)
    ChatMessage(role=role, content=message.content)
    assert_type(completion.to_json(indent=2), str)
    assert_type(completion.raw, dict[str, Any])
    return ChatCompletion.from_dict(completion.to_dict()).to_dict()
