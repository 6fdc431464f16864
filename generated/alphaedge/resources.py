# Made from openapi.yaml by `make generate`, through scripts/templates/; edit those.
"""The operations of the API, by their paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, overload

from ._client import AsyncClient, SyncClient
from ._response import araw, raw
from .models import (
    AssistantMessage,
    ChatCompletion,
    ChatCompletionChunk,
    ChatMessage,
)

if TYPE_CHECKING:
    from ._stream import AsyncStream, Stream
    from ._transport import Timeout
    from .types import (
        ChatMessageParam,
    )


class Chat:
    """`/chat`"""

    def __init__(self, client: SyncClient) -> None:
        self._client = client

    @cached_property
    def completions(self) -> ChatCompletions:
        """`/chat/completions`"""
        return ChatCompletions(self._client)


class ChatCompletions:
    """`/chat/completions`"""

    def __init__(self, client: SyncClient) -> None:
        self._client = client

    @cached_property
    def with_raw_response(self) -> ChatCompletionsWithRawResponse:
        """The same calls, which return a RawResponse with the status and the headers."""
        return ChatCompletionsWithRawResponse(self._client)

    @overload
    def create(
        self,
        *,
        model: str,
        messages: Sequence[ChatMessageParam | ChatMessage | AssistantMessage],
        max_tokens: int | None = None,
        temperature: float | None = None,
        stream: Literal[False] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        extra_query: Mapping[str, Any] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        timeout: float | Timeout | None = None,
    ) -> ChatCompletion: ...

    @overload
    def create(
        self,
        *,
        model: str,
        messages: Sequence[ChatMessageParam | ChatMessage | AssistantMessage],
        max_tokens: int | None = None,
        temperature: float | None = None,
        stream: Literal[True],
        extra_headers: Mapping[str, str] | None = None,
        extra_query: Mapping[str, Any] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        timeout: float | Timeout | None = None,
    ) -> Stream[ChatCompletionChunk, ChatCompletion]: ...

    @overload
    def create(
        self,
        *,
        model: str,
        messages: Sequence[ChatMessageParam | ChatMessage | AssistantMessage],
        max_tokens: int | None = None,
        temperature: float | None = None,
        stream: bool | None,
        extra_headers: Mapping[str, str] | None = None,
        extra_query: Mapping[str, Any] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        timeout: float | Timeout | None = None,
    ) -> ChatCompletion | Stream[ChatCompletionChunk, ChatCompletion]: ...

    def create(
        self,
        *,
        model: str,
        messages: Sequence[ChatMessageParam | ChatMessage | AssistantMessage],
        max_tokens: int | None = None,
        temperature: float | None = None,
        stream: bool | None = None,
        extra_headers: Mapping[str, str] | None = None,
        extra_query: Mapping[str, Any] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        timeout: float | Timeout | None = None,
    ) -> ChatCompletion | Stream[ChatCompletionChunk, ChatCompletion]:
        """Create a chat completion.

        This endpoint allows you to have a conversation with the model by sending a series of messages.

        `POST /v1/chat/completions`. Arguments that are None are omitted; nothing is validated on the client.

        Args:
            model: ID of the model to use. Example: alphaedge-large-3-2512. Source: the page.
            messages: A list of messages comprising the conversation so far. At least 1 item. Source: the page.
            max_tokens: The maximum number of tokens to generate in the chat completion. At least 1. Source: the page.
            temperature: What sampling temperature to use, between 0 and 2. From 0 to 2. The server's default is 1.0.
                Source: the page.
            stream: Whether to stream back partial progress. The server's default is false. Source: the page.
            extra_headers: Headers to send as well, or instead.
            extra_query: Parameters of the URL to send as well, or instead.
            extra_body: Members of the request to send as well, or instead, as they are.
            timeout: Instead of the client's `timeout`.

        Returns:
            The completion, or its chunks as they are made when `stream` is true.

        Raises:
            APIStatusError: The server refused; the subclass names the status, as RateLimitError.
            APIConnectionError: No answer came, or it broke off; APITimeoutError: not in time.
            APIResponseError: The answer is not what it should be; APIStreamError: not a whole stream.
        """
        response = self._client.send(
            "POST",
            "/v1/chat/completions",
            body={
                "model": model,
                "messages": messages,
                "max_tokens": max_tokens,
                "temperature": temperature,
                "stream": stream,
            },
            stream=stream,
            extra_headers=extra_headers,
            extra_query=extra_query,
            extra_body=extra_body,
            timeout=timeout,
        )
        if stream:
            return response.stream(ChatCompletionChunk, ChatCompletion)
        return response.model(ChatCompletion)


class ChatCompletionsWithRawResponse:
    """The calls of `ChatCompletions`, each of which returns a RawResponse."""

    def __init__(self, client: SyncClient) -> None:
        calls = ChatCompletions(client.with_raw_responses())
        self.create = raw(calls.create)


class AsyncChat:
    """`/chat`"""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    @cached_property
    def completions(self) -> AsyncChatCompletions:
        """`/chat/completions`"""
        return AsyncChatCompletions(self._client)


class AsyncChatCompletions:
    """`/chat/completions`"""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    @cached_property
    def with_raw_response(self) -> AsyncChatCompletionsWithRawResponse:
        """The same calls, which return a RawResponse with the status and the headers."""
        return AsyncChatCompletionsWithRawResponse(self._client)

    @overload
    async def create(
        self,
        *,
        model: str,
        messages: Sequence[ChatMessageParam | ChatMessage | AssistantMessage],
        max_tokens: int | None = None,
        temperature: float | None = None,
        stream: Literal[False] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        extra_query: Mapping[str, Any] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        timeout: float | Timeout | None = None,
    ) -> ChatCompletion: ...

    @overload
    async def create(
        self,
        *,
        model: str,
        messages: Sequence[ChatMessageParam | ChatMessage | AssistantMessage],
        max_tokens: int | None = None,
        temperature: float | None = None,
        stream: Literal[True],
        extra_headers: Mapping[str, str] | None = None,
        extra_query: Mapping[str, Any] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        timeout: float | Timeout | None = None,
    ) -> AsyncStream[ChatCompletionChunk, ChatCompletion]: ...

    @overload
    async def create(
        self,
        *,
        model: str,
        messages: Sequence[ChatMessageParam | ChatMessage | AssistantMessage],
        max_tokens: int | None = None,
        temperature: float | None = None,
        stream: bool | None,
        extra_headers: Mapping[str, str] | None = None,
        extra_query: Mapping[str, Any] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        timeout: float | Timeout | None = None,
    ) -> ChatCompletion | AsyncStream[ChatCompletionChunk, ChatCompletion]: ...

    async def create(
        self,
        *,
        model: str,
        messages: Sequence[ChatMessageParam | ChatMessage | AssistantMessage],
        max_tokens: int | None = None,
        temperature: float | None = None,
        stream: bool | None = None,
        extra_headers: Mapping[str, str] | None = None,
        extra_query: Mapping[str, Any] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        timeout: float | Timeout | None = None,
    ) -> ChatCompletion | AsyncStream[ChatCompletionChunk, ChatCompletion]:
        """Create a chat completion.

        This endpoint allows you to have a conversation with the model by sending a series of messages.

        `POST /v1/chat/completions`. Arguments that are None are omitted; nothing is validated on the client.

        Args:
            model: ID of the model to use. Example: alphaedge-large-3-2512. Source: the page.
            messages: A list of messages comprising the conversation so far. At least 1 item. Source: the page.
            max_tokens: The maximum number of tokens to generate in the chat completion. At least 1. Source: the page.
            temperature: What sampling temperature to use, between 0 and 2. From 0 to 2. The server's default is 1.0.
                Source: the page.
            stream: Whether to stream back partial progress. The server's default is false. Source: the page.
            extra_headers: Headers to send as well, or instead.
            extra_query: Parameters of the URL to send as well, or instead.
            extra_body: Members of the request to send as well, or instead, as they are.
            timeout: Instead of the client's `timeout`.

        Returns:
            The completion, or its chunks as they are made when `stream` is true.

        Raises:
            APIStatusError: The server refused; the subclass names the status, as RateLimitError.
            APIConnectionError: No answer came, or it broke off; APITimeoutError: not in time.
            APIResponseError: The answer is not what it should be; APIStreamError: not a whole stream.
        """
        response = await self._client.send(
            "POST",
            "/v1/chat/completions",
            body={
                "model": model,
                "messages": messages,
                "max_tokens": max_tokens,
                "temperature": temperature,
                "stream": stream,
            },
            stream=stream,
            extra_headers=extra_headers,
            extra_query=extra_query,
            extra_body=extra_body,
            timeout=timeout,
        )
        if stream:
            return await response.astream(ChatCompletionChunk, ChatCompletion)
        return response.model(ChatCompletion)


class AsyncChatCompletionsWithRawResponse:
    """The calls of `AsyncChatCompletions`, each of which returns a RawResponse."""

    def __init__(self, client: AsyncClient) -> None:
        calls = AsyncChatCompletions(client.with_raw_responses())
        self.create = araw(calls.create)
