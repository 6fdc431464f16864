"""The pieces of a stream that are neither role nor text: calls of tools, reasoning, probabilities."""

from __future__ import annotations

from typing import Any

from ..exchange.strict_json import Json

TEXTS = ("reasoning_content", "reasoning")
"""Members of a delta that are appended as its text is."""


def add_pieces(whole: Json, choice: Json, delta: Json) -> None:
    """Adds what a choice of a chunk has to the whole choice."""
    message = whole["message"]
    for name in TEXTS:
        if isinstance(delta.get(name), str):
            message[name] = message.get(name, "") + delta[name]
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
        calls.append({"function": {"arguments": ""}})
    call, function = calls[index], piece.get("function")
    for name, value in piece.items():
        if name not in ("index", "function") and value is not None:
            call.setdefault(name, value)
    for name, value in function.items() if isinstance(function, dict) else ():
        if name == "arguments" and isinstance(value, str):
            call["function"]["arguments"] += value
        elif name != "arguments" and value is not None:
            call["function"].setdefault(name, value)
