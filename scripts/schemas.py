"""Writes report.schema.json and comparison.schema.json from the types of the documents that they describe.

A member's type gives its schema: a mapping in `Annotated` adds keywords, an enum there lists the values. The text below
a member describes it; where there is none, that of its type does.
"""

from __future__ import annotations

import ast
import inspect
import json
import typing
from enum import EnumMeta
from pathlib import Path
from types import NoneType, UnionType
from typing import Any

from alphaedge_conformance.report import comparison, document, latency

FOLDER = Path(document.__file__).parent
ROOTS = {"report": document.Report, "comparison": comparison.Comparison}
TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", NoneType: "null"}
Schema = dict[str, Any]


def main() -> None:
    for name in ROOTS:
        (FOLDER / f"{name}.schema.json").write_text(text(name), "utf-8")


def text(name: str) -> str:
    """A whole schema file."""
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:alphaedge:{name}:{document.FORMAT}",
        "title": f"{name}.json",
    }
    return json.dumps(head | schema(ROOTS[name]), indent=2, ensure_ascii=False) + "\n"


def schema(kind: Any) -> Schema:
    """The JSON Schema of a type. Raises TypeError for one that JSON does not have."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if typing.is_typeddict(kind):
        return _object(kind)
    if origin is typing.Annotated:
        found = schema(arguments[0])
        for more in arguments[1:]:
            found |= _enum(more, found) if isinstance(more, EnumMeta) else more
        return found
    if origin is typing.NotRequired:
        return schema(arguments[0])
    if origin is UnionType:
        return _either([schema(each) for each in arguments])
    if origin is list:
        return {"type": "array", "items": schema(arguments[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": schema(arguments[1])}
    if kind in TYPES:
        return {"type": TYPES[kind]}
    raise TypeError(f"{kind} has no JSON Schema; use a TypedDict, a list, a dict or a plain type")


def _enum(kind: EnumMeta, found: Schema) -> Schema:
    return {"enum": [*kind.__members__.values(), *([None] if "null" in found["type"] else [])]}


def _object(kind: Any) -> Schema:
    described, members = _docstrings(kind), typing.get_type_hints(kind, include_extras=True)
    properties = {
        name: schema(each) | ({"description": described[name]} if name in described else {})
        for name, each in members.items()
    }
    return {
        **({"description": _one_line(kind.__doc__)} if kind.__doc__ else {}),
        "type": "object",
        "required": [name for name, each in members.items() if typing.get_origin(each) is not typing.NotRequired],
        "properties": properties,
    }


def _either(schemas: list[Schema]) -> Schema:
    """Of types that differ in `type` alone, or one of which is null."""
    types = [each["type"] for each in schemas]
    merged = {word: value for each in schemas for word, value in each.items()}
    return merged | {"type": types}


def _docstrings(kind: Any) -> dict[str, str]:
    """The texts below the members of a TypedDict and of those that it extends."""
    classes = {
        node.name: node
        for module in (document, comparison, latency)
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.ClassDef)
    }
    own = classes[kind.__name__]
    found: dict[str, str] = {}
    for base in own.bases:
        if isinstance(base, ast.Name) and base.id in classes:
            found |= _texts(classes[base.id])
    return found | _texts(own)


def _texts(of: ast.ClassDef) -> dict[str, str]:
    return {
        member.target.id: _one_line(below.value.value)
        for member, below in zip(of.body, of.body[1:], strict=False)
        if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name)
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str)
    }


def _one_line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    main()
