"""Reasoning beside the answer."""

from __future__ import annotations

from ...exchange.strict_json import Json
from ..reply import Reply, tokenize
from .behaviour import Behaviour, changed

THOUGHT = "The user said something. I should answer it."


class Reasoning(Behaviour):
    """The same thought before each answer."""

    members = frozenset({"reasoning_content", "reasoning"})
    member = "reasoning_content"

    def completion(self, request: Json, reply: Reply, completion: Json) -> Json:
        [choice] = completion["choices"]
        message = {**choice["message"], self.member: THOUGHT}
        return {**completion, "choices": [{**choice, "message": message}]}

    def chunks(self, request: Json, reply: Reply, chunks: list[Json]) -> list[Json]:
        first, *others = chunks
        [choice] = first["choices"]
        thoughts = [changed(first, {**choice, "delta": {self.member: token}}) for token in tokenize(THOUGHT)]
        return [first, *thoughts, *others]
