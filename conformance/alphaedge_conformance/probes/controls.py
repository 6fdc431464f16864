"""The control of another operation than the primary one: what every other probe of it differs from."""

from __future__ import annotations

from typing import Any

from ..contract import Contract, links
from ..exchange import CONTROL, Operation, Probe, chat, encode
from ..exchange.probe import Taken


def of_operation(primary: Contract, view: Contract, model: str) -> Probe:
    """The contract's own example, or the smallest valid request; for this model, where the contract names none. What a
    link has for its address is taken from that answer."""
    known, link = chat.named_model(model), links.to_parameters(primary, view)
    takes = () if link is None else taken(link)
    operation = Operation.of(primary, view, known, [each.name for each in takes if each.is_parameter])
    body: Any = view.example_request
    if view.proposed is not None and isinstance(body, dict) and not known.keys() - body.keys():
        body = asked if view.is_valid(view.request_schema, asked := {**body, **known}) else body
    return Probe(
        operation.control,
        f"A valid request of {view.method} {view.path}.",
        encode(body) if view.has_body else None,
        method=view.method,
        media_type="application/json" if view.has_body else None,
        operation=operation,
        takes=takes,
    )


def taken(link: links.Link) -> tuple[Taken, ...]:
    """The values that a link has for a request."""
    source = CONTROL if link.source is None else Operation.control_of(link.source)
    parameters = [Taken(each.name, source, each.at, each.types, is_parameter=True) for each in link.parameters]
    return (*parameters, *(Taken(each.name, source, each.at, each.types) for each in link.members))
