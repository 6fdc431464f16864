"""The edits that a keyword gives occasion to: the last values that it admits, and the first that breaks it alone."""

from __future__ import annotations

from typing import Any

import pytest

from alphaedge_conformance.contract.bounds import admitted, breaking, unbreakable, within

from .small import ROOT, small

Json = dict[str, Any]
INTEGER: Json = {"type": "integer"}
CASES: list[tuple[str, Json, Any, list[Any], Any]] = [
    ("minimum", {"type": "integer", "minimum": 1}, 3, [1], 0),
    ("minimum", {"minimum": 10, "multipleOf": 5}, 15, [10], 5),
    ("maximum", {"type": "integer", "maximum": 5}, 3, [5], 6),
    ("maximum", {"maximum": 10, "multipleOf": 5}, 5, [10], 15),
    ("exclusiveMinimum", {"type": "number", "exclusiveMinimum": 0}, 3, [0.5, 1], -1),
    ("exclusiveMaximum", {"type": "number", "exclusiveMaximum": 0}, -3, [-0.5, -1], 1),
    ("multipleOf", {"type": "integer", "multipleOf": 5}, 10, [], 11),
    ("minLength", {"type": "string", "minLength": 3}, "abcd", ["abc"], "ab"),
    ("minLength", {"type": "string", "minLength": 1}, "ab", ["a"], ""),
    ("maxLength", {"type": "string", "maxLength": 3}, "ab", ["abb"], "abbb"),
    ("pattern", {"type": "string", "pattern": "^a+$"}, "aa", [], "surprise"),
    ("minItems", {"type": "array", "minItems": 2}, [1, 2, 3], [[1, 2]], [1]),
    ("minItems", {"type": "array", "minItems": 1}, [1, 2], [[1]], []),
    ("maxItems", {"type": "array", "items": INTEGER, "maxItems": 3}, [1], [[1, 1, 1], [1, 2, 3]], [1, 1, 1, 1]),
    ("maxItems", {"type": "array", "maxItems": 1, "uniqueItems": True}, [1], [[1]], [1, 2]),
    ("maxItems", {"type": "array", "items": INTEGER, "maxItems": 0}, [], [[]], [0]),
    ("contains", {"type": "array", "items": INTEGER, "minItems": 2, "contains": {"const": 1}}, [1, 2], [], [7, 7]),
    ("uniqueItems", {"type": "array", "uniqueItems": True}, [1, 2], [], [1, 2, 1]),
    ("minProperties", {"type": "object", "minProperties": 2}, {"a": 1, "b": 2, "c": 3}, [{"a": 1, "b": 2}], {"a": 1}),
    ("maxProperties", {"type": "object", "maxProperties": 1}, {}, [{"xa": "x"}], {"xa": "x", "xb": "x"}),
    ("additionalProperties", {"type": "object", "additionalProperties": False}, {}, [], {"x_unknown_member": 7}),
    ("propertyNames", {"type": "object", "propertyNames": {"maxLength": 2}}, {"a": 1}, [], {"a": 1, "surprise": 1}),
    ("required", {"type": "object", "required": ["a"]}, {"a": 1, "b": 2}, [], {"b": 2}),
    ("dependentRequired", {"type": "object", "dependentRequired": {"a": ["b"]}}, {"a": 1, "b": 2}, [], {"a": 1}),
    ("dependentRequired", {"type": "object", "dependentRequired": {"a": ["b"]}}, {"c": 3}, [], {"c": 3, "a": "x"}),
    ("const", {"type": "string", "const": "a"}, "a", [], "surprise"),
    ("const", {"type": "boolean", "const": True}, True, [], False),
    ("const", {"type": "integer", "const": 3}, 3, [], 4),
    ("enum", {"type": "integer", "enum": [1, 3]}, 1, [1, 3], 4),
    ("not", {"type": "integer", "not": {"const": 3}}, 1, [], 3),
    ("not", {"type": "object", "not": {"anyOf": [{"required": ["a"]}]}}, {"b": 1}, [], {"a": "x"}),
    ("type", {"type": ["string", "null"]}, "a", [None], 7),
    ("type", {"type": "integer"}, 3, [], "surprise"),
]


@pytest.mark.parametrize(("name", "schema", "value", "last", "first"), CASES, ids=[case[0] for case in CASES])
def test_at_a_bound_and_just_beyond(name: str, schema: Json, value: Any, last: list[Any], first: Any) -> None:
    contract = small(schema)
    (keyword,) = (each for each in contract.keywords(ROOT) if each.name == name)
    assert [edit.apply(value) for edit in within(contract, keyword, value, ())] == last
    edit = breaking(contract, ROOT, keyword, value, ())
    assert edit is not None
    assert edit.apply(value) == first


def test_what_is_admitted_is_valid_in_the_whole() -> None:
    contract = small({"type": "object", "properties": {"n": {"minimum": 1, "enum": [0, 1, 2]}}})
    (place,) = (each for each in contract.places(ROOT) if each.path == ("n",))
    found = [edit.apply({"n": 2}) for edit in admitted(contract, ROOT, place, {"n": 2}, ("n",))]
    assert found == [{"n": 1}, {"n": 1}, {"n": 2}]


def test_why_nothing_breaks_a_keyword_alone() -> None:
    schema = {"allOf": [{"type": "integer"}, {"type": "integer"}]}
    assert set(unbreakable(small(schema), ROOT).values()) == {"no value is known that breaks it and nothing else"}
    branches: list[Json] = [{"type": "integer", "minimum": 3}, {"type": "array", "maxItems": 2}, {"type": "boolean"}]
    reasons = {at.removeprefix(ROOT): why for at, why in unbreakable(small({"anyOf": branches}), ROOT).items()}
    assert {at: why.partition(":")[0] for at, why in reasons.items()} == {
        f"/anyOf/{index}/type": "it selects a branch" for index in range(3)
    }
