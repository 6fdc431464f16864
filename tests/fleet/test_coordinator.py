"""Who gets which targets when, and what happens where a worker dies."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from alphaedge_conformance.errors import ConfigurationError
from alphaedge_conformance.fleet.coordinator import ATTEMPTS, Coordinator
from alphaedge_conformance.fleet.history import History
from alphaedge_conformance.fleet.outcome import Outcome
from alphaedge_conformance.fleet.work import Task, Unit, judged
from alphaedge_conformance.fleet.workers import Workers, threads

from .simulated import IDS, history, lanes, report, task

NAMES = [f"target-{number}" for number in range(12)]
AT = datetime(2026, 5, 4)


def outcomes(run: Task, units: Sequence[Unit]) -> list[Outcome]:
    def one(unit: Unit) -> Outcome:
        return judged(run.run, unit, lambda ids: (report(unit.entry.name, AT, dict.fromkeys(IDS, "passed")), {}))

    return [one(unit) for unit in units]


def verdicts(kept: History) -> dict[str, str]:
    with kept.opened() as connection:
        rows = connection.execute("SELECT target, verdict FROM judgings").fetchall()
    assert len(rows) == len(dict(rows))
    return dict(rows)


class Breaking(ThreadPoolExecutor):
    """Dies of what `kills` it, as a pool of processes does: it takes nothing more, and loses what is under way."""

    def __init__(self, count: int, kills: Callable[[Sequence[Unit]], bool]) -> None:
        super().__init__(count)
        self.kills, self.is_broken = kills, False

    def submit(self, function: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        if self.is_broken:
            raise BrokenExecutor
        return super().submit(self._work, function, *arguments)

    def _work(self, function: Any, task: Task, units: Sequence[Unit]) -> Any:
        self.is_broken |= self.kills(units)
        time.sleep(0.01)
        if self.is_broken:
            raise BrokenExecutor("a worker died")
        return function(task, units)


def breaking(kills: Callable[[Sequence[Unit]], bool]) -> tuple[Workers, list[Executor]]:
    started: list[Executor] = []

    def start() -> Executor:
        started.append(Breaking(2, kills))
        return started[-1]

    return Workers(2, start, lambda executor: executor.shutdown(wait=False)), started


def test_a_lane_has_one_target_under_way_at_a_time(tmp_path: Path) -> None:
    lock, busy, most, sizes = threading.Lock(), Counter[str](), Counter[str](), list[int]()

    def work(run: Task, units: Sequence[Unit]) -> list[Outcome]:
        with lock:
            sizes.append(len(units))
            busy.update(unit.lane for unit in units)
            for lane, count in busy.items():
                most[lane] = max(most[lane], count)
        time.sleep(0.01)
        with lock:
            busy.subtract(unit.lane for unit in units)
        return outcomes(run, units)

    kept = history(tmp_path)
    Coordinator(task("run"), kept, threads(3), work=work).run(lanes(NAMES, of_each=3))
    assert set(most.values()) == {1}
    assert set(verdicts(kept)) == set(NAMES)
    assert max(sizes) == 2  # four lanes, three workers: each has its share


def test_units_carry_the_limits_of_their_lane_and_what_is_known(tmp_path: Path) -> None:
    seen: list[Unit] = []

    def work(run: Task, units: Sequence[Unit]) -> list[Outcome]:
        seen.extend(units)
        return outcomes(run, units)

    kept = history(tmp_path)
    (lane,) = lanes(["one"])
    for run in ("run-1", "run-2"):
        Coordinator(task(run), kept, threads(1), work=work).run([evolve(lane, concurrency=3, rate=2.0)])
    first, second = seen
    assert (first.concurrency, first.rate, first.known) == (3, 2.0, None)
    assert second.known is not None
    assert {id: state.settled for id, state in second.known.states.items()} == dict.fromkeys(IDS, "passed")


def test_a_worker_that_dies_costs_its_targets_a_retry(tmp_path: Path) -> None:
    deaths = iter([True])

    def kills(units: Sequence[Unit]) -> bool:
        return next(deaths, False)

    kept = history(tmp_path)
    workers, started = breaking(kills)
    Coordinator(task("run"), kept, workers, work=outcomes).run(lanes(NAMES))
    assert verdicts(kept) == dict.fromkeys(NAMES, "conforms")
    assert len(started) == 2


def test_a_target_that_kills_every_worker_is_given_up_and_takes_no_other_with_it(tmp_path: Path) -> None:
    attempts: list[list[str]] = []

    def kills(units: Sequence[Unit]) -> bool:
        names = [unit.entry.name for unit in units]
        if "target-3" in names:
            attempts.append(names)
        return "target-3" in names

    kept = history(tmp_path)
    workers, _ = breaking(kills)
    Coordinator(task("run"), kept, workers, work=outcomes).run(lanes(NAMES))
    found = verdicts(kept)
    assert found.pop("target-3") == "kit-error"
    assert set(found) == set(NAMES) - {"target-3"}
    assert set(found.values()) == {"conforms"}
    assert 2 <= len(attempts) <= ATTEMPTS  # one more where a neighbour's worker died of another
    assert attempts[-1] == ["target-3"]


@pytest.mark.parametrize("stop_after", [0, 1, 3])
def test_a_run_that_is_stopped_is_resumed_and_nothing_is_judged_twice(tmp_path: Path, stop_after: int) -> None:
    kept, asked = history(tmp_path), Counter[str]()

    def work(run: Task, units: Sequence[Unit]) -> list[Outcome]:
        asked.update(unit.entry.name for unit in units)
        return outcomes(run, units)

    kept.begin("run", len(NAMES), "options")
    coordinator = Coordinator(task("run"), kept, threads(1), work=work, width=2)
    written: list[Outcome] = []

    def on_record(some: Sequence[Outcome]) -> None:
        written.extend(some)
        if len(written) >= 2 * stop_after:
            coordinator.stop("interrupted by SIGTERM")

    coordinator.on_record = on_record
    if not stop_after:
        coordinator.stop("interrupted by SIGINT")
    coordinator.run(lanes(NAMES))
    assert len(verdicts(kept)) == 2 * stop_after
    assert kept.unfinished("options") == "run"
    asked.clear()
    Coordinator(task("run"), kept, threads(2), work=work).run(lanes(NAMES))
    assert set(verdicts(kept)) == set(NAMES)
    assert set(asked) == set(NAMES) - {each.target for each in written}
    assert kept.unfinished("options") is None


def test_a_run_without_an_end_is_not_taken_for_one_with_other_options(tmp_path: Path) -> None:
    kept = history(tmp_path)
    assert kept.unfinished("options") is None
    kept.begin("run", 1, "quick")
    with pytest.raises(ConfigurationError, match="the last run was started with quick"):
        kept.unfinished("thorough")
