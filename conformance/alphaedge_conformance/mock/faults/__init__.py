"""Ways to be wrong, each with the complete set of requirements that it breaks."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from attrs import frozen

from ...contract import Contract
from ...requirements import kebab
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


_BY_HAND: dict[str, Fault] = {}


def fault(*breaks: str) -> Callable[[type[Mock]], type[Mock]]:
    """Registers a class as a fault, under its own name in kebab-case."""

    def register(kind: type[Mock]) -> type[Mock]:
        name = kebab(kind.__name__)
        assert name not in _BY_HAND, f"{name} is taken"
        _BY_HAND[name] = Fault(name, (kind.__doc__ or "").strip(), kind, frozenset(breaks))
        return kind

    return register


@cache
def by_hand() -> dict[str, Fault]:
    from . import answers, refusals, streams  # noqa: F401  they register themselves

    return _BY_HAND


def all_faults(contract: Contract) -> dict[str, Fault]:
    """Those written by hand, and one for each keyword of the contract."""
    from . import derived

    return {**by_hand(), **{made.name: made for made in derived.faults(contract)}}
