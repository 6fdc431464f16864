"""The probes that a profile states: `x-probes` of the contract, each an edit of the control of an operation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import evolve

from ..contract import Contract, links, pointer
from ..contract.further import everywhere, operations
from ..exchange import Expect, Operation, Probe, chat, encode
from .controls import of_operation, taken


def probes(primary: Contract, view: Contract, control: Probe) -> Iterator[Probe]:
    """Those of the operation that a contract is seen as. Raises ConfigurationError for an entry of another form."""
    for index, entry in enumerate(primary.document.get("x-probes", ())):
        here = pointer("x-probes", index)
        try:
            if _is_of(primary, view, entry):
                yield _probe(primary, view, control, entry)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            what = (
                "expected a probe with name, why, about, request or parameters and, if need be, operation, follows, "
                f"without, expect and says: {error!r}"
            )
            raise primary.error(here, what) from None


def every(contract: Contract, control: Probe) -> Iterator[Probe]:
    """Those of each operation; the model is that of the primary control."""
    yield from probes(contract, contract, control)
    for view in operations(contract):
        yield from probes(contract, view, of_operation(contract, view, chat.model_of(control.request) or ""))


def _is_of(primary: Contract, view: Contract, entry: dict[str, Any]) -> bool:
    here = entry.get("operation", primary.operation_pointer)
    if here not in {each.operation_pointer for each in everywhere(primary)}:
        raise ValueError(f"its operation, {here}, is not one of the contract; give its JSON pointer")
    return bool(here == view.operation_pointer)


def _probe(primary: Contract, view: Contract, control: Probe, entry: dict[str, Any]) -> Probe:
    left = {name: value for name, value in control.request.items() if name not in entry.get("without", ())}
    made = evolve(
        control,
        name=entry["name"],
        why=entry["why"],
        requirement_ids=frozenset(entry["about"]),
        expect=Expect(entry.get("expect", Expect.ACCEPTED)),
        says=entry.get("says"),
    )
    if view.has_body:
        made = evolve(made, body=encode({**left, **entry.get("request", {})}))
    if "parameters" in entry:
        known = {str(name): str(value) for name, value in entry["parameters"].items()}
        kept = tuple(each for each in control.takes if each.name not in known)
        operation = Operation.of(primary, view, known, [each.name for each in kept if each.is_parameter])
        made = evolve(made, operation=operation, takes=kept)
    if "follows" in entry:
        made = evolve(made, takes=taken(links.at(primary, entry["follows"])))
    return made
