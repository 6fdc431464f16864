"""Probes of another operation than the primary one: what its schemas alone give occasion to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import evolve

from ..contract import Contract
from ..contract.requirements import Requirement
from ..exchange import Effort, Expect, Key, Probe
from . import boundaries, lenient, packing, stated
from .controls import of_operation


def probes(
    primary: Contract, view: Contract, requirements: Mapping[str, Requirement], model: str, effort: Effort
) -> Iterator[Probe]:
    """The control first, then a request without a key, and those that are one edit away from the control or from the
    smallest request that has a place."""
    own = {id: each for id, each in requirements.items() if each.operation == view.name}
    shown = frozenset(id for id, each in own.items() if each.kind == "status")
    control = evolve(of_operation(primary, view, model), requirement_ids=shown)
    found = [control]
    keys = frozenset(id for id, each in own.items() if each.kind == "key")
    if keys:
        why = "The same without a key."
        expect = Expect.REFUSED
        found.append(evolve(control, name="no key", why=why, key=Key.ABSENT, requirement_ids=keys, expect=expect))
    found += stated.probes(primary, view, control)
    if view.has_body:
        found += boundaries.probes(view, own, control, ())
        found += lenient.probes(view, own, control)
    found = packing.unique(found, own, effort)
    for probe in found if effort is Effort.THOROUGH else _packed(view, control, own, found):
        yield probe if probe is found[0] else _named(str(view.name), probe)


def _named(operation: str, probe: Probe) -> Probe:
    """With the operation in its name, so that no other operation has a probe of the same."""
    other = None if probe.differs_from is None else f"{operation}: {probe.differs_from}"
    parts = tuple(_named(operation, part) for part in probe.parts)
    return evolve(probe, name=f"{operation}: {probe.name}", differs_from=other, parts=parts)


def _packed(view: Contract, control: Probe, own: Mapping[str, Requirement], probes: list[Probe]) -> Iterator[Probe]:
    """The same, with the values that must be accepted, and that nothing differs from, put together."""
    values = frozenset(id for id, each in own.items() if each.kind == "accepted")
    controls = {probe.differs_from for probe in probes}
    together = [
        probe
        for probe in probes
        if probe.requirement_ids and probe.requirement_ids <= values and probe.name not in controls
    ]
    packed = list(packing.packed(view, control, together))
    yield from (probe for probe in probes if probe not in set(together))
    yield from packed
