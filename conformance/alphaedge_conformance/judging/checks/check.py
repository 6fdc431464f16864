"""What must hold: each check judges exchanges against one requirement.

A check asks for views of an exchange (`alphaedge_conformance.evidence`) by the names of its arguments, and asserts::

    @check("usage.total-is-the-sum")
    def total_is_the_sum(usage):
        assert ...

The message of the assertion is text, or a `Deviation`, which also says where.
It is called once for each exchange that shows all of them. One that asks for `all_shown` is called once, with every
exchange of the run, and yields each one that it judged once: with a message if it breaks the requirement, with None if
not; only those that the requirement is judged on count.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any, TypeVar

from attrs import frozen

from ...exchange import Exchange, ExpectedAnswer
from ..evidence import Evidence, Unseen, kinds_of_view
from ..places import Deviation

Function = TypeVar("Function", bound=Callable[..., Any])


@frozen
class Check:
    """A function that asserts one requirement, and the views that it asks for."""

    function: Callable[..., Any]
    kinds: frozenset[ExpectedAnswer]
    """The kinds of probes whose answers it can judge."""
    profile: str | None = None
    """The profile that its requirement comes from."""
    of_each_event: bool = False
    """Whether the beginning of a stream shows what is wrong in it, whatever comes later."""

    @cached_property
    def views(self) -> tuple[str, ...]:
        return tuple(inspect.signature(self.function).parameters)

    @property
    def compares(self) -> bool:
        """Whether it needs all exchanges at once."""
        return self.views == ("all_shown",)

    def __call__(self, all_evidence: Iterable[Evidence]) -> Iterator[tuple[Exchange, Deviation | None]]:
        """Each exchange that was judged, with what is wrong with it, or None. An exchange that does not show what the
        check asks for is left out."""
        if self.compares:
            for evidence, message in self.function(all_evidence):
                yield evidence.exchange, None if message is None else Deviation.of(message)
            return
        for evidence in all_evidence:
            try:
                self.function(**{view: getattr(evidence, view) for view in self.views})
            except Unseen:
                continue
            except AssertionError as wrong:
                yield evidence.exchange, Deviation.of(wrong.args[0] if wrong.args else "")
            else:
                yield evidence.exchange, None


STATED: dict[str, Check] = {}


def check(id: str, profile: str | None = None, of_each_event: bool = False) -> Callable[[Function], Function]:
    """Registers the check of a requirement, of the contract or of a profile."""

    def register(function: Function) -> Function:
        assert id not in STATED, f"{id} has two checks"
        views = inspect.signature(function).parameters
        kinds = frozenset.intersection(*(kinds_of_view(view) for view in views))
        STATED[id] = Check(function, kinds, profile, of_each_event)
        return function

    return register
