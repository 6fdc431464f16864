"""Reasoning: what a model thinks before it answers, kept apart from the answer."""

from __future__ import annotations

import re
from functools import partial

from ....exchange.strict_json import Json
from ...evidence import Evidence, assume
from ...pieces import deltas
from ...places import Deviation, Place
from ..check import check
from ..keywords import as_json

of_reasoning = partial(check, profile="reasoning")
NAMES = ("reasoning_content", "reasoning")
"""The members that servers put it into."""
MARK = re.compile(r"</?(think|thinking|reasoning)>")
CONTENT = Place(members=("content",))


def _reasoning(message: Json) -> str:
    """What a message or a delta says of it; empty where that is nothing."""
    return next((text for name in NAMES if isinstance(text := message.get(name), str) and text), "")


def _has_reasoning(message: Json) -> bool:
    """Of whatever type: that is judged by itself."""
    return any(message.get(name) not in (None, "") for name in NAMES)


def _messages(evidence: Evidence) -> list[Json]:
    choices = evidence.final_choices
    return [choice["message"] for choice in choices if isinstance(choice.get("message"), dict)]


@of_reasoning("reasoning.shown")
def in_completion(evidence: Evidence, completion: object) -> None:
    messages = _messages(evidence)
    assume(messages)
    assert any(map(_has_reasoning, messages)), Deviation(
        "expected reasoning_content or reasoning beside the answer, got neither", Place(members=NAMES)
    )


@of_reasoning("reasoning.shown-in-stream")
def in_stream(chunks: list[Json]) -> None:
    found = list(deltas(chunks))
    assume(found)
    assert any(_has_reasoning(delta) for _, delta in found), Deviation(
        "expected reasoning_content or reasoning in the deltas, got neither", Place(members=NAMES)
    )


@of_reasoning("reasoning.apart")
def apart(evidence: Evidence) -> None:
    """Neither the marks that a model puts around it nor the whole of it are in the text of the answer."""
    messages = _messages(evidence)
    assume(any(isinstance(message.get("content"), str) for message in messages))
    for message in messages:
        text, thought = str(message.get("content") or ""), _reasoning(message).strip()
        mark = MARK.search(text)
        assert mark is None, Deviation(f"expected the answer alone in content, got {mark and mark[0]!r} in it", CONTENT)
        is_repeated = len(thought.split()) > 3 and thought in text
        assert not is_repeated, Deviation(
            f"expected the answer alone, got the reasoning in it: {thought[:60]!r}", CONTENT
        )


@of_reasoning("reasoning.before-the-answer")
def before_the_answer(chunks: list[Json]) -> None:
    """Of each choice, the reasoning is over when the text begins."""
    begun, has_reasoning = set(), False
    for choice, delta in deltas(chunks):
        thought = _reasoning(delta)
        has_reasoning = has_reasoning or bool(thought)
        assert not thought or choice.get("index") not in begun, Deviation(
            f"expected the reasoning before the answer, got {as_json(thought)} after the first text",
            Place(members=NAMES),
        )
        if delta.get("content"):
            begun.add(choice.get("index"))
    assume(has_reasoning, "no reasoning")
