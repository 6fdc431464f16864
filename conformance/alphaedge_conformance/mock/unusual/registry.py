"""The unusual servers by name."""

from __future__ import annotations

from collections.abc import Callable

from ...contract import Contract
from ...contract.requirements import kebab
from ..app import Mock

UNUSUAL: dict[str, type[Mock]] = {}
OF_PROFILES: dict[str, tuple[str, type[Mock]]] = {}
"""Those that are unusual in what a profile describes, each with the profile."""


def unusual(kind: type[Mock]) -> type[Mock]:
    """Registers a class under its own name in kebab-case."""
    UNUSUAL[kebab(kind.__name__)] = kind
    return kind


def unusual_in(profile: str) -> Callable[[type[Mock]], type[Mock]]:
    """The same for a profile."""

    def register(kind: type[Mock]) -> type[Mock]:
        OF_PROFILES[kebab(kind.__name__)] = (profile, kind)
        return kind

    return register


def unusual_servers(contract: Contract) -> dict[str, type[Mock]]:
    """Those of the contract, and of its profiles."""
    return UNUSUAL | {name: kind for name, (profile, kind) in OF_PROFILES.items() if profile in contract.profiles}
