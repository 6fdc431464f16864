"""The completion that the chunks of a stream make together.

Texts are lists of their pieces until the end: a text that grows by one piece after another costs the square of its
length.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..exchange.strict_json import Json

TEXTS = ("content", "reasoning_content", "reasoning")
"""Members of a delta that are appended."""


def deltas(chunks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Each choice of each chunk with its delta, those of another shape left out."""
    for chunk in chunks:
        choices = chunk.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if not isinstance(choice, dict) or not isinstance(choice.get("index"), int | None):
                continue
            if isinstance(choice.get("delta"), dict):
                yield choice, choice["delta"]


def final_completion(chunks: list[Json]) -> Json:
    """The completion that a client makes of a stream."""
    choices: dict[Any, Json] = {}
    for choice, delta in deltas(chunks):
        whole = choices.setdefault(
            choice.get("index"),
            {"index": choice.get("index"), "message": {"content": []}, "finish_reason": None},
        )
        if delta.get("role") is not None:
            whole["message"]["role"] = delta["role"]
        _add(whole, choice, delta)
        if choice.get("finish_reason") is not None:
            whole["finish_reason"] = choice["finish_reason"]
    for whole in choices.values():
        _join(whole["message"])
    members: Json = {}
    for chunk in chunks:
        members |= {name: value for name, value in chunk.items() if value is not None}
    return {**members, "object": "chat.completion", "choices": list(choices.values())}


def _add(whole: Json, choice: Json, delta: Json) -> None:
    """Adds the pieces that a choice of a chunk has to the whole choice."""
    message = whole["message"]
    for name in TEXTS:
        if isinstance(delta.get(name), str):
            message.setdefault(name, []).append(delta[name])
    calls = delta.get("tool_calls")
    for piece in calls if isinstance(calls, list) else ():
        if isinstance(piece, dict):
            _add_call(message.setdefault("tool_calls", []), piece)
    logprobs = choice.get("logprobs")
    if isinstance(logprobs, dict) and isinstance(logprobs.get("content"), list):
        listed: list[Any] = whole.setdefault("logprobs", {"content": []})["content"]
        listed.extend(logprobs["content"])


def _add_call(calls: list[Json], piece: Json) -> None:
    """A piece belongs to the call of its index; of each member the first value counts, and arguments are appended."""
    index = piece.get("index")
    index = index if isinstance(index, int) and 0 <= index <= len(calls) else max(0, len(calls) - 1)
    if index == len(calls):
        calls.append({"function": {"arguments": []}})
    call, function = calls[index], piece.get("function")
    for name, value in piece.items():
        if name not in ("index", "function") and value is not None:
            call.setdefault(name, value)
    for name, value in function.items() if isinstance(function, dict) else ():
        if name == "arguments" and isinstance(value, str):
            call["function"]["arguments"].append(value)
        elif name != "arguments" and value is not None:
            call["function"].setdefault(name, value)


def _join(message: Json) -> None:
    for name in TEXTS:
        if name in message:
            message[name] = "".join(message[name])
    for call in message.get("tool_calls", ()):
        call["function"]["arguments"] = "".join(call["function"]["arguments"])
