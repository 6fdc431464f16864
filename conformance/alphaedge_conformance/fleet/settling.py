"""Which change is news: a requirement has a settled status, and only what is seen again and again moves it.

A flip is judged again at once, twice, by its probes alone. Three that agree settle it; where one of them says what was
settled before, or the next run takes it back, the requirement is flaky, and stays it until several runs in a row agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from attrs import frozen

from ..judging.verdicts import Status

AGAIN = 2
"""How often a flip is judged again."""
STEADY = 8
"""Runs in a row that have to agree before a flaky requirement is settled again."""
FIRM = (Status.PASSED, Status.FAILED)
"""Statuses that say something of the target."""


class Settled(StrEnum):
    """What a requirement counts as."""

    PASSED = "passed"
    FAILED = "failed"
    FLAKY = "flaky"


@frozen
class State:
    """What is known of one requirement of one target."""

    settled: Settled | None = None
    """None where it was never judged."""
    firm: Settled | None = None
    """The same, or what it was before it became flaky: to be that again is no change."""
    last: Status | None = None
    """The last status of `FIRM`."""
    streak: int = 0
    """Runs in a row that had it."""
    is_new: bool = False
    """Whether the last of them changed what is settled."""


UNKNOWN = State()


def doubtful(known: Mapping[str, State], statuses: Mapping[str, str]) -> list[str]:
    """The requirements to judge again: those that flip, and, where nothing is known, those that fail."""
    return [id for id, status in statuses.items() if _flips(known.get(id, UNKNOWN).settled, status)]


def _flips(settled: Settled | None, status: str) -> bool:
    if status not in FIRM or settled is Settled.FLAKY:
        return False
    return status == Status.FAILED if settled is None else status != settled


def settle(was: State, status: str, again: Sequence[str]) -> State:
    """What is known after one more run; `again` is what the requirement was when it was judged again."""
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
