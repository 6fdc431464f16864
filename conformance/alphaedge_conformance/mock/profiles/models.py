"""Models: the list, and what is said of each."""

from __future__ import annotations

from typing import Any

from ...exchange.strict_json import Json
from ..endpoint import Refusal, merged
from ..sampled import Asked, Sampled


class Listed(Sampled):
    """Knows which models are listed."""

    @property
    def listed(self) -> list[Json]:
        """Each entry of the list."""
        found: list[Json] = (self.known or {}).get("data", [])
        return found


class ListModels(Listed):
    """Each model once."""

    def answer(self, schema: str, asked: Asked) -> Any:
        sample = self.filled(schema, {})
        return merged(sample, {"object": "list", "data": self.listed})


class OneModel(Listed):
    """Describes a model as it is listed."""

    def entry(self, id: str) -> Json | None:
        return next((each for each in self.listed if each["id"] == id), None)

    def missing(self, asked: Asked) -> Refusal | None:
        [id] = asked.parameters
        if self.entry(id) is not None:
            return None
        return Refusal(404, f"The model {id[:80]!r} does not exist.", "not_found_error", "model", "model_not_found")

    def answer(self, schema: str, asked: Asked) -> Any:
        [id] = asked.parameters
        return merged(self.filled(schema, {}), self.entry(id))
