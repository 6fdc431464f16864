"""What a profile changes of an answer; each step may be overridden."""

from __future__ import annotations

from ...exchange.strict_json import Json
from ..reply import Reply


class Behaviour:
    """Changes nothing."""

    members: frozenset[str] = frozenset()
    """Members of an answer that it decides on."""

    def text(self, request: Json, text: str) -> str:
        """What the model says, before any limit cuts it."""
        return text

    def limit(self, request: Json, limit: int | None) -> int | None:
        """The most tokens of a choice."""
        return limit

    def completion(self, request: Json, reply: Reply, completion: Json) -> Json:
        return completion

    def chunks(self, request: Json, reply: Reply, chunks: list[Json]) -> list[Json]:
        return chunks


def changed(chunk: Json, choice: Json) -> Json:
    """A chunk of one choice with another in its place."""
    return {**chunk, "choices": [choice]}
