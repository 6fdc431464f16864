"""Decides which changes to report: a requirement has a settled status, which only repeated results change.

A status that differs from the settled one is judged again at once, twice, with only its own probes. If all three agree,
it is settled. If one of them is the old status, or the next run reverts it, the requirement is flaky, and stays flaky
until several runs in a row agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from attrs import frozen

from ..judging.verdicts import Status

AGAIN = 2
"""How often a requirement whose status differs is judged again."""
STEADY = 8
"""Consecutive runs that have to agree before a flaky requirement is settled again."""
FIRM = (Status.PASSED, Status.FAILED)
"""Statuses that are a verdict on the target."""


class Settled(StrEnum):
    """The settled status of a requirement."""

    PASSED = "passed"
    FAILED = "failed"
    FLAKY = "flaky"


@frozen
class State:
    """What the history knows of one requirement of one target."""

    settled: Settled | None = None
    """None if it was never judged."""
    firm: Settled | None = None
    """The last settled status other than flaky. When a flaky requirement settles on it again, that is not a change."""
    last: Status | None = None
    """The last status that was one of `FIRM`."""
    streak: int = 0
    """Consecutive runs that ended with it."""
    is_new: bool = False
    """Whether the last run changed the settled status."""


UNKNOWN = State()


def doubtful(known: Mapping[str, State], statuses: Mapping[str, str]) -> list[str]:
    """The requirements to judge again: those whose status differs from the settled one, and new ones that fail."""
    return [id for id, status in statuses.items() if _flips(known.get(id, UNKNOWN).settled, status)]


def _flips(settled: Settled | None, status: str) -> bool:
    if status not in FIRM or settled is Settled.FLAKY:
        return False
    return status == Status.FAILED if settled is None else status != settled


def settle(was: State, status: str, again: Sequence[str]) -> State:
    """The state after one more run; `again` are the statuses of the requirement when it was judged again."""
    if status not in FIRM:
        return was
    now = Status(status)
    streak = was.streak + 1 if now is was.last else 1
    settled = _settled(was, now, again, streak)
    if settled is Settled.FLAKY:
        return State(settled, was.firm, now, streak)
    return State(settled, settled, now, streak, is_new=was.firm is not None and settled is not was.firm)


def _settled(was: State, now: Status, again: Iterable[str], streak: int) -> Settled | None:
    if was.settled is Settled.FLAKY:
        return Settled(now) if streak >= STEADY else was.settled
    if not _flips(was.settled, now):
        return Settled(now)
    seen = {now, *again}
    if seen == {now}:
        return Settled.FLAKY if was.is_new else Settled(now)
    return Settled.FLAKY if seen >= set(FIRM) else was.settled
