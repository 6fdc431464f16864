"""What the requests of an archive are, where another program wrote it: probes of the plan, or requests of a program.

Nobody is accused for what the contract says nothing of: a request with members that it does not name shows only that no
answer is a 5xx.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from attrs import evolve

from ..contract import Contract
from ..contract.further import everywhere
from ..exchange import CONTROL, STREAMED_CONTROL, Exchange, Expect, Key, Probe
from ..probes import Plan

NOT_LET_IN = frozenset({401, 402, 403})


def identified(contract: Contract, plan: Plan, exchanges: Iterable[Exchange], is_ours: bool) -> Iterator[Exchange]:
    """Each exchange with the probe that it is the answer to, known by what was sent and not by its name or sentence;
    none of an operation that the contract does not have."""
    operations = {each.name for each in everywhere(contract)}
    sent = _sent_by_us if is_ours else _sent
    known: dict[tuple[object, ...], Probe] = {}
    for each in (each for probe in plan.probes for each in _with_parts(probe)):
        known.setdefault(sent(each), each)  # the control before the same in another form of HTTP
    for exchange in (each for each in exchanges if each.probe.operation_name in operations):
        probe = exchange.probe
        if not is_ours and probe.key is Key.RIGHT and exchange.status in NOT_LET_IN:
            yield exchange  # the key may be wrong, or may not do this: the request says nothing
        elif (planned := known.get(sent(probe))) is not None:
            yield evolve(exchange, probe=evolve(planned, repeated=probe.repeated, alone=probe.alone))
        elif (
            not is_ours and probe.method == "POST" and probe.key is Key.RIGHT and _is_accepted(contract, probe.request)
        ):
            yield evolve(exchange, probe=evolve(probe, expect=Expect.ACCEPTED))
        elif probe.expect is Expect.ACCEPTED and probe.operation is None and _is_invalid(contract, probe.request):
            yield evolve(exchange, probe=evolve(probe, expect=Expect.EITHER))  # written for another contract
        else:
            yield exchange


def _with_parts(probe: Probe) -> Iterator[Probe]:
    """A probe and all that it stands for."""
    yield probe
    for part in probe.parts:
        yield from _with_parts(part)


def controls(exchanges: Iterable[Exchange]) -> frozenset[str | None]:
    """The controls that an accepted request stands for: what it was sent with is known to be served."""
    of_primary = [each for each in exchanges if each.probe.operation is None]
    accepted = [each.probe.streams for each in of_primary if each.accepted and each.probe.expect is Expect.ACCEPTED]
    return frozenset(STREAMED_CONTROL if streams else CONTROL for streams in accepted)


def _sent_by_us(probe: Probe) -> tuple[object, ...]:
    return probe.sent


def _sent(probe: Probe) -> tuple[object, ...]:
    """What tells a request from others; JSON may be written with other white space, as by a browser."""
    media_type = (probe.media_type or "").partition(";")[0].strip().lower()
    body = json.dumps(probe.request) if probe.request else probe.body or b""
    return probe.operation, probe.method, body, media_type if probe.body else "", probe.key, probe.series, probe.turn


def _is_accepted(contract: Contract, request: Any) -> bool:
    schema = contract.request_schema
    return bool(request) and not contract.violations(schema, request) and _names_known(contract, schema, request)


def _is_invalid(contract: Contract, request: Any) -> bool:
    return bool(contract.violations(contract.request_schema, request))


def _names_known(contract: Contract, pointer: str, value: Any) -> bool:
    """Whether every member at any depth is one that the contract names."""
    here = contract.resolve(pointer)
    schema = contract.at(here)
    if isinstance(value, list) and "items" in schema:
        return all(_names_known(contract, f"{here}/items", item) for item in value)
    if isinstance(value, dict):
        named = schema.get("properties", {})
        return all(
            name in named and _names_known(contract, f"{here}/properties/{name}", each) for name, each in value.items()
        )
    return True
