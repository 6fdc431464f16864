"""The links of a contract: where an answer has what another request needs, as OpenAPI's Link Objects say it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import frozen

from .document import pointer
from .further import everywhere, named
from .validation import Contract

BODY = "$response.body#"
"""Before a JSON pointer into the answer: the runtime expression that the kit knows."""


@frozen
class Value:
    """One value of an answer that a request takes."""

    name: str
    """Of the parameter of the address, or of the member of the body."""
    at: str
    """Where it stands in the JSON of the answer, as a JSON pointer."""
    types: tuple[str, ...]
    """The types that the request admits there; none is any."""


@frozen
class Link:
    """What a request of one operation takes from the answer to the control of another, or of the same."""

    pointer: str
    """Of the link in the contract."""
    source: str | None
    """The operationId of the operation whose answer it is; None for the primary one."""
    target: str | None
    """The same, of the operation whose request it is."""
    parameters: tuple[Value, ...] = ()
    """Of the address."""
    members: tuple[Value, ...] = ()
    """Of the body."""


def links(contract: Contract) -> Iterator[Link]:
    """Every link, in the order of the file. Raises ConfigurationError for one that cannot be followed."""
    names = {view.operation.get("operationId"): view.name for view in everywhere(contract)}
    for view in everywhere(contract):
        answer = view.resolve(f"{view.operation_pointer}/responses/{view.success}")
        for name in view.at(answer).get("links", ()):
            here = view.resolve(answer + pointer("links", name))
            yield _link(contract, here, view.name, names)


def to_parameters(contract: Contract, view: Contract) -> Link | None:
    """The first link that has a parameter of an operation's address."""
    return next((each for each in links(contract) if each.target == view.name and each.parameters), None)


def at(contract: Contract, here: str) -> Link:
    """The link at a pointer. Raises KeyError where there is none."""
    found = {each.pointer: each for each in links(contract)}
    return found[contract.resolve(here)]


def _link(contract: Contract, here: str, source: str | None, names: dict[Any, str | None]) -> Link:
    entry = contract.at(here)
    if entry.get("operationId") not in names:
        message = f"expected the operationId of an operation of this contract, found {entry.get('operationId')!r}"
        raise contract.error(here, message)
    view = named(contract, names[entry["operationId"]])
    parameters = {view.at(each)["name"]: f"{each}/schema" for each in view.parameters}
    members = {}
    if view.has_body:
        above = view.resolve(view.request_schema) + "/properties"
        members = {name: above + pointer(name) for name in (view.at(above) if view.has(above) else ())}
    return Link(
        here,
        source,
        view.name,
        _values(view, f"{here}/parameters", parameters),
        _values(view, f"{here}/requestBody", members),
    )


def _values(contract: Contract, here: str, known: dict[str, str]) -> tuple[Value, ...]:
    """Those of a map of runtime expressions by the names of parts, whose schemas are known."""
    found = contract.at(here) if contract.has(here) else {}
    is_map = isinstance(found, dict)
    if not is_map or not all(isinstance(each, str) and each.startswith(BODY) for each in found.values()):
        raise contract.error(
            here, f"expected names with runtime expressions such as {BODY}/data/0/id; no other is known"
        )
    for name in found.keys() - known.keys():
        raise contract.error(here, f"{contract.operation['operationId']} has no {name!r}; correct the name")
    return tuple(Value(name, each.removeprefix(BODY), _types(contract, known[name])) for name, each in found.items())


def _types(contract: Contract, here: str) -> tuple[str, ...]:
    """The types that a schema names."""
    found = contract.at(contract.resolve(here)).get("type", ()) if contract.has(here) else ()
    return (found,) if isinstance(found, str) else tuple(found)
