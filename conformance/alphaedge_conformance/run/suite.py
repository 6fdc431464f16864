"""One run from the contract to the verdicts: the plan, the exchanges, what they say."""

from __future__ import annotations

import time
from asyncio import AbstractEventLoop
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from threading import Lock
from typing import Protocol

from attrs import evolve, field, frozen

from .. import probes
from ..archive import matching
from ..archive.har import ARCHIVE, Journal, Recording
from ..contract import Contract
from ..contract.requirements import Level, Requirement, catalogue
from ..errors import ConfigurationError, Inconclusive
from ..exchange import CONTROL, Effort, Exchange, ExpectedAnswer, Probe
from ..exchange.following import Missing, followed
from ..exchange.target import Target
from ..judging.checks import checks_for
from ..judging.checks.check import Check
from ..judging.verdicts import Judge, Verdict, unjudged
from ..probes import Plan
from ..probes.drawing import Drawing
from ..sending.runner import Runner
from ..sending.settings import Settings
from .concurrency import mark, repeat_alone
from .confirming import confirm
from .discovering import discover
from .exploring import Explorer
from .interrupts import interruptible
from .outages import Investigation
from .run import Run
from .shrinking import Shrinker
from .splitting import split


class Progress(Protocol):
    """Is told how far a run has come."""

    def __call__(self, done: int, planned: int, findings: int, under_way: Mapping[int, str], /, of: str = "") -> object:
        """Takes the requests that are done, those of the plan, the findings so far, the probes that wait for an answer,
        which goes on changing, and the name of the target where there are several."""


def silent(done: int, planned: int, findings: int, under_way: Mapping[int, str], /, of: str = "") -> None:
    """Tells nobody."""


@frozen
class Suite:
    """A contract, its requirements, and a check for each."""

    contract: Contract
    requirements: Mapping[str, Requirement] = field(repr=False)
    checks: Mapping[str, Check] = field(repr=False)
    _plans: dict[tuple[str, int, Effort], Plan] = field(factory=dict, init=False, repr=False)
    """Drawing is slow: what was drawn for a model and a seed."""
    _drawing: Lock = field(factory=Lock, init=False, repr=False)

    @classmethod
    def of(cls, contract: Contract) -> Suite:
        """Raises ConfigurationError for a contract whose requirements are not in order."""
        with contract.expecting_its_form():
            requirements = catalogue(contract)
            for broken in contract.violations(contract.request_schema, contract.example_request):
                raise contract.error(
                    broken.pointer, f"the contract's own example, the control, breaks it: {broken.message}"
                )
            return cls(contract, requirements, checks_for(contract, requirements))

    @property
    def kinds(self) -> dict[str, frozenset[tuple[str | None, ExpectedAnswer]]]:
        """The kinds of probes that can show each requirement, each with the operation that it has to be of."""
        requirements = self.requirements
        return {
            id: frozenset((requirements[id].operation, kind) for kind in check.kinds)
            for id, check in self.checks.items()
        }

    def pinned(self, levels: Mapping[str, Level]) -> Suite:
        """The suite with the levels that requirements had in a released version of the contract. Raises
        ConfigurationError for a version with a requirement that this contract no longer has."""
        if gone := [id for id in levels if id not in self.requirements]:
            raise ConfigurationError(
                f"that version has requirements that this contract no longer has: {', '.join(gone)}"
            )
        pinned = {id: evolve(each, level=levels.get(id, each.level)) for id, each in self.requirements.items()}
        return evolve(self, requirements=pinned)

    def pinned_ids(self, levels: Collection[str]) -> frozenset[str]:
        """What counts with a released version: its own requirements, and those of the profiles that are claimed."""
        return frozenset(levels) | {id for id, each in self.requirements.items() if each.profile is not None}

    def plan(self, wanted: Collection[str], target: Target, settings: Settings) -> Plan:
        """What judging these requirements takes, cut where the budget is less."""
        drawn = (target.model, settings.seed, settings.effort)
        with self._drawing:
            if drawn not in self._plans:
                with self.contract.expecting_its_form():
                    everything = probes.everything(self.contract, self.requirements, *drawn)
                if settings.effort is Effort.QUICK:
                    comparing = {id for id, check in self.checks.items() if check.compares}
                    everything = probes.quick(everything, self.kinds, comparing)
                self._plans[drawn] = probes.most_telling_first(everything, self.requirements, self.kinds)
        chosen = probes.select(self._plans[drawn], self.kinds, wanted, target.key is not None)
        return chosen.cut(settings.max_requests, settings.max_tokens)

    def run(
        self,
        wanted: Collection[str],
        target: Target,
        settings: Settings,
        progress: Progress = silent,
        loop: AbstractEventLoop | None = None,
    ) -> Run:
        """Judges a target. One that cannot be judged gives a run too, with the reason. `loop` is that of another
        thread, which many runs share."""
        return self.send(self.plan(wanted, target, settings), wanted, target, settings, progress, loop)

    def send(
        self,
        plan: Plan,
        wanted: Collection[str],
        target: Target,
        settings: Settings,
        progress: Progress = silent,
        loop: AbstractEventLoop | None = None,
    ) -> Run:
        """Sends a plan, and judges these requirements on what comes back."""
        started = time.time()
        judge = self._judge(wanted, plan, target.key, settings.effort, ignored=target.ignores)
        with ExitStack() as stack:
            journal = None
            if settings.report is not None:
                journal = stack.enter_context(Journal(settings.report / ARCHIVE, target, settings.seed))

            def retried(exchange: Exchange) -> None:
                if journal is not None:
                    journal.add(exchange, is_retried=True)

            def done(exchange: Exchange) -> None:
                if not held_back:
                    keep(exchange, True)
                planned = len(plan.probes) + settings.explore
                progress(len(runner.exchanges), planned, judge.findings, runner.under_way)

            def keep(exchange: Exchange, counts: bool) -> None:
                if journal is not None:
                    journal.add(exchange, is_retried=not counts)
                if counts:
                    judge.add(exchange)

            held_back = False
            """Whether it is for those who send to say what counts."""

            runner = Runner(target, settings, done, retried, loop)
            progress(0, len(plan.probes) + settings.explore, 0, runner.under_way)
            stack.enter_context(interruptible(runner.stop))
            run = Run(self.contract, target, settings, plan, started)
            try:
                runner.run(plan)
            except Inconclusive as reason:
                verdicts = unjudged(judge.requirements, str(reason))
                run = evolve(run, reason=str(reason), unsent=len(runner.unsent(plan)))
            else:
                unsent = runner.unsent(plan)
                run = evolve(run, unsent=len(unsent))
                if runner.stopped is None:
                    split(runner)
                    held_back = True
                    confirm(runner, plan.probes[0], keep)
                    unsent |= Investigation(runner, plan.probes[0], keep).investigate()
                    if settings.explore:
                        drawing = Drawing.of(self.contract, self.requirements, plan.probes[0])
                        Explorer(runner, judge, keep, settings.seed, settings.explore, drawing).explore()
                    held_back = False
                verdicts = judge.verdicts(unsent)
                if settings.discover:
                    held_back = True
                    offers = discover(self.contract, runner, plan.probes[0], lambda exchange: keep(exchange, False))
                    run, held_back = evolve(run, offers=tuple(offers)), False
                if runner.stopped is None:
                    shrinker = Shrinker(self.contract, self.checks, plan.probes[0], target, settings, runner)
                    verdicts = {id: shrinker.shrunk(verdict) for id, verdict in verdicts.items()}
                    repeat_alone(runner, verdicts.values(), self.checks)
                    verdicts = mark(verdicts, runner.exchanges, self.checks, self.contract, target.key)
        return evolve(
            run,
            exchanges=tuple(sorted(runner.exchanges, key=lambda exchange: exchange.number)),
            verdicts=verdicts,
            requests=runner.budget.sent,
            stopped=runner.stopped,
            seconds=time.time() - started,
            archive_failure=journal.failure if journal is not None else None,
        )

    def replay(self, wanted: Collection[str], recording: Recording, settings: Settings) -> Run:
        """Judges what was recorded; what the recording does not show is inconclusive."""
        target = Target(recording.url, recording.model, recording.key)
        settings = evolve(settings, seed=recording.seed, max_requests=None, max_tokens=None)
        plan, started = self.plan(wanted, target, settings), time.time()
        plan = _as_sent(plan, recording.exchanges)
        exchanges = tuple(matching.identified(self.contract, plan, recording.exchanges, recording.is_ours))
        archive_failure = None
        if settings.report is not None and (settings.report / ARCHIVE).resolve() not in recording.files:
            with Journal(settings.report / ARCHIVE, target, settings.seed, recording.is_ours) as journal:
                for exchange in exchanges:
                    journal.add(exchange)
            archive_failure = journal.failure
        controls = matching.controls(exchanges)
        unsent = _missing(plan, exchanges)
        run = Run(self.contract, target, settings, plan, started, exchanges=exchanges, unsent=len(unsent))
        run = evolve(run, archive_failure=archive_failure)
        if CONTROL not in controls and (recording.is_ours or not controls):
            reason = "no request of the recording that the contract accepts was answered 200, so nothing can be judged"
            requirements = [each for id, each in self.requirements.items() if id in set(wanted)]
            return evolve(run, verdicts=unjudged(requirements, reason), reason=reason)
        accepted = frozenset[str | None]() if recording.is_ours else controls
        verdicts = self.verdicts(wanted, plan, exchanges, target.key, settings.effort, accepted)
        verdicts = mark(verdicts, exchanges, self.checks, self.contract, target.key)
        return evolve(run, verdicts=verdicts, seconds=time.time() - started)

    def verdicts(
        self,
        wanted: Collection[str],
        plan: Plan,
        exchanges: Sequence[Exchange],
        key: str | None,
        effort: Effort,
        accepted: frozenset[str | None],
    ) -> dict[str, Verdict]:
        """What exchanges say that were not sent by this run; `accepted` are the controls that are known to be."""
        judge = self._judge(wanted, plan, key, effort, accepted)
        for exchange in exchanges:
            judge.add(exchange)
        return judge.verdicts(_missing(plan, exchanges))

    def _judge(
        self,
        wanted: Collection[str],
        plan: Plan,
        key: str | None,
        effort: Effort,
        accepted: frozenset[str | None] = frozenset(),
        ignored: frozenset[str] = frozenset(),
    ) -> Judge:
        requirements = [requirement for id, requirement in self.requirements.items() if id in set(wanted)]
        return Judge(
            self.contract,
            requirements,
            self.checks,
            plan.named,
            key,
            effort,
            accepted,
            later=plan.later,
            ignored=ignored,
        )


def _as_sent(plan: Plan, exchanges: Sequence[Exchange]) -> Plan:
    """A plan with the values that its probes take from the answers of a recording."""
    found = followed(plan.probes, exchanges)
    made = (probe if isinstance(each, Missing) and not each.is_end else each for probe, each in found.items())
    return evolve(plan, probes=tuple(each for each in made if isinstance(each, Probe)))


def _missing(plan: Plan, exchanges: Sequence[Exchange]) -> dict[Probe, str]:
    """The probes of a plan that a recording does not show, each with the reason."""
    answered = {exchange.probe for exchange in exchanges}
    lacking = {exchange.probe.operation_name for exchange in exchanges if exchange.lacks_its_operation}
    missing = [
        probe
        for probe in plan.probes
        if probe not in answered
        and not answered.issuperset(probe.parts or [probe])
        and probe.operation_name not in lacking
    ]
    return dict.fromkeys(missing, "the recording does not have them")
