"""What must hold: each check judges exchanges against one requirement.

A check asks for views of an exchange (`alphaedge_conformance.evidence`) by the names of its arguments, and asserts::

    @check("usage.total-is-the-sum")
    def total_is_the_sum(usage):
        assert ...

It is called once for each exchange that shows all of them. One that asks for `all_shown` is called once, with every
exchange of the run, and yields those that break it, each with a message; only those that the requirement is judged on
count.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from importlib import import_module
from typing import Any, TypeVar

from attrs import frozen

from ..contract import Contract
from ..evidence import Evidence, Unseen
from ..exchange import Exchange, Kind
from ..requirements import Requirement

Function = TypeVar("Function", bound=Callable[..., Any])

MODULES = ("authorization", "completion", "endpoint", "errors", "requests", "stream", "usage")


@frozen
class Check:
    """A function that asserts one requirement, and the views that it asks for."""

    function: Callable[..., Any]
    kinds: frozenset[Kind]
    """The kinds of probes whose answers it can judge."""

    @cached_property
    def views(self) -> tuple[str, ...]:
        return tuple(inspect.signature(self.function).parameters)

    @property
    def compares(self) -> bool:
        """Whether it needs all exchanges at once."""
        return self.views == ("all_shown",)

    def __call__(self, shown: Iterable[Evidence]) -> Iterator[tuple[Exchange, str | None]]:
        """Each exchange that was judged, with what is wrong with it, or None. An exchange that does not show what the
        check asks for is left out."""
        if self.compares:
            judged = {each.exchange.number: (each.exchange, None) for each in shown if _answered(each)}
            broken = {each.exchange.number: (each.exchange, message) for each, message in self.function(shown)}
            yield from (judged | broken).values()
            return
        for evidence in shown:
            try:
                self.function(**{view: getattr(evidence, view) for view in self.views})
            except Unseen:
                continue
            except AssertionError as wrong:
                yield evidence.exchange, str(wrong)
            else:
                yield evidence.exchange, None


def _answered(evidence: Evidence) -> bool:
    try:
        return evidence.accepted is not None
    except Unseen:
        return False


ACCEPTED = frozenset({Kind.PLAIN, Kind.STREAMED})
ALL = frozenset(Kind)
VIEWS: dict[str, frozenset[Kind]] = {
    **dict.fromkeys(("answer", "key", "request"), ALL),
    **dict.fromkeys(("evidence", "all_shown", "accepted", "usage"), ACCEPTED),
    **dict.fromkeys(("plain", "completion", "choices"), frozenset({Kind.PLAIN})),
    **dict.fromkeys(("streamed", "events", "data", "chunks"), frozenset({Kind.STREAMED})),
    **dict.fromkeys(("refusal", "error", "error_body"), frozenset({Kind.REFUSED})),
}
"""The views that a check may ask for, each with the kinds of probes that can show it."""

_STATED: dict[str, Check] = {}


def check(id: str) -> Callable[[Function], Function]:
    """Registers the check of a requirement."""

    def register(function: Function) -> Function:
        assert id not in _STATED, f"{id} has two checks"
        views = inspect.signature(function).parameters
        _STATED[id] = Check(function, frozenset.intersection(*(VIEWS[view] for view in views)))
        return function

    return register


def stated() -> dict[str, Check]:
    """The checks of the requirements that are no keyword, by requirement id."""
    for module in MODULES:
        import_module(f"{__name__}.{module}")
    return _STATED


def checks_for(contract: Contract, requirements: dict[str, Requirement]) -> dict[str, Check]:
    """The check of each requirement; raises ConfigurationError for a requirement without one."""
    from . import keywords

    found = {}
    for requirement in requirements.values():
        if requirement.kind != "stated":
            found[requirement.id] = Check(keywords.check_of(requirement), keywords.kinds_of(contract, requirement))
        elif requirement.id in stated():
            found[requirement.id] = stated()[requirement.id]
        else:
            raise contract.error(
                requirement.pointer, f"{requirement.id} has no check; add one to alphaedge_conformance/checks"
            )
    return found
