"""Hands targets out to workers, and records the outcomes; all state that outlives the run is in the history."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from math import ceil

from attrs import define, field, frozen

from ..judging.verdicts import Conclusion
from ..run.targets import Entry
from .history import History, Last
from .lanes import Lane
from .outcome import Outcome
from .work import Task, Unit, now, unjudged, work
from .workers import Workers

WIDTH = 16
"""Targets that a worker judges at a time."""
ATTEMPTS = 3
"""How often a target is tried whose worker dies. It is retried alone, so that no other target is lost with it."""
PAUSE = 0.2
"""Seconds between two checks whether the run was stopped."""
Work = Callable[[Task, Sequence[Unit]], list[Outcome]]
Listener = Callable[[Sequence[Outcome]], object]


@frozen
class Waiting:
    """A target that is to be judged."""

    lane: Lane
    entry: Entry
    deaths: int = 0
    """Workers that died while they judged it, alone or among others."""


@define
class Coordinator:
    """One run of a fleet. A lane has one target under way at a time."""

    task: Task
    history: History
    workers: Workers
    on_record: Listener = lambda outcomes: None
    """Called with what was written."""
    work: Work = work
    width: int = WIDTH
    stopped: str | None = None
    _waiting: dict[str, deque[Waiting]] = field(factory=dict, init=False)
    """By lane."""
    _last: dict[str, Last] = field(factory=dict, init=False)
    _under_way: dict[Future[list[Outcome]], list[Waiting]] = field(factory=dict, init=False)

    def stop(self, why: str) -> None:
        """Ends the run soon; may be called by a signal handler."""
        self.stopped = why

    def run(self, lanes: Sequence[Lane]) -> None:
        """Judges every target that the history does not have yet in this run, and writes the end of the run."""
        self._last, done = self.history.last(), self.history.judged(self.task.run)
        for lane in lanes:
            self._waiting[lane.name] = deque(Waiting(lane, each) for each in lane.entries if each.name not in done)
        executor = self.workers.start()
        try:
            while self.stopped is None:
                if not self._hand_out(executor) or self._collect():
                    executor = self._begin_again(executor)
                if not self._under_way and not any(self._waiting.values()):
                    self.history.end(self.task.run)
                    return
        finally:
            self.workers.stop(executor)

    def _hand_out(self, executor: Executor) -> bool:
        """Gives every free worker targets of free lanes; whether the executor takes them."""
        while (free := self.workers.count - len(self._under_way)) > 0 and (bundle := self._bundle(free)):
            known = self.history.known([each.entry.name for each in bundle], self._last)
            units = [
                Unit(each.entry, each.lane.name, each.lane.concurrency, each.lane.rate, known.get(each.entry.name))
                for each in bundle
            ]
            try:
                self._under_way[executor.submit(self.work, self.task, units)] = bundle
            except BrokenExecutor:
                self._wait_again(bundle)
                return False
        return True

    def _bundle(self, free: int) -> list[Waiting]:
        """The next targets for one of so many free workers, each of another lane."""
        busy = {each.lane.name for bundle in self._under_way.values() for each in bundle}
        ready = [queue for name, queue in self._waiting.items() if queue and name not in busy]
        if alone := next((queue for queue in ready if queue[0].deaths), None):
            return [alone.popleft()]
        ready.sort(key=len, reverse=True)  # the longest lane decides how long all take
        return [queue.popleft() for queue in ready[: min(self.width, ceil(len(ready) / free))]]

    def _collect(self) -> bool:
        """Writes what has come back; whether the executor broke."""
        broken = False
        finished, _ = wait(self._under_way, PAUSE, FIRST_COMPLETED)
        for future in finished:
            bundle = self._under_way.pop(future)
            try:
                outcomes = future.result()
            except Exception as error:  # the worker died, or what it was given did not reach it
                broken |= isinstance(error, BrokenExecutor)
                outcomes = list(self._given_up(bundle, error))
            self.on_record(self.history.record(outcomes, self._last))
        return broken

    def _given_up(self, bundle: list[Waiting], error: Exception) -> Iterator[Outcome]:
        """Of targets whose worker died: those that had their attempts."""
        again = [Waiting(each.lane, each.entry, each.deaths + 1) for each in bundle]
        self._wait_again([each for each in again if each.deaths < ATTEMPTS])
        for each in again:
            if each.deaths >= ATTEMPTS:
                why = f"{ATTEMPTS} workers died while judging it, the last one with {type(error).__name__}"
                unit = Unit(each.entry, each.lane.name, each.lane.concurrency, each.lane.rate, None)
                yield unjudged(self.task.run, unit, why, Conclusion.KIT_ERROR, now())

    def _wait_again(self, bundle: list[Waiting]) -> None:
        for each in bundle:
            self._waiting[each.lane.name].appendleft(each)

    def _begin_again(self, executor: Executor) -> Executor:
        """Another executor, in place of one that broke, which loses all that it has under way."""
        while self._under_way:
            self._collect()
        self.workers.stop(executor)
        return self.workers.start()
