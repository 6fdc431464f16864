"""Every part that a person looks up is described."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...contract import METHODS, Contract, pointer
from .problem import LeftOut, Problem, problem

RULE = "described"


def described(contract: Contract) -> Iterator[Problem | LeftOut]:
    """Operations, parameters, bodies, responses, headers, keys, schemas, and members of schemas."""
    for here, what in _parts(contract):
        part = contract.at(here)
        words = part.get("description")
        if words is None and isinstance(part.get("$ref"), str) and contract.has(part["$ref"].removeprefix("#")):
            words = contract.at(contract.resolve(here)).get("description")
        if not (isinstance(words, str) and words.strip()):
            yield problem(contract, RULE, here, f"{what} has no `description`; say what it is for")


def _parts(contract: Contract) -> Iterator[tuple[str, str]]:
    document = contract.document
    yield "/info", "the contract"
    for kind, what in (("securitySchemes", "the key"), ("parameters", "the parameter"), ("responses", "the response")):
        for name in document.get("components", {}).get(kind, {}):
            yield pointer("components", kind, name), f"{what} {name}"
    for name in document.get("components", {}).get("schemas", {}):
        yield pointer("components", "schemas", name), f"the schema {name}"
    for index, tag in enumerate(document.get("tags", ())):
        yield f"/tags/{index}", f"the tag {tag.get('name')}"
    for path, item in document["paths"].items():
        yield from _parameters(item, pointer("paths", path))
        for method in METHODS:
            if method in item:
                yield from _operation(item[method], pointer("paths", path, method), f"{method.upper()} {path}")
    for here in contract.pointers():
        yield from _members(contract, here)


def _operation(operation: dict[str, Any], here: str, name: str) -> Iterator[tuple[str, str]]:
    yield here, f"the operation {name}"
    yield from _parameters(operation, here)
    if "requestBody" in operation:
        yield here + "/requestBody", f"the body of {name}"
    for status, response in operation.get("responses", {}).items():
        at = here + pointer("responses", status)
        yield at, f"the response {status}"
        for header in response.get("headers", {}):
            yield at + pointer("headers", header), f"the header {header} of response {status}"


def _parameters(owner: dict[str, Any], here: str) -> Iterator[tuple[str, str]]:
    for index, parameter in enumerate(owner.get("parameters", ())):
        yield here + pointer("parameters", index), f"the parameter {parameter.get('name', index)}"


def _members(contract: Contract, here: str) -> Iterator[tuple[str, str]]:
    """The members of the schema at a pointer, and a schema that is written in its place in a media type."""
    *around, last = here.split("/") if here else ("",)
    if last == "properties" and isinstance(contract.at(here), dict) and around[-1:] != ["properties"]:
        if not set(around) & {"example", "examples", "value", "x-levels", "x-probes"}:
            for name, schema in contract.at(here).items():
                if isinstance(schema, dict):
                    yield here + pointer(name), f"the member `{name}`"
    elif (last == "itemSchema" or (last == "schema" and "content" in around)) and isinstance(contract.at(here), dict):
        yield here, f"the {last}"
