"""The unusual servers by name."""

from __future__ import annotations

from ...contract.requirements import kebab
from ..app import Mock

UNUSUAL: dict[str, type[Mock]] = {}


def unusual(kind: type[Mock]) -> type[Mock]:
    """Registers a class under its own name in kebab-case."""
    UNUSUAL[kebab(kind.__name__)] = kind
    return kind
