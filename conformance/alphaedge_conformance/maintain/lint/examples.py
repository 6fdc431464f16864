"""Every example and every default fits the schema that it stands beside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...contract import Contract, pointer
from .problem import LeftOut, Problem, problem

RULE = "example-fits"


def fitting(contract: Contract) -> Iterator[Problem | LeftOut]:
    """Of media types, parameters and headers, and inside of schemas."""
    for here in contract.pointers():
        part = contract.at(here)
        if not isinstance(part, dict) or _inside_an_example(here):
            continue
        for schema, at, value in _values(part, here):
            yield from _judged(contract, schema, at, value)


def _inside_an_example(here: str) -> bool:
    return not {"example", "examples", "default", "const", "enum", "value", "dataValue"}.isdisjoint(
        here.split("/")[:-1]
    )


def _values(part: dict[str, Any], here: str) -> Iterator[tuple[str, str, Any]]:
    """Each value with the schema that it is an example of."""
    named = part.get("examples")
    if "schema" in part or "itemSchema" in part:
        if "example" in part:
            yield from _of(part, here, f"{here}/example", part["example"])
        for name, example in named.items() if isinstance(named, dict) else ():
            for word in ("value", "dataValue"):
                if isinstance(example, dict) and word in example:
                    yield from _of(part, here, here + pointer("examples", name, word), example[word])
    elif isinstance(named, list):
        yield from ((here, f"{here}/examples/{index}", value) for index, value in enumerate(named))
    if "default" in part and ("type" in part or "enum" in part or "$ref" in part or "anyOf" in part or "oneOf" in part):
        yield here, f"{here}/default", part["default"]


def _of(part: dict[str, Any], here: str, at: str, value: Any) -> Iterator[tuple[str, str, Any]]:
    """A stream is given as the list of its items."""
    if "schema" in part:
        yield f"{here}/schema", at, value
    elif isinstance(value, list):
        yield from ((f"{here}/itemSchema", f"{at}/{index}", item) for index, item in enumerate(value))


def _judged(contract: Contract, schema: str, at: str, value: Any) -> Iterator[Problem]:
    try:
        broken = contract.violations(schema, value)
    except ValueError as error:
        yield problem(contract, RULE, schema, f"{schema} cannot be used as a schema: {error}; correct it")
        return
    for violation in broken:
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in violation.path)
        where = at + pointer(*violation.path)
        text = f"`{at.rpartition('/')[2]}{place}` breaks {violation.pointer}: {violation.message}; correct one of them"
        yield problem(contract, RULE, where, text)
