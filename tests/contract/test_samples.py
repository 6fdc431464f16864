"""Values that are made up for a schema: the simplest that is valid, and one that has a place."""

from __future__ import annotations

from typing import Any

import pytest

from alphaedge_conformance.contract.samples import FORMATTED, NoSample, Sampler

from .small import ROOT, small

INTEGER, BOOLEAN = {"type": "integer"}, {"type": "boolean"}
AB = {"a": INTEGER, "b": INTEGER}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "object", "properties": AB, "minProperties": 1}, {"a": 0}),
        ({"type": "object", "properties": AB, "minProperties": 2, "additionalProperties": False}, {"a": 0, "b": 0}),
        ({"properties": AB, "minProperties": 3, "additionalProperties": BOOLEAN}, {"a": 0, "b": 0, "xa": False}),
        ({"type": "object", "required": ["a"], "dependentRequired": {"a": ["b"]}}, {"a": "x", "b": "x"}),
        (
            {"required": ["a"], "dependentSchemas": {"a": {"required": ["b"], "properties": {"b": {"const": 7}}}}},
            {"a": "x", "b": 7},
        ),
        ({"type": "object", "required": ["n1"], "patternProperties": {"^n": BOOLEAN}}, {"n1": False}),
        ({"type": "object", "required": ["z"], "unevaluatedProperties": BOOLEAN}, {"z": False}),
        ({"type": "array", "minItems": 2, "items": INTEGER}, [0, 0]),
        ({"type": "array", "minItems": 3, "items": INTEGER, "uniqueItems": True}, [0, 1, 2]),
        ({"type": "array", "minItems": 2, "items": BOOLEAN, "uniqueItems": True}, [False, True]),
        ({"type": "array", "minItems": 2, "items": {"type": "string"}, "uniqueItems": True}, ["x", "x1"]),
        ({"type": "array", "minItems": 3, "items": INTEGER, "contains": {"const": 5}, "minContains": 2}, [5, 5, 0]),
        ({"minItems": 3, "prefixItems": [{"type": "string"}, BOOLEAN], "items": INTEGER}, ["x", False, 0]),
        ({"allOf": [True, {"type": "array", "minItems": 1, "items": {"const": 4}}]}, [4]),
        ({"type": "string", "pattern": "^[0-9]{3}$"}, "000"),
        ({"type": "string", "minLength": 4}, "xxxx"),
        ({"minLength": 2}, "xx"),
        ({"enum": ["b", "a"]}, "b"),
        ({"type": "integer", "examples": [8], "default": 9}, 8),
        ({"type": "integer", "default": 9}, 9),
        ({"anyOf": [{"type": "null"}, INTEGER]}, 0),
        ({"type": ["null", "string"]}, "x"),
        ({"allOf": [{"minimum": 3}, {"type": "integer", "maximum": 4}]}, 3),
        ({"type": "integer", "minimum": 1.5}, 2),
        ({"type": "integer", "maximum": -1.5}, -2),
        ({"type": "integer", "exclusiveMinimum": 2}, 3),
        ({"type": "number", "exclusiveMaximum": -2}, -3),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5}, 0.25),
        ({"type": "integer", "minimum": 7, "multipleOf": 5}, 10),
        ({"type": "integer", "exclusiveMinimum": 10, "multipleOf": 5}, 15),
        ({"type": "integer", "multipleOf": 5}, 0),
        ({"type": "object", "if": {"required": ["a"]}, "then": {"required": ["b"]}}, {}),
        (
            {"type": "object", "required": ["a"], "if": {"required": ["a"]}, "then": {"required": ["b"]}},
            {"a": "x", "b": "x"},
        ),
        ({"type": "object", "if": {"required": ["a"]}, "else": {"required": ["b"]}}, {"b": "x"}),
    ],
    ids=str,
)
def test_the_simplest_value(schema: dict[str, Any], value: Any) -> None:
    assert Sampler(small(schema)).sample(ROOT) == value


@pytest.mark.parametrize(
    ("schema", "steps", "value"),
    [
        ({"type": "object", "properties": AB}, ("properties", "b"), {"b": 0}),
        ({"properties": {"x": {}}, "additionalProperties": BOOLEAN}, ("additionalProperties",), {"x1": False}),
        ({"type": "object", "patternProperties": {"^n$": BOOLEAN}}, ("patternProperties", "^n$"), {"n": False}),
        ({"type": "object", "unevaluatedProperties": INTEGER}, ("unevaluatedProperties",), {"x": 0}),
        ({"propertyNames": {"const": "k"}, "additionalProperties": INTEGER}, ("additionalProperties",), {"k": 0}),
        ({"type": "array", "items": INTEGER}, ("items",), [0]),
        ({"type": "array", "prefixItems": [INTEGER, BOOLEAN]}, ("prefixItems", "1"), [0, False]),
        ({"type": "array", "prefixItems": [INTEGER], "items": BOOLEAN}, ("items",), [0, False]),
        ({"anyOf": [INTEGER, BOOLEAN]}, ("anyOf", "1"), False),
        ({"dependentSchemas": {"a": {"required": ["b"]}}}, ("dependentSchemas", "a"), {"a": "x", "b": "x"}),
    ],
    ids=str,
)
def test_a_value_that_has_a_place(schema: dict[str, Any], steps: tuple[str, ...], value: Any) -> None:
    assert Sampler(small(schema)).sample(ROOT, steps) == value


def test_with_every_optional_member() -> None:
    inner = {"type": "object", "properties": {"list": {"type": "array", "items": INTEGER}}}
    members = {"a": INTEGER, "self": {"$ref": f"#{ROOT}"}, "in": inner}
    contract, once = small({"required": ["a"], "properties": members}), {"a": 0, "in": {"list": [0]}}
    assert Sampler(contract).sample(ROOT) == {"a": 0}
    assert Sampler(contract, whole=True).sample(ROOT) == {**once, "self": once}
    left_out = frozenset({"list", "self"})
    assert Sampler(contract, whole=True, leave_out=left_out).sample(ROOT) == {"a": 0, "in": {}}


@pytest.mark.parametrize("name", FORMATTED)
def test_a_value_of_a_format(name: str) -> None:
    assert Sampler(small({"type": "string", "format": name})).sample(ROOT) == FORMATTED[name]


def test_nothing_is_made_up_for_a_schema_that_admits_nothing() -> None:
    with pytest.raises(NoSample, match="no value that /components/schemas/Small accepts is known"):
        Sampler(small({"type": "integer", "minimum": 3, "maximum": 2})).sample(ROOT)
