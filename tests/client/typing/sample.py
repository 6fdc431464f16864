"""A program as people write it: clean for mypy --strict and pyright."""

from __future__ import annotations

from typing import assert_type

from alphaedge import (
    AlphaEdge,
    APIStatusError,
    AsyncAlphaEdge,
    AsyncStream,
    ChatCompletion,
    ChatCompletionChunk,
    ChatMessageParam,
    FinishReason,
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
    except APIStatusError as error:
        return f"{error.status_code} {error.param} {error.request_id} {error.message}"
