"""Embeddings: the vector of a text is drawn from its digest."""

from __future__ import annotations

import base64
import math
import random
import struct
from typing import Any

from ...exchange.strict_json import Json
from ..endpoint import Refusal, merged
from ..reply import tokenize
from ..sampled import Asked, Sampled

DIMENSIONS, MOST = 96, 1536
"""The usual number, and the largest."""


class Embeddings(Sampled):
    """The same vector for the same text, of length 1."""

    def inputs(self, request: Json) -> list[Any]:
        """Each text, or its tokens."""
        given = request["input"]
        is_one = isinstance(given, str) or isinstance(given[0], int)
        return [given] if is_one else list(given)

    def dimensions(self, request: Json) -> int:
        return int(request.get("dimensions", DIMENSIONS))

    def missing(self, asked: Asked) -> Refusal | None:
        example = self.contract.example_request["model"]
        models = {example, *(each["id"] for each in (self.known or {}).get("data", []))}
        if asked.body.get("model", example) not in models:
            message = f"The model {asked.body['model'][:80]!r} does not exist."
            return Refusal(404, message, "not_found_error", "model", "model_not_found")
        if self.dimensions(asked.body) > MOST:
            return Refusal(400, f"dimensions: expected at most {MOST}.", param="dimensions")
        return None

    def vector(self, text: Any, dimensions: int) -> list[float]:
        drawn = random.Random(repr(text))
        numbers = [drawn.gauss(0, 1) for _ in range(dimensions)]
        length = math.hypot(*numbers)
        return [number / length for number in numbers]

    def written(self, vector: list[float], request: Json) -> Any:
        """As numbers, or as base64."""
        if request.get("encoding_format") != "base64":
            return vector
        return base64.b64encode(self.packed(vector)).decode()

    def packed(self, vector: list[float]) -> bytes:
        return struct.pack(f"<{len(vector)}f", *vector)

    def embeddings(self, request: Json) -> list[Json]:
        vectors = [self.vector(each, self.dimensions(request)) for each in self.inputs(request)]
        return [
            {"object": "embedding", "index": index, "embedding": self.written(vector, request)}
            for index, vector in enumerate(vectors)
        ]

    def usage(self, request: Json) -> Json:
        inputs = self.inputs(request)
        used = sum(1 + len(tokenize(each) if isinstance(each, str) else each) for each in inputs)
        return {"prompt_tokens": used, "total_tokens": used}

    def answer(self, schema: str, asked: Asked) -> Any:
        request = asked.body
        made = {
            "object": "list",
            "data": self.embeddings(request),
            "model": request.get("model", "default"),
            "usage": self.usage(request),
        }
        return merged(self.filled(schema, {}), made)
