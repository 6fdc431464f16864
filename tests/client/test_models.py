"""Models take an answer as it is, and keep all of it."""

from __future__ import annotations

import copy
import json
import pickle
import typing
from typing import Any

import attrs
import pydantic
import pytest

from alphaedge import (
    AlphaEdgeError,
    AssistantMessage,
    ChatCompletion,
    ChatCompletionChunk,
    ChatMessage,
    MissingMemberError,
    Usage,
)

WHOLE: dict[str, Any] = {
    "id": "chat-1",
    "object": "chat.completion",
    "model": "m",
    "created": 1,
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}


def test_round_trip() -> None:
    completion = ChatCompletion.from_dict(WHOLE)
    assert completion.to_dict() == WHOLE
    assert completion.to_dict() is not completion.raw
    assert completion == ChatCompletion.from_dict(copy.deepcopy(WHOLE))
    assert attrs.asdict(completion) == WHOLE


def test_unknown_members_are_kept_and_readable() -> None:
    completion: Any = ChatCompletion.from_dict({**WHOLE, "system_fingerprint": "fp", "usage": {"cached": 4}})
    assert completion.system_fingerprint == "fp"
    assert completion.usage.cached == 4
    assert completion.to_dict()["system_fingerprint"] == "fp"
    with pytest.raises(AttributeError, match="ChatCompletion has no 'finger'; it has id, object"):
        completion.finger  # noqa: B018


def test_unknown_values_of_an_enumeration_stay() -> None:
    choice = {**WHOLE["choices"][0], "finish_reason": "tool_calls"}
    assert ChatCompletion.from_dict({**WHOLE, "choices": [choice]}).choices[0].finish_reason == "tool_calls"


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("value", [None, "oops", 7, [], {}, [None], [7], {"a": 1}])
def test_a_wrong_member_loses_nothing_else(name: str, value: Any) -> None:
    wrong = {**WHOLE, name: value}
    completion = ChatCompletion.from_dict(wrong)
    assert completion.to_dict() == wrong
    assert repr(completion)
    for choice in completion.choices:
        assert getattr(choice.message, "content", None) == choice.message.to_dict().get("content")
    usage = completion.usage.to_dict()
    assert getattr(completion.usage, "total_tokens", None) == usage.get("total_tokens")
    if name != "choices":
        assert completion.choices[0].message.content == "Hi"


@pytest.mark.parametrize("name", WHOLE)
def test_a_missing_member_loses_nothing_else(name: str) -> None:
    completion = ChatCompletion.from_dict({key: value for key, value in WHOLE.items() if key != name})
    assert getattr(completion.usage, "total_tokens", None) == (None if name == "usage" else 3)
    assert len(completion.choices) == (name != "choices")
    assert getattr(completion, "id", None) == (None if name == "id" else "chat-1")
    assert repr(completion)
    assert completion == copy.deepcopy(completion) != ChatCompletion.from_dict(WHOLE)


@pytest.mark.parametrize("message", [{"role": "assistant"}, {"role": "assistant", "content": None}])
def test_a_type_never_says_text_where_there_is_none(message: dict[str, Any]) -> None:
    """Not None, which `content: str` denies, and which would fail somewhere else, later."""
    sent = AssistantMessage.from_dict(message)
    with pytest.raises(
        MissingMemberError, match="the server left out 'content' of AssistantMessage; see `raw`"
    ) as caught:
        sent.content  # noqa: B018
    assert isinstance(caught.value, AlphaEdgeError)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    assert getattr(sent, "content", None) is None
    assert sent.role == "assistant"
    assert sent.to_dict() == message
    assert sent.to_request_dict() == {"role": "assistant"}
    assert repr(sent) == "AssistantMessage(role='assistant')"
    assert sent == AssistantMessage.from_dict({"role": "assistant"})
    assert hash(sent) == hash(AssistantMessage.from_dict({"role": "assistant"}))
    assert attrs.evolve(sent, content="mended").content == "mended"


def test_every_member_is_what_its_type_says_or_raises() -> None:
    """Of an answer that leaves out everything: no member that is not optional is None."""

    def look(model: Any) -> None:
        for name, kind in typing.get_type_hints(type(model)).items():
            value = getattr(model, name, ...)
            assert value is not None or type(None) in typing.get_args(kind), f"{type(model).__name__}.{name}"
            if attrs.has(type(value)):
                look(value)

    empty: dict[str, Any] = {}
    sent: dict[str, Any]
    for kind in (ChatCompletion, ChatCompletionChunk, ChatMessage):
        for sent in (empty, dict.fromkeys(attrs.fields_dict(kind)), {"choices": [{}]}):
            look(kind.from_dict(sent))
    look(ChatCompletion.from_dict({"choices": [{}]}).choices[0])


def test_null_in_a_chunk() -> None:
    choice = {"index": 0, "delta": None, "finish_reason": None}
    chunk = ChatCompletionChunk.from_dict({"id": "x", "choices": [choice], "usage": None})
    assert chunk.choices[0].delta.content is None
    assert chunk.choices[0].finish_reason is None
    assert chunk.usage is None


def test_a_model_of_ones_own() -> None:
    message = ChatMessage(role="user", content="Hi")
    assert message.to_dict() == {"role": "user", "content": "Hi"}
    assert message.raw == {}
    with pytest.raises(TypeError, match="content"):
        ChatMessage(role="user")  # type: ignore[call-arg]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        message.content = "Ho"  # type: ignore[misc]


def test_a_changed_copy_is_what_it_says() -> None:
    completion = ChatCompletion.from_dict({**WHOLE, "system_fingerprint": "fp"})
    message = attrs.evolve(completion.choices[0].message, content="edited")
    assert message.to_dict() == {"role": "assistant", "content": "edited"}
    choice = attrs.evolve(completion.choices[0], message=message)
    assert attrs.evolve(completion, choices=[choice]).to_dict()["choices"][0]["message"]["content"] == "edited"
    assert completion.choices[0].message.content == "Hi"
    assert completion.to_dict()["system_fingerprint"] == "fp"
    kept = attrs.evolve(ChatCompletion.from_dict({**WHOLE, "usage": {"cached": 1}}), id="other").to_dict()
    assert (kept["id"], kept["usage"]) == ("other", {"cached": 1})


def test_json_of_a_model() -> None:
    completion = ChatCompletion.from_dict({**WHOLE, "model": "größer"})
    assert json.loads(completion.to_json()) == {**WHOLE, "model": "größer"}
    assert "größer" in completion.to_json(indent=2)
    assert json.loads(json.dumps(completion, default=ChatCompletion.to_dict)) == completion.to_dict()


@pytest.mark.parametrize(
    ("name", "instead"),
    [("model_dump", "to_dict"), ("dict", "to_dict"), ("model_dump_json", "to_json"), ("model_copy", "attrs.evolve")],
)
def test_the_habits_of_pydantic_are_answered(name: str, instead: str) -> None:
    with pytest.raises(AttributeError, match=f"ChatCompletion has no '{name}'; use {instead}"):
        getattr(ChatCompletion.from_dict(WHOLE), name)
    assert getattr(ChatCompletion.from_dict({**WHOLE, name: 1}), name) == 1


def test_a_field_of_a_pydantic_model() -> None:
    class Record(pydantic.BaseModel):
        completion: ChatCompletion
        last: Usage | None = None

    sent = {**WHOLE, "system_fingerprint": "fp"}
    completion = ChatCompletion.from_dict(sent)
    record = Record(completion=completion)
    assert record.completion is completion
    assert record.model_dump() == {"completion": sent, "last": None}
    assert Record.model_validate_json(record.model_dump_json()).completion.to_dict() == sent
    with pytest.raises(pydantic.ValidationError, match="expected ChatCompletion or a dict"):
        Record.model_validate({"completion": "text"})
    assert Record.model_json_schema()["properties"]["completion"]["type"] == "object"


def test_models_can_be_copied_and_pickled() -> None:
    completion = ChatCompletion.from_dict(WHOLE)
    assert copy.deepcopy(completion) == completion
    assert pickle.loads(pickle.dumps(completion)).raw == WHOLE


def test_equality_is_that_of_the_members() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    assert Usage.from_dict({**usage, "more": 1}) == Usage.from_dict(usage) != Usage.from_dict({})
    mine: object = ChatMessage(role="assistant", content="a")
    assert AssistantMessage(role="assistant", content="a") != mine
