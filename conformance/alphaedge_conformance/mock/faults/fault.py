"""A way to be wrong, and the requirements that it breaks."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from ...contract.requirements import kebab
from ..app import Mock

Make = Callable[..., Mock]


@frozen
class Fault:
    """One way to be wrong."""

    name: str
    text: str
    make: Make
    """Takes the arguments of `Mock`."""
    breaks: frozenset[str]
    """Every requirement that must fail, and no other may."""
    profile: str | None = None
    """The profile that it is about; without that, nobody notices it."""


BY_HAND: dict[str, Fault] = {}


def fault(*breaks: str, profile: str | None = None) -> Callable[[type[Mock]], type[Mock]]:
    """Registers a class as a fault, under its own name in kebab-case."""

    def register(kind: type[Mock]) -> type[Mock]:
        name = kebab(kind.__name__)
        assert name not in BY_HAND, f"{name} is taken"
        BY_HAND[name] = Fault(name, (kind.__doc__ or "").strip(), kind, frozenset(breaks), profile)
        return kind

    return register
