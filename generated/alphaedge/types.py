"""The dicts that arguments are made of, for the type checker; at run time they are plain dicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired, TypedDict

from .models import (
    AssistantMessage,
    ChatMessage,
    ChatMessageRole,
)


class ChatMessageParam(TypedDict):
    """One message of the conversation."""

    role: ChatMessageRole
    """Who speaks. One of system, user, assistant. Source: the page."""
    content: str
    """What is said; any Unicode text, and possibly none. Source: the page."""


class ChatCompletionParams(TypedDict):
    """The arguments of `create`, without `stream`, which decides what the call returns.

    `create(**params)` returns a whole answer, `create(**params, stream=True)` a stream.
    """

    model: str
    """ID of the model to use. Example: alphaedge-large-3-2512. Source: the page."""
    messages: Sequence[ChatMessageParam | ChatMessage | AssistantMessage]
    """A list of messages comprising the conversation so far. At least 1 item. Source: the page."""
    max_tokens: NotRequired[int | None]
    """The maximum number of tokens to generate in the chat completion. At least 1. Source: the page."""
    temperature: NotRequired[float | None]
    """What sampling temperature to use, between 0 and 2. From 0 to 2. The server's default is 1.0. Source: the page."""


class ChatCompletionRequest(ChatCompletionParams):
    """All arguments of `create`: the type of `create(**request)` is a whole answer or a stream."""

    stream: NotRequired[bool | None]
    """Whether to stream back partial progress. The server's default is false. Source: the page."""
