# Made from openapi.yaml by `make generate`, through scripts/templates/; edit those.
"""The objects that the API answers with; `Model` says what they have in common."""

from __future__ import annotations

from typing import Any, Literal, Self

import attrs

from ._model import Model as _Model
from ._model import models as _models
from ._model import optional as _optional

FinishReason = Literal["length", "stop"] | str
"""Why the answer ends: `stop`, it is complete; `length`, it was cut by `max_tokens`. A server may send a value that is not listed."""

ChatMessageRole = Literal["assistant", "system", "user"]
"""Who speaks."""


@attrs.frozen(slots=False, kw_only=True, eq=False, repr=False)
class ChatMessage(_Model):
    """One message of the conversation.

    Source: the page, `{"role": "user", "content": "Hello!"}`.
    """

    role: ChatMessageRole
    """Who speaks. One of system, user, assistant. Source: the page."""
    content: str
    """What is said; any Unicode text, and possibly none. Source: the page."""

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        raw: dict[str, Any] = data if type(data) is dict else {}
        get = raw.get
        self = object.__new__(cls)
        members = self.__dict__  # a frozen `__init__` costs twice as much, which counts in a stream
        if (value := get("role")) is not None:
            members["role"] = value  # else reading it raises
        if (value := get("content")) is not None:
            members["content"] = value  # else reading it raises
        members["_raw"] = raw
        return self


@attrs.frozen(slots=False, kw_only=True, eq=False, repr=False)
class ChatCompletion(_Model):
    """A completion of the conversation."""

    id: str
    """A unique identifier for the chat completion. At least 1 character. Source: the page."""
    object: Literal["chat.completion"]
    """The object type, which is always "chat.completion". Source: the page."""
    model: str
    """The model used for the chat completion; it may differ from the one asked for. At least 1 character. Source:
    the page."""
    created: int
    """The Unix timestamp of when the completion was created, in seconds. Source: the page."""
    choices: list[Choice]
    """The list of completion choices. At least 1 item. Source: the page."""
    usage: Usage
    """Usage statistics for the completion request. Source: the page."""

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        raw: dict[str, Any] = data if type(data) is dict else {}
        get = raw.get
        self = object.__new__(cls)
        members = self.__dict__  # a frozen `__init__` costs twice as much, which counts in a stream
        if (value := get("id")) is not None:
            members["id"] = value  # else reading it raises
        if (value := get("object")) is not None:
            members["object"] = value  # else reading it raises
        if (value := get("model")) is not None:
            members["model"] = value  # else reading it raises
        if (value := get("created")) is not None:
            members["created"] = value  # else reading it raises
        members["choices"] = _models(Choice, get("choices"))
        members["usage"] = Usage.from_dict(get("usage"))
        members["_raw"] = raw
        return self


@attrs.frozen(slots=False, kw_only=True, eq=False, repr=False)
class Choice(_Model):
    """One answer to the conversation.

    Source: the page, `The list of completion choices.`.
    """

    index: int
    """The place of this choice in the list, from 0. At least 0. Source: the page."""
    message: AssistantMessage
    """What the model says. Source: the page."""
    finish_reason: FinishReason
    """Why the answer ends here. Source: the page."""

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        raw: dict[str, Any] = data if type(data) is dict else {}
        get = raw.get
        self = object.__new__(cls)
        members = self.__dict__  # a frozen `__init__` costs twice as much, which counts in a stream
        if (value := get("index")) is not None:
            members["index"] = value  # else reading it raises
        members["message"] = AssistantMessage.from_dict(get("message"))
        if (value := get("finish_reason")) is not None:
            members["finish_reason"] = value  # else reading it raises
        members["_raw"] = raw
        return self


@attrs.frozen(slots=False, kw_only=True, eq=False, repr=False)
class AssistantMessage(_Model):
    """What the model says.

    Source: the page, `"role": "assistant", "content": "Hello! How can I help you today?"`.
    """

    role: Literal["assistant"]
    """Always "assistant". Source: the page."""
    content: str
    """The text of the answer. Source: the page."""

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        raw: dict[str, Any] = data if type(data) is dict else {}
        get = raw.get
        self = object.__new__(cls)
        members = self.__dict__  # a frozen `__init__` costs twice as much, which counts in a stream
        if (value := get("role")) is not None:
            members["role"] = value  # else reading it raises
        if (value := get("content")) is not None:
            members["content"] = value  # else reading it raises
        members["_raw"] = raw
        return self


@attrs.frozen(slots=False, kw_only=True, eq=False, repr=False)
class Usage(_Model):
    """Usage statistics for the completion request.

    Source: the page, `Usage statistics for the completion request.`.
    """

    prompt_tokens: int
    """Tokens in the messages. At least 0. Source: the page."""
    completion_tokens: int
    """Tokens in the answer, never more than `max_tokens`. At least 0. Source: the page."""
    total_tokens: int
    """The sum of `prompt_tokens` and `completion_tokens`. At least 0. Source: the page."""

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        raw: dict[str, Any] = data if type(data) is dict else {}
        get = raw.get
        self = object.__new__(cls)
        members = self.__dict__  # a frozen `__init__` costs twice as much, which counts in a stream
        if (value := get("prompt_tokens")) is not None:
            members["prompt_tokens"] = value  # else reading it raises
        if (value := get("completion_tokens")) is not None:
            members["completion_tokens"] = value  # else reading it raises
        if (value := get("total_tokens")) is not None:
            members["total_tokens"] = value  # else reading it raises
        members["_raw"] = raw
        return self


@attrs.frozen(slots=False, kw_only=True, eq=False, repr=False)
class ChatCompletionChunk(_Model):
    """A piece of a completion, sent as the data of one server-sent event."""

    id: str
    """The identifier of the completion, the same in each of its chunks. At least 1 character. Source: convention."""
    object: Literal["chat.completion.chunk"]
    """Always "chat.completion.chunk". Source: convention."""
    created: int
    """The Unix timestamp of when the completion was created, in seconds, the same in each of its chunks. Source:
    convention."""
    model: str
    """The model used, the same in each chunk. At least 1 character. Source: convention."""
    choices: list[ChunkChoice]
    """What is new in each choice; empty in a chunk that only carries `usage`. Source: convention."""
    usage: Usage | None = None
    """Usage statistics for the completion request, in the last chunk if at all. Source: convention."""

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        raw: dict[str, Any] = data if type(data) is dict else {}
        get = raw.get
        self = object.__new__(cls)
        members = self.__dict__  # a frozen `__init__` costs twice as much, which counts in a stream
        if (value := get("id")) is not None:
            members["id"] = value  # else reading it raises
        if (value := get("object")) is not None:
            members["object"] = value  # else reading it raises
        if (value := get("created")) is not None:
            members["created"] = value  # else reading it raises
        if (value := get("model")) is not None:
            members["model"] = value  # else reading it raises
        members["choices"] = _models(ChunkChoice, get("choices"))
        members["usage"] = _optional(Usage, value) if (value := get("usage")) is not None else None
        members["_raw"] = raw
        return self


@attrs.frozen(slots=False, kw_only=True, eq=False, repr=False)
class ChunkChoice(_Model):
    """What is new in one choice."""

    index: int
    """The choice that this piece belongs to, from 0. At least 0. Source: convention."""
    delta: Delta
    """The new piece of the message. Source: convention."""
    finish_reason: FinishReason | None = None
    """Why the answer ends; absent or null until it does. Source: convention."""

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        raw: dict[str, Any] = data if type(data) is dict else {}
        get = raw.get
        self = object.__new__(cls)
        members = self.__dict__  # a frozen `__init__` costs twice as much, which counts in a stream
        if (value := get("index")) is not None:
            members["index"] = value  # else reading it raises
        members["delta"] = Delta.from_dict(get("delta"))
        members["finish_reason"] = get("finish_reason")
        members["_raw"] = raw
        return self


@attrs.frozen(slots=False, kw_only=True, eq=False, repr=False)
class Delta(_Model):
    """A piece of the message, to be appended to the pieces before it."""

    role: Literal["assistant"] | None = None
    """Always "assistant"; sent at the latest with the first text. Source: convention."""
    content: str | None = None
    """The next piece of the text. Source: convention."""

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        raw: dict[str, Any] = data if type(data) is dict else {}
        get = raw.get
        self = object.__new__(cls)
        members = self.__dict__  # a frozen `__init__` costs twice as much, which counts in a stream
        members["role"] = get("role")
        members["content"] = get("content")
        members["_raw"] = raw
        return self


@attrs.frozen(slots=False, kw_only=True, eq=False, repr=False)
class ErrorResponse(_Model):
    """Why a request was refused or failed."""

    error: ErrorResponseError
    """The error. Source: convention."""

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        raw: dict[str, Any] = data if type(data) is dict else {}
        get = raw.get
        self = object.__new__(cls)
        members = self.__dict__  # a frozen `__init__` costs twice as much, which counts in a stream
        members["error"] = ErrorResponseError.from_dict(get("error"))
        members["_raw"] = raw
        return self


@attrs.frozen(slots=False, kw_only=True, eq=False, repr=False)
class ErrorResponseError(_Model):
    """The error."""

    message: str
    """What is wrong, for a person to read. Source: convention."""
    type: str
    """The class of the error. Source: convention."""
    param: str | None = None
    """The request's member that is at fault, if it is one. Source: convention."""
    code: str | None = None
    """A short name of the error for programs. Source: convention."""

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        raw: dict[str, Any] = data if type(data) is dict else {}
        get = raw.get
        self = object.__new__(cls)
        members = self.__dict__  # a frozen `__init__` costs twice as much, which counts in a stream
        if (value := get("message")) is not None:
            members["message"] = value  # else reading it raises
        if (value := get("type")) is not None:
            members["type"] = value  # else reading it raises
        members["param"] = get("param")
        members["code"] = get("code")
        members["_raw"] = raw
        return self
