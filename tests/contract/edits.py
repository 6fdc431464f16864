"""Edits of the contract that an owner may make, by name: what each adds to the document of openapi.yaml."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

Document = dict[str, Any]
Edit = Callable[[Document], None]


def edited(document: Document, edits: Iterable[Edit]) -> Document:
    changed = copy.deepcopy(document)
    for edit in edits:
        edit(changed)
    return changed


def _schema(document: Document, name: str) -> Any:
    return document["components"]["schemas"][name]


def request(required: bool = False, components: Document | None = None, /, **members: Any) -> Edit:
    """Adds members to the request."""
    return member_of("ChatCompletionRequest", required, components, **members)


def answer(required: bool = False, components: Document | None = None, /, **members: Any) -> Edit:
    """Adds members to the completion."""
    return member_of("ChatCompletion", required, components, **members)


def member_of(schema: str, required: bool = False, components: Document | None = None, /, **members: Any) -> Edit:
    def edit(document: Document) -> None:
        for name, member in members.items():
            described = member if "description" in member or member is False else {"description": name, **member}
            _schema(document, schema)["properties"][name] = copy.deepcopy(described)
            if required:
                _schema(document, schema).setdefault("required", []).append(name)
        document["components"]["schemas"].update(copy.deepcopy(components or {}))

    return edit


def replace(schema: str, member: str, new: Any, components: Document | None = None) -> Edit:
    """Gives a member another schema, with the description that it had."""

    def edit(document: Document) -> None:
        properties = _schema(document, schema)["properties"]
        kept = {name: properties[member][name] for name in ("description", "x-quote") if name in properties[member]}
        properties[member] = {**kept, **copy.deepcopy(new)}
        document["components"]["schemas"].update(copy.deepcopy(components or {}))

    return edit


def keywords(schema: str, **words: Any) -> Edit:
    """Adds keywords to a component."""

    def edit(document: Document) -> None:
        _schema(document, schema).update(copy.deepcopy(words))

    return edit


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def operation(path: str, method: str, stated: Document, components: Document | None = None) -> Edit:
    """Adds an operation, described by its schemas alone; errors are those of chat completions."""

    def edit(document: Document) -> None:
        described = {"summary": stated["operationId"], "description": stated["operationId"], "tags": ["chat"], **stated}
        answers = described["responses"] | {
            status: {"$ref": "#/components/responses/Error"} for status in ("400", "401", "404", "422")
        }
        described |= {"responses": answers, "security": [{"bearerAuth": []}]}
        document["paths"].setdefault(path, {})[method] = copy.deepcopy(described)
        document["components"]["schemas"].update(copy.deepcopy(components or {}))

    return edit


def body(name: str) -> Document:
    """A body of JSON."""
    return {"application/json": {"schema": ref(name)}}


TEXT, NUMBER, INTEGER, FLAG = {"type": "string"}, {"type": "number"}, {"type": "integer"}, {"type": "boolean"}
TOOL = {
    "description": "A tool.",
    "type": "object",
    "required": ["type", "function"],
    "properties": {
        "type": {"type": "string", "const": "function", "description": "Its kind."},
        "function": {
            "description": "What it does.",
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string", "pattern": "^[a-zA-Z0-9_-]+$", "maxLength": 64, "description": "Its name."},
                "description": {"type": "string", "description": "What it is for."},
                "parameters": {"type": "object", "description": "A JSON Schema."},
            },
        },
    },
}
TOOL_CALL = {
    "description": "A call of a tool.",
    "type": "object",
    "required": ["id", "type", "function"],
    "properties": {
        "id": {"type": "string", "minLength": 1, "description": "Of the call."},
        "type": {"type": "string", "const": "function", "description": "Its kind."},
        "function": {
            "description": "What is called.",
            "type": "object",
            "required": ["name", "arguments"],
            "properties": {
                "name": {"type": "string", "description": "Its name."},
                "arguments": {"type": "string", "description": "JSON."},
            },
        },
    },
}
FORMATS = {
    "TextFormat": {
        "description": "Any text.",
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"type": "string", "const": "text", "description": "Its kind."}},
    },
    "JsonFormat": {
        "description": "JSON of a schema.",
        "type": "object",
        "required": ["type", "json_schema"],
        "properties": {
            "type": {"type": "string", "const": "json_schema", "description": "Its kind."},
            "json_schema": {"type": "object", "description": "The schema."},
        },
    },
}
DISCRIMINATED = {
    "oneOf": [ref("TextFormat"), ref("JsonFormat")],
    "discriminator": {
        "propertyName": "type",
        "mapping": {"text": "#/components/schemas/TextFormat", "json_schema": "#/components/schemas/JsonFormat"},
    },
}
PART = {
    "description": "A part of a content.",
    "type": "object",
    "required": ["type", "text"],
    "properties": {
        "type": {"type": "string", "const": "text", "description": "Its kind."},
        "text": {"type": "string", "description": "What it says."},
    },
}
DETAILS = {
    "type": "object",
    "required": ["cached_tokens"],
    "properties": {
        "cached_tokens": {"type": "integer", "minimum": 0, "description": "From the cache."},
        "audio_tokens": {"type": "integer", "minimum": 0, "description": "Of audio."},
    },
}
MODELS = {
    "Model": {
        "description": "A model.",
        "type": "object",
        "required": ["id", "object", "created", "owned_by"],
        "properties": {
            "id": {"type": "string", "minLength": 1, "description": "What it is asked for by."},
            "object": {"type": "string", "const": "model", "description": "Always model."},
            "created": {"type": "integer", "minimum": 0, "description": "When, in Unix seconds."},
            "owned_by": {"type": "string", "description": "Whose it is."},
        },
    },
    "ModelList": {
        "description": "The models.",
        "type": "object",
        "required": ["object", "data"],
        "properties": {
            "object": {"type": "string", "const": "list", "description": "Always list."},
            "data": {"type": "array", "items": ref("Model"), "description": "Each of them."},
        },
    },
}
EMBEDDINGS = {
    "EmbeddingRequest": {
        "description": "Texts to embed.",
        "type": "object",
        "required": ["model", "input"],
        "properties": {
            "model": {"type": "string", "description": "ID of the model to use."},
            "input": {
                "description": "A text, or several.",
                "oneOf": [TEXT, {"type": "array", "minItems": 1, "maxItems": 2048, "items": TEXT}],
            },
            "encoding_format": {"type": "string", "enum": ["float", "base64"], "description": "Of the vectors."},
            "dimensions": {"type": "integer", "minimum": 1, "description": "Of each vector."},
        },
    },
    "Embedding": {
        "description": "The vector of a text.",
        "type": "object",
        "required": ["object", "index", "embedding"],
        "properties": {
            "object": {"type": "string", "const": "embedding", "description": "Always embedding."},
            "index": {"type": "integer", "minimum": 0, "description": "Which of the texts."},
            "embedding": {"type": "array", "minItems": 1, "items": NUMBER, "description": "The vector."},
        },
    },
    "EmbeddingList": {
        "description": "The vectors.",
        "type": "object",
        "required": ["object", "data", "model", "usage"],
        "properties": {
            "object": {"type": "string", "const": "list", "description": "Always list."},
            "data": {"type": "array", "minItems": 1, "items": ref("Embedding"), "description": "Each of them."},
            "model": {"type": "string", "minLength": 1, "description": "What made them."},
            "usage": {
                "description": "What it took.",
                "type": "object",
                "required": ["prompt_tokens", "total_tokens"],
                "properties": {
                    "prompt_tokens": {"type": "integer", "minimum": 0, "description": "Of the texts."},
                    "total_tokens": {"type": "integer", "minimum": 0, "description": "All."},
                },
            },
        },
    },
}
LIST_MODELS: Document = {
    "operationId": "listModels",
    "x-optional": True,
    "responses": {"200": {"description": "The models.", "content": body("ModelList")}},
}
GET_MODEL: Document = {
    "operationId": "getModel",
    "parameters": [
        {"name": "model", "in": "path", "required": True, "schema": TEXT, "description": "Which one."},
        {"name": "fields", "in": "query", "schema": {"type": "string"}, "description": "Its members."},
    ],
    "responses": {"200": {"description": "The model.", "content": body("Model")}},
}
CREATE_EMBEDDING: Document = {
    "operationId": "createEmbedding",
    "x-optional": True,
    "requestBody": {"description": "The texts.", "required": True, "content": body("EmbeddingRequest")},
    "responses": {"200": {"description": "The vectors.", "content": body("EmbeddingList")}},
}

RESERVED = {"member called timeout", "member called self"}
"""Those that no client can be generated of."""

EDITS: dict[str, Edit] = {
    # The table of the issue
    "map of numbers": request(
        logit_bias={"type": "object", "additionalProperties": {"type": "number", "minimum": -100, "maximum": 100}}
    ),
    "nested optional flag": request(
        stream_options={
            "type": "object",
            "properties": {"include_usage": {"type": "boolean", "description": "Whether to add usage."}},
        }
    ),
    "tools": request(False, {"Tool": TOOL}, tools={"type": "array", "items": ref("Tool")}),
    "tool calls in the answer": member_of(
        "AssistantMessage", False, {"ToolCall": TOOL_CALL}, tool_calls={"type": "array", "items": ref("ToolCall")}
    ),
    "discriminated union": request(False, FORMATS, response_format=DISCRIMINATED),
    "text or list": request(
        stop={"oneOf": [TEXT, {"type": "array", "minItems": 1, "maxItems": 4, "items": {"type": "string"}}]}
    ),
    "content of parts": replace(
        "ChatMessage",
        "content",
        {"anyOf": [TEXT, {"type": "array", "minItems": 1, "items": ref("Part")}]},
        {"Part": PART},
    ),
    "list of texts": request(stop={"type": "array", "items": {"type": "string"}}),
    "reference to a plain value": request(
        False, {"Seed": {**INTEGER, "minimum": 0, "description": "A seed."}}, seed=ref("Seed")
    ),
    "nullable integer": request(seed={"type": ["integer", "null"]}),
    "inline allOf": request(top_k={"allOf": [{"type": "integer"}, {"minimum": 1}]}),
    "format of a text": request(user={"type": "string", "format": "uuid"}),
    "optional nested object in the answer": answer(
        timings={
            "type": "object",
            "required": ["ms"],
            "properties": {"ms": {"type": "number", "minimum": 0, "description": "Milliseconds."}},
        }
    ),
    "member called timeout": request(timeout={"type": "number", "minimum": 0}),
    "member called self": request(self=TEXT),
    # Numbers
    "top_p": request(top_p={"type": "number", "minimum": 0, "maximum": 1}),
    "exclusive bounds": request(penalty={"type": "number", "exclusiveMinimum": -2, "exclusiveMaximum": 2}),
    "multiple of": request(width={"type": "integer", "multipleOf": 8, "minimum": 8}),
    "enumeration of integers": request(size={"type": "integer", "enum": [256, 512, 1024]}),
    # Texts
    "pattern": request(voice={"type": "string", "pattern": "^[a-z]{2}-[A-Z]{2}$"}),
    "lengths": request(user={"type": "string", "minLength": 2, "maxLength": 8}),
    "enumeration": request(effort={"type": "string", "enum": ["low", "medium", "high"]}),
    "enumeration without a type": request(effort={"enum": ["low", "high"]}),
    "constant": request(n={"type": "integer", "const": 1}),
    "any value": request(extra={}),
    "nullable enumeration": request(effort={"type": ["string", "null"], "enum": ["low", "high", None]}),
    # Lists
    "unique items": request(tags={"type": "array", "uniqueItems": True, "maxItems": 3, "items": {"type": "string"}}),
    "tuple": request(range={"type": "array", "prefixItems": [INTEGER, INTEGER], "items": False, "minItems": 2}),
    "contains": request(modes={"type": "array", "items": TEXT, "contains": {"const": "text"}}),
    "list of lists": request(
        grid={"type": "array", "items": {"type": "array", "items": {"type": "integer", "minimum": 0}}}
    ),
    # Objects
    "pattern properties": request(
        headers={"type": "object", "patternProperties": {"^x-": TEXT}, "additionalProperties": False}
    ),
    "property names": request(
        metadata={"type": "object", "propertyNames": {"pattern": "^[a-z]+$"}, "maxProperties": 3}
    ),
    "map of texts": request(
        metadata={"type": "object", "maxProperties": 16, "additionalProperties": {"type": "string", "maxLength": 512}}
    ),
    "closed object": request(
        filter={
            "type": "object",
            "properties": {"mode": {"type": "string", "description": "Its mode."}},
            "required": ["mode"],
            "additionalProperties": False,
        }
    ),
    "dependent required": keywords("ChatCompletionRequest", dependentRequired={"max_tokens": ["model"]}),
    "dependent members": request(
        tools_box={
            "type": "object",
            "properties": {"a": {"type": "string", "description": "a"}, "b": {"type": "string", "description": "b"}},
            "dependentRequired": {"a": ["b"]},
        }
    ),
    "dependent schemas": request(
        box={
            "type": "object",
            "properties": {"a": {"type": "string", "description": "a"}, "b": {"type": "integer", "description": "b"}},
            "dependentSchemas": {"a": {"properties": {"b": {"minimum": 5}}}},
        }
    ),
    "if then else": request(
        box={
            "type": "object",
            "properties": {
                "kind": {"type": "string", "description": "Its kind."},
                "size": {"type": "integer", "description": "Its size."},
            },
            "required": ["kind"],
            "if": {"properties": {"kind": {"const": "big"}}},
            "then": {"required": ["size"]},
            "else": {"properties": {"size": {"maximum": 10}}},
        }
    ),
    "not": request(user={"type": "string", "not": {"enum": ["root", "admin"]}}),
    "unevaluated": request(
        box={
            "allOf": [{"type": "object", "properties": {"a": {"type": "string", "description": "a"}}}],
            "unevaluatedProperties": False,
        }
    ),
    "required object": request(
        box={
            "type": "object",
            "required": ["k"],
            "properties": {"k": {"type": "integer", "minimum": 1, "maximum": 9, "description": "k"}},
        }
    ),
    "object of objects": request(
        box={
            "type": "object",
            "properties": {
                "inner": {
                    "description": "Inner.",
                    "type": "object",
                    "required": ["deep"],
                    "properties": {
                        "deep": {
                            "type": "array",
                            "minItems": 1,
                            "items": {"type": "string", "minLength": 1},
                            "description": "Deep.",
                        }
                    },
                }
            },
        }
    ),
    "shared plain value": request(
        False,
        {"Share": {**NUMBER, "minimum": 0, "maximum": 1, "description": "A share."}},
        top_p=ref("Share"),
        min_p=ref("Share"),
    ),
    "nullable reference": request(
        False,
        {"Effort": {**TEXT, "enum": ["low", "high"], "description": "Effort."}},
        effort={"oneOf": [ref("Effort"), {"type": "null"}]},
    ),
    "tree": request(
        False,
        {
            "Node": {
                "description": "A node.",
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "description": "Its name."},
                    "children": {"type": "array", "items": ref("Node"), "description": "Below it."},
                },
            }
        },
        tree=ref("Node"),
    ),
    "three branches": request(
        choice={
            "anyOf": [
                {"type": "string", "enum": ["auto", "none"]},
                {"type": "boolean"},
                {
                    "type": "object",
                    "required": ["name"],
                    "properties": {"name": {"type": "string", "description": "Its name."}},
                },
            ]
        }
    ),
    "optional member of a message": member_of("ChatMessage", name={"type": "string", "maxLength": 64}),
    # Answers
    "fingerprint": answer(True, system_fingerprint=TEXT),
    "optional text in the answer": answer(service_tier={"type": "string", "enum": ["default", "flex"]}),
    "details of usage": member_of("Usage", prompt_tokens_details=DETAILS),
    "format in the answer": answer(True, expires_at={"type": "string", "format": "date-time"}),
    "nullable text in the answer": answer(True, note={"type": ["string", "null"]}),
    "union in the answer": answer(
        warning={"anyOf": [TEXT, {"type": "array", "items": {"type": "string", "minLength": 1}}]}
    ),
    "log probabilities": member_of(
        "Choice",
        logprobs={
            "oneOf": [
                {
                    "type": "object",
                    "required": ["content"],
                    "properties": {
                        "content": {
                            "type": "array",
                            "description": "Of each token.",
                            "items": {
                                "type": "object",
                                "required": ["token", "logprob"],
                                "properties": {
                                    "token": {"type": "string", "description": "Its text."},
                                    "logprob": {"type": "number", "maximum": 0, "description": "Its logarithm."},
                                },
                            },
                        }
                    },
                },
                {"type": "null"},
            ]
        },
    ),
    "refusal in a message": member_of("AssistantMessage", True, refusal={"type": ["string", "null"]}),
    "member of a delta": member_of("Delta", reasoning={"type": "string"}),
    "map in the answer": answer(
        scores={"type": "object", "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1}}
    ),
    "detail of an error": member_of("ErrorResponse", request_id={"type": "string"}),
    # Operations
    "list of models": operation("/v1/models", "get", LIST_MODELS, MODELS),
    "one model": operation("/v1/models/{model}", "get", GET_MODEL, MODELS),
    "embeddings": operation("/v1/embeddings", "post", CREATE_EMBEDDING, EMBEDDINGS),
}
