"""Ways to be wrong, each with the complete set of requirements that it breaks."""

from __future__ import annotations

from ...contract import Contract
from . import answers, derived, keys, profiles, refusals, requests, state, streams
from .fault import BY_HAND, Fault

__all__ = ["BY_HAND", "MODULES", "Fault", "all_faults"]
MODULES = (answers, keys, profiles, refusals, requests, state, streams)
"""Each registers its faults in BY_HAND when it is imported."""


def all_faults(contract: Contract) -> dict[str, Fault]:
    """Those written by hand, of the contract and of its profiles, and one for each keyword."""
    by_hand = {name: each for name, each in BY_HAND.items() if each.profile in (None, *contract.profiles)}
    return {**by_hand, **{made.name: made for made in derived.faults(contract)}}
