"""What chat completions mean: what an answer says, whole or as a stream, and the completion that its chunks make."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from ..exchange.strict_json import Json
from .evidence import Evidence, Unseen, assume
from .pieces import add_pieces

OF_STREAMS = ("stream", "stream_options")
"""Members of a request that only decide on the form of the answer."""


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
            {"index": choice.get("index"), "message": {"content": ""}, "finish_reason": None},
        )
        if delta.get("role") is not None:
            whole["message"]["role"] = delta["role"]
        if isinstance(delta.get("content"), str):
            whole["message"]["content"] += delta["content"]
        add_pieces(whole, choice, delta)
        if choice.get("finish_reason") is not None:
            whole["finish_reason"] = choice["finish_reason"]
    members: Json = {}
    for chunk in chunks:
        members |= {name: value for name, value in chunk.items() if value is not None}
    return {**members, "object": "chat.completion", "choices": list(choices.values())}


def final_choices(evidence: Evidence) -> list[Json]:
    """The choices of an accepted answer, of a stream those of its final completion."""
    if not evidence.exchange.probe.streams:
        return evidence.choices
    choices: list[Json] = final_completion(evidence.chunks)["choices"]
    return choices


def plain_first(all_shown: Iterable[Evidence]) -> Iterator[tuple[str, Evidence]]:
    """Whole answers, then streams, each with what the requests for one and for the other have in common."""
    for streams in (False, True):
        for evidence in all_shown:
            if evidence.exchange.probe.streams is streams:
                rest = {name: value for name, value in evidence.request.items() if name not in OF_STREAMS}
                yield json.dumps(rest, sort_keys=True), evidence


def said(evidence: Evidence) -> tuple[str, Any]:
    """The text of all choices of an accepted answer, and their finish_reason. Raises Unseen for an answer without text,
    or with more than one reason."""
    choices = final_choices(evidence)
    messages = [choice.get("message") for choice in choices]
    texts = [message.get("content") if isinstance(message, dict) else None for message in messages]
    assume(texts and all(isinstance(text, str) for text in texts), "no text")
    reasons = [choice.get("finish_reason") for choice in choices]
    assume(all(reason == reasons[0] for reason in reasons), "choices that end for different reasons")
    return "\n".join(map(str, texts)), reasons[0]


def pieces(evidence: Evidence) -> list[str]:
    """The deltas of a stream that have text."""
    found = [delta.get("content") for _, delta in deltas(evidence.chunks)]
    return [text for text in found if isinstance(text, str) and text]


def tokens(evidence: Evidence, counted: str) -> int | None:
    """A count of the usage, where there is one."""
    try:
        found: int = evidence.usage[counted]
    except Unseen:
        return None
    return found


def assume_valid(evidence: Evidence, member: str) -> None:
    """Leaves an exchange unjudged where a member breaks its schema, which is a requirement of its own."""
    broken = (each.first for each in evidence.keywords.values() if each.first is not None)
    assume(not any(member in violation.path for violation in broken), f"`{member}` is not valid")
