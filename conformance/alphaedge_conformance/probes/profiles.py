"""What of the probes for profiles a run below thorough effort sends: one refusal for each member that a profile adds,
beyond a bound and not of another type.

Every value that must be accepted stays, since many go into one request; so does what a profile states by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..contract import Contract, pointer
from ..contract.requirements import Requirement
from ..exchange import Expect, Probe


def most_telling(
    contract: Contract, requirements: Mapping[str, Requirement], control: Probe, probes: Iterable[Probe]
) -> Iterator[Probe]:
    """The probes without the later refusals of profiles, and without controls that only these differ from."""
    kept, seen = [], set[str]()
    for probe in probes:
        added = _added(contract, control, probe)
        if probe.expect is Expect.ACCEPTED or not (added or _is_about_profiles(requirements, probe)):
            kept.append(probe)
        elif len(added) == 1 and not added & seen and _is_beyond_a_bound(requirements, probe):
            kept.append(probe)
            seen |= added
    needed = {probe.differs_from for probe in kept}
    yield from (probe for probe in kept if probe.requirement_ids or probe.name in needed or not probe.differs_from)


def _added(contract: Contract, control: Probe, probe: Probe) -> set[str]:
    """The members of a request that the control lacks and a profile brought."""
    request = contract.resolve(contract.request_schema)
    new = probe.request.keys() - control.request.keys()
    return {name for name in new if contract.profile_of(request + pointer("properties", name)) is not None}


def _is_beyond_a_bound(requirements: Mapping[str, Requirement], probe: Probe) -> bool:
    """Of an edit of the control itself."""
    about = [requirements[id] for id in probe.requirement_ids]
    is_of_type = any(each.kind != "refused" or each.pointer.endswith("/type") for each in about)
    return probe.expect is Expect.REFUSED and probe.differs_from is None and not is_of_type


def _is_about_profiles(requirements: Mapping[str, Requirement], probe: Probe) -> bool:
    about = [requirements[id] for id in probe.requirement_ids if id in requirements]
    return bool(about) and all(each.profile is not None for each in about)
