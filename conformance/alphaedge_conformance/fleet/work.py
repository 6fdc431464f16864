"""What a worker does: judges some targets at once, on one event loop, and says what came of each.

Everything here travels to another process, or another machine: a unit has no key. The worker finds it in its own
environment, or in the file that targets.toml names.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

from attrs import evolve, field, frozen

from .. import report as views
from ..contract import Contract
from ..errors import ConfigurationError
from ..exchange.redaction import redact
from ..exchange.target import Target
from ..judging.verdicts import Conclusion
from ..report.document import Report, build_report
from ..run.suite import Suite
from ..run.targets import Entry
from ..sending.settings import Settings
from .outcome import Outcome, facts, rows
from .settling import AGAIN, State, doubtful

KEPT = ("report.json", "exchanges.har", "report.html")
Judge = Callable[[Collection[str] | None], tuple[Report, Mapping[str, bytes]]]
"""Judges a target by some requirements, or by all that are wanted: the report, and the files of it."""
_making = threading.Lock()
"""Of what a process makes once: targets begin together."""


@frozen
class Task:
    """The settings that all targets of a run share."""

    run: str
    contract: Path | None
    """None for the one that the worker's kit has."""
    profiles: tuple[str, ...]
    wanted: tuple[str, ...]
    settings: Settings


@frozen
class Known:
    """What the history has of a target."""

    kit: str
    contract: str
    """The digest."""
    states: Mapping[str, State] = field(repr=False)
    kept: str | None
    """The digest of the statuses in the last report that was kept."""


@frozen
class Unit:
    """One target, and what it may use of its lane."""

    entry: Entry
    lane: str
    concurrency: int
    rate: float | None
    known: Known | None


def work(task: Task, units: Sequence[Unit]) -> list[Outcome]:
    """Judges targets of different lanes at once. A failure of one does not affect the others."""
    with ThreadPoolExecutor(len(units)) as pool:
        return list(pool.map(lambda unit: _outcome(task, unit), units))


def _outcome(task: Task, unit: Unit) -> Outcome:
    target: Target | None = None
    began = now()
    try:
        with _making:
            suite, loop = _suite(task.contract, task.profiles), _loop()
        target = unit.entry.target(suite.contract)
        return judged(task.run, unit, _judge(suite, loop, task, unit, target))
    except ConfigurationError as error:
        return unjudged(task.run, unit, str(error), Conclusion.INCONCLUSIVE, began)
    except Exception as error:
        why = redact(f"{type(error).__name__}: {error}", target.key if target is not None else None)
        return unjudged(task.run, unit, why, Conclusion.KIT_ERROR, began)


def _judge(suite: Suite, loop: asyncio.AbstractEventLoop, task: Task, unit: Unit, target: Target) -> Judge:
    settings = evolve(task.settings, concurrency=unit.concurrency, rate=unit.rate)

    def judge(ids: Collection[str] | None) -> tuple[Report, Mapping[str, bytes]]:
        if ids is not None:
            return build_report(suite.run(ids, target, settings, loop=loop)), {}
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            run = suite.run(task.wanted, target, evolve(settings, report=folder), loop=loop)
            report = build_report(run)
            if unit.known is not None and digest(report) == unit.known.kept:
                return report, {}
            views.write([report], None, folder, suite.contract)
            return report, {name: (folder / name).read_bytes() for name in KEPT}

    return judge


def judged(run: str, unit: Unit, judge: Judge) -> Outcome:
    """Judges a target, and twice more the requirements whose status differs from the settled one."""
    report, files = judge(None)
    statuses = {each["id"]: each["status"] for each in report["requirements"]}
    known = baseline(unit.known, report["kit"]["version"], report["contract"]["digest"])
    flips = doubtful(known, statuses)
    repeats = [judge(flips)[0] for _ in range(AGAIN)] if flips else []
    seen = [{each["id"]: each["status"] for each in repeat["requirements"]} for repeat in repeats]
    again = {id: tuple(each[id] for each in seen) for id in flips}
    found = {**facts(report), "statuses": digest(report)}
    return Outcome(run, unit.entry.name, unit.lane, found, rows(report, known, again), files)


def unjudged(run: str, unit: Unit, why: str, verdict: Conclusion, began: datetime) -> Outcome:
    """The outcome of a target that could not be judged."""
    found = {"url": unit.entry.url, "model": unit.entry.model or "", "verdict": str(verdict), "reason": why}
    seconds = (now() - began).total_seconds()
    return Outcome(run, unit.entry.name, unit.lane, {**found, "started": began, "seconds": seconds}, ())


def now() -> datetime:
    """The current time in UTC, without a time zone, as the history stores it."""
    return datetime.now(UTC).replace(tzinfo=None)


def baseline(known: Known | None, kit: str, contract: str) -> Mapping[str, State]:
    """The known states, if they are of the same kit and contract; another kit or contract starts a new baseline."""
    if known is None or (known.kit, known.contract) != (kit, contract):
        return {}
    return known.states


def digest(report: Report) -> str:
    """A digest of the status of each requirement in a report."""
    return sha256("\n".join(f"{each['id']} {each['status']}" for each in report["requirements"]).encode()).hexdigest()


@cache
def _suite(contract: Path | None, profiles: tuple[str, ...]) -> Suite:
    """The suite of a contract, loaded once in each process."""
    return Suite.of(Contract.load(contract, profiles))


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """The event loop of this process, in a thread of its own; all targets share it."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="alphaedge-fleet", daemon=True).start()
    return loop
