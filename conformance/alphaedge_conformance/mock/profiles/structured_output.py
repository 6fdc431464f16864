"""Structured output: the model says JSON."""

from __future__ import annotations

import json
from typing import Any

from ...exchange.strict_json import Json
from .behaviour import Behaviour


class StructuredOutput(Behaviour):
    """Any object, or the simplest value of the schema that is asked for."""

    def text(self, request: Json, text: str) -> str:
        wanted = request.get("response_format") or {}
        if wanted.get("type") == "json_object":
            return json.dumps({"answer": "yes"})
        if wanted.get("type") == "json_schema":
            return json.dumps(sample(wanted["json_schema"].get("schema", {})))
        return text


def sample(schema: Json) -> Any:
    """The simplest value of a schema of the kind that programs ask for: typed, without references."""
    for word in ("const", "enum", "anyOf", "oneOf"):
        if word in schema:
            return {"const": lambda v: v, "enum": lambda v: v[0]}.get(word, lambda v: sample(v[0]))(schema[word])
    kind = schema.get("type", "object")
    match kind if isinstance(kind, str) else kind[0]:
        case "object":
            return {name: sample(each) for name, each in schema.get("properties", {}).items()}
        case "array":
            return [sample(schema.get("items", {})) for _ in range(max(1, schema.get("minItems", 1)))]
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "null":
            return None
    return "Paris".ljust(schema.get("minLength", 0), "x")
