"""Puts several values that must be accepted into one request: where it is accepted, all of them are proven."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from attrs import define, evolve, field

from ..contract import Contract
from ..contract.edits import ABSENT, Edit
from ..exchange import Effort, Probe, encode
from ..exchange.strict_json import Json
from .boundaries import difference

WHY = "Several documented values at once; where they are refused, each is sent alone."


@define
class _Pack:
    request: Json
    edits: list[Edit] = field(factory=list)
    parts: list[Probe] = field(factory=list)

    def has_room_for(self, edits: Iterable[Edit]) -> bool:
        return not any(_overlap(own, edit) for own in self.edits for edit in edits)


def unique(probes: Iterable[Probe], requirements: Collection[str], effort: Effort) -> list[Probe]:
    """The probes of an effort, of the same request one, for all that it is sent for."""
    found: dict[tuple[object, ...], Probe] = {}
    names: dict[str, str] = {}
    for probe in probes:
        if probe.effort.rank <= max(effort, Effort.STANDARD, key=lambda each: each.rank).rank:
            known = found.setdefault(probe.sent, probe)
            ids = (known.requirement_ids | probe.requirement_ids).intersection(requirements)
            found[probe.sent] = evolve(known, requirement_ids=ids)
            names.setdefault(probe.name, known.name)
    return [
        probe if probe.differs_from is None else evolve(probe, differs_from=names[probe.differs_from])
        for probe in found.values()
    ]


def packed(contract: Contract, control: Probe, probes: Iterable[Probe]) -> Iterator[Probe]:
    """The fewest requests, each valid, that hold what these differ from the control in."""
    packs: list[_Pack] = []
    for probe in probes:
        edits = list(difference(control.request, probe.request))
        if not probe.request or any(edit.value is ABSENT for edit in edits):
            yield probe
            continue
        for pack in packs:
            request = pack.request
            if pack.has_room_for(edits):
                for edit in edits:
                    request = edit.apply(request)
                if not contract.violations(contract.request_schema, request):
                    pack.request = request
                    break
        else:
            packs.append(pack := _Pack(probe.request))
        pack.edits += edits
        pack.parts.append(probe)
    for pack in packs:
        yield pack.parts[0] if len(pack.parts) == 1 else _probe(control, pack)


def _probe(control: Probe, pack: _Pack) -> Probe:
    return evolve(
        control,
        name=" + ".join(part.name.removesuffix(", streamed") for part in pack.parts)
        + (", streamed" if control.streams else ""),
        why=WHY,
        body=encode(pack.request),
        requirement_ids=frozenset(id for part in pack.parts for id in part.requirement_ids),
        parts=tuple(pack.parts),
    )


def _overlap(one: Edit, other: Edit) -> bool:
    """Whether two edits cannot be made both."""
    shorter = min(len(one.path), len(other.path))
    return one.path[:shorter] == other.path[:shorter]
