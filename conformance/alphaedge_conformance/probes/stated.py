"""The probes that a profile states: `x-probes` of the contract, each an edit of the control."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import evolve

from ..contract import Contract, pointer
from ..exchange import Expect, Probe, encode


def probes(contract: Contract, control: Probe) -> Iterator[Probe]:
    """Raises ConfigurationError for an entry of another form."""
    for index, entry in enumerate(contract.document.get("x-probes", ())):
        here = pointer("x-probes", index)
        try:
            yield _probe(control, entry)
        except (KeyError, TypeError, ValueError) as error:
            what = (
                f"expected a probe with name, why, about, request and, if need be, without, expect and says: {error!r}"
            )
            raise contract.error(here, what) from None


def _probe(control: Probe, entry: dict[str, Any]) -> Probe:
    left = {name: value for name, value in control.request.items() if name not in entry.get("without", ())}
    return evolve(
        control,
        name=entry["name"],
        why=entry["why"],
        body=encode({**left, **entry["request"]}),
        requirement_ids=frozenset(entry["about"]),
        expect=Expect(entry.get("expect", Expect.ACCEPTED)),
        says=entry.get("says"),
    )
