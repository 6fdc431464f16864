"""A keyword in words: what is true of a value that satisfies it, and of one that does not."""

from __future__ import annotations

import json
from typing import Any

from .document import shorten
from .places import Keyword

_ARTICLE = {"integer": "an integer", "object": "an object", "array": "an array", "null": "null"}


def _types(value: Any) -> str:
    return " or ".join(_ARTICLE.get(name, f"a {name}") for name in ([value] if isinstance(value, str) else value))


def _as_json(value: Any) -> str:
    return shorten(json.dumps(value, ensure_ascii=False))


_PHRASES = {
    "exclusiveMinimum": ("is above {}", "is not above {}"),
    "exclusiveMaximum": ("is below {}", "is not below {}"),
    "multipleOf": ("is a multiple of {}", "is not a multiple of {}"),
    "minLength": ("has at least {} characters", "has fewer than {} characters"),
    "maxLength": ("has at most {} characters", "has more than {} characters"),
    "minItems": ("has at least {} items", "has fewer than {} items"),
    "maxItems": ("has at most {} items", "has more than {} items"),
    "minProperties": ("has at least {} members", "has fewer than {} members"),
    "maxProperties": ("has at most {} members", "has more than {} members"),
    "uniqueItems": ("has no item twice", "has an item twice"),
    "pattern": ("matches the pattern {}", "does not match the pattern {}"),
}
"""What is true of a value that satisfies a keyword, and of one that does not."""


def _any_of(values: list[Any]) -> str:
    return ", ".join(map(_as_json, values[:-1])) + (" or " if values[1:] else "") + _as_json(values[-1])


def holds(keyword: Keyword) -> str:
    """What is true of a value that satisfies a keyword."""
    value = keyword.value
    match keyword.name:
        case "required":
            return "is present"
        case "dependentRequired":
            return f"is present where `{value[0]}` is"
        case "forbidden" | "items" | "additionalProperties" | "unevaluatedProperties" | "unevaluatedItems":
            return "has nothing that the contract does not name" if keyword.name != "forbidden" else "is absent"
        case "anyOf" | "oneOf":
            return "has one of its documented forms"
        case "not":
            return "is not what the contract forbids"
        case "contains":
            return "has an item that the contract asks for"
        case "propertyNames":
            return "has no name that the contract forbids"
        case "type":
            return f"is {_types(value)}"
        case "const":
            return f"is {_as_json(value)}"
        case "enum":
            return f"is {_any_of(value)}"
        case "minimum":
            return f"is at least {value}"
        case "maximum":
            return f"is at most {value}"
        case "minLength":
            return "is not empty" if value == 1 else f"has at least {value} characters"
        case "minItems":
            return "is not empty" if value == 1 else f"has at least {value} items"
        case name if name in _PHRASES:
            return _PHRASES[name][0].format(_as_json(value))
    return f"is valid against `{keyword.name}: {_as_json(value)}`"


def broken(keyword: Keyword) -> str:
    """What is true of a value that breaks a keyword."""
    value = keyword.value
    match keyword.name:
        case "required":
            return "is absent"
        case "dependentRequired":
            return f"is absent while `{value[0]}` is present"
        case "forbidden":
            return "is present"
        case "items" | "additionalProperties" | "unevaluatedProperties" | "unevaluatedItems":
            return "has something that the contract does not name"
        case "anyOf" | "oneOf":
            return "has none of its documented forms"
        case "not":
            return "is what the contract forbids"
        case "contains":
            return "has no item that the contract asks for"
        case "propertyNames":
            return "has a name that the contract forbids"
        case "type":
            return f"is not {_types(value)}"
        case "const":
            return f"is not {_as_json(value)}"
        case "enum":
            return f"is not {_any_of(value)}"
        case "minimum":
            return f"is below {value}"
        case "maximum":
            return f"is above {value}"
        case "minLength" | "minItems" if value == 1:
            return "is empty"
        case name if name in _PHRASES:
            return _PHRASES[name][1].format(_as_json(value))
    return f"is not valid against `{keyword.name}: {_as_json(value)}`"
