"""Ways to be wrong, each with the complete set of requirements that it breaks."""

from __future__ import annotations

from ...contract import Contract
from . import answers, derived, keys, refusals, requests, state, streams
from .fault import BY_HAND, Fault

__all__ = ["BY_HAND", "MODULES", "Fault", "all_faults"]
MODULES = (answers, keys, refusals, requests, state, streams)
"""Each registers its faults in BY_HAND when it is imported."""


def all_faults(contract: Contract) -> dict[str, Fault]:
    """Those written by hand, and one for each keyword of the contract."""
    return {**BY_HAND, **{made.name: made for made in derived.faults(contract)}}
