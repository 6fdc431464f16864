"""What must hold: each check judges exchanges against one requirement.

A check asks for views of an exchange (`alphaedge_conformance.evidence`) by the names of its arguments, and asserts::

    @check("usage.total-is-the-sum")
    def total_is_the_sum(usage):
        assert ...

The message of the assertion is text, or a `Deviation`, which also says where.
It is called once for each exchange that shows all of them. One that asks for `all_shown` is called once, with every
exchange of the run, and yields each that it judged, with None or with what is wrong; nothing judged is never passed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any, TypeVar

from attrs import frozen

from ...exchange import Exchange, Kind
from ..evidence import Evidence, Unseen, kinds_of_view
from ..places import Deviation, KitError

Function = TypeVar("Function", bound=Callable[..., Any])


Judged = tuple[Exchange | None, Deviation | KitError | None]
"""An exchange, and what is wrong with it, if anything; without one, a mistake in the comparison of several."""


@frozen
class Check:
    """A function that asserts one requirement, and the views that it asks for."""

    function: Callable[..., Any]
    kinds: frozenset[Kind]
    """The kinds of probes whose answers it can judge."""
    unless: str | None = None
    """Why the requirement does not apply to a server that is asked, answers, and never shows what it is about."""

    @cached_property
    def views(self) -> tuple[str, ...]:
        return tuple(inspect.signature(self.function).parameters)

    @property
    def compares(self) -> bool:
        """Whether it needs all exchanges at once."""
        return self.views == ("all_shown",)

    def __call__(self, shown: Iterable[Evidence]) -> Iterator[Judged]:
        """Each exchange that was judged, once, with what is wrong with it, or None. An exchange that does not show what
        the check asks for is left out. Whatever else a check raises is a mistake of its own, and ends nothing."""
        if self.compares:
            yield from self._compared(shown)
            return
        for evidence in shown:
            try:
                self.function(**{view: getattr(evidence, view) for view in self.views})
            except Unseen:
                continue
            except AssertionError as wrong:
                yield evidence.exchange, Deviation.of(wrong.args[0] if wrong.args else "")
            except Exception as error:
                yield evidence.exchange, KitError.of(error)
            else:
                yield evidence.exchange, None

    def _compared(self, shown: Iterable[Evidence]) -> Iterator[Judged]:
        judged: dict[int, Judged] = {}
        try:
            for evidence, message in self.function(shown):
                number = evidence.exchange.number
                if message is not None:
                    judged[number] = evidence.exchange, Deviation.of(message)
                judged.setdefault(number, (evidence.exchange, None))
        except Exception as error:
            yield None, KitError.of(error)
        yield from judged.values()


STATED: dict[str, Check] = {}


def check(id: str, unless: str | None = None) -> Callable[[Function], Function]:
    """Registers the check of a requirement. `unless` says what a conforming server may leave out: where no accepted
    answer has it, the requirement does not apply."""

    def register(function: Function) -> Function:
        assert id not in STATED, f"{id} has two checks"
        views = inspect.signature(function).parameters
        STATED[id] = Check(function, frozenset.intersection(*(kinds_of_view(view) for view in views)), unless)
        return function

    return register
