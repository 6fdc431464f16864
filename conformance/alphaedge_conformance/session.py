"""One run from the contract to the verdicts: the plan, the exchanges, what they say."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from threading import Lock

from attrs import define, evolve, field, frozen

from . import probes, recorded
from .checks import Check, checks_for
from .contract import Contract
from .errors import ConfigurationError, Inconclusive
from .evidence import Evidence, Unseen
from .exchange import CONTROL, Exchange, Probe, encode
from .har import ARCHIVE, Journal, Recording
from .interrupts import interruptible
from .probes import Plan, conversations
from .requirements import Level, Requirement, catalogue
from .runner import Runner
from .secrets import redact
from .settings import Settings, Target
from .verdict import Conclusion, Finding, Judge, Verdict, conclude, unjudged

SHRINKING = 30
"""Requests that a run may send beyond its plan, to shrink generated requests that failed."""
MOCK_PACE = 1000.0
"""Tokens per second of the embedded mock: slow enough that its streams are seen to arrive in pieces."""
Progress = Callable[[int, int, int], object]
"""Takes the requests that are done, those of the plan, and the findings so far."""


@frozen
class Suite:
    """A contract, its requirements, and a check for each."""

    contract: Contract
    requirements: Mapping[str, Requirement] = field(repr=False)
    checks: Mapping[str, Check] = field(repr=False)
    _plans: dict[tuple[str, int], Plan] = field(factory=dict, init=False, repr=False)
    """Drawing is slow: what was drawn for a model and a seed."""
    _drawing: Lock = field(factory=Lock, init=False, repr=False)

    @classmethod
    def of(cls, contract: Contract) -> Suite:
        """Raises ConfigurationError for a contract whose requirements are not in order."""
        requirements = catalogue(contract)
        for broken in contract.violations(contract.request_schema, contract.example_request):
            raise contract.error(
                broken.pointer, f"the contract's own example, the control, breaks it: {broken.message}"
            )
        return cls(contract, requirements, checks_for(contract, requirements))

    def pinned(self, levels: Mapping[str, Level]) -> Suite:
        """The suite with the levels that requirements had in a released version of the contract. Raises
        ConfigurationError where it had one that there is no more."""
        if gone := [id for id in levels if id not in self.requirements]:
            raise ConfigurationError(f"that version has requirements that are no more: {', '.join(gone)}")
        pinned = {id: evolve(each, level=levels.get(id, each.level)) for id, each in self.requirements.items()}
        return evolve(self, requirements=pinned)

    def plan(self, wanted: Collection[str], target: Target, settings: Settings) -> Plan:
        """What judging these requirements takes, cut where the budget is less."""
        drawn = (target.model, settings.seed)
        with self._drawing:
            if drawn not in self._plans:
                everything = probes.everything(self.contract, self.requirements, *drawn)
                self._plans[drawn] = probes.most_telling_first(everything, self.requirements, self.checks)
        chosen = probes.select(self._plans[drawn], self.checks, wanted, target.key is not None)
        return chosen.cut(settings.max_requests, settings.max_tokens)

    def run(
        self, wanted: Collection[str], target: Target, settings: Settings, progress: Progress = lambda *_: None
    ) -> Run:
        """Judges a target. One that cannot be judged gives a run too, with the reason."""
        return self.send(self.plan(wanted, target, settings), wanted, target, settings, progress)

    def send(
        self,
        plan: Plan,
        wanted: Collection[str],
        target: Target,
        settings: Settings,
        progress: Progress = lambda *_: None,
    ) -> Run:
        """Sends a plan, and judges these requirements on what comes back."""
        started = time.time()
        judge = self._judge(wanted, plan, target.key)
        with ExitStack() as stack:
            journal = None
            if settings.report is not None:
                journal = stack.enter_context(Journal(settings.report / ARCHIVE, target, settings.seed))

            def done(exchange: Exchange) -> None:
                if journal is not None:
                    journal.add(exchange)
                judge.add(exchange)
                progress(len(runner.exchanges), len(plan.probes), judge.findings)

            runner = Runner(target, settings, done)
            stack.enter_context(interruptible(runner.stop))
            run = Run(self.contract, target, settings, plan, started)
            try:
                runner.run(plan)
            except Inconclusive as reason:
                verdicts = unjudged(judge.requirements, str(reason))
                run = evolve(run, reason=str(reason), unsent=len(runner.unsent(plan)))
            else:
                unsent = runner.unsent(plan)
                verdicts = judge.verdicts(unsent)
                run = evolve(run, unsent=len(unsent))
                if runner.stopped is None:
                    shrinker = Shrinker(self, plan.probes[0], target, settings, runner)
                    verdicts = {id: shrinker.shrunk(verdict) for id, verdict in verdicts.items()}
        return evolve(
            run,
            exchanges=tuple(sorted(runner.exchanges, key=lambda exchange: exchange.number)),
            verdicts=verdicts,
            requests=runner.budget.sent,
            stopped=runner.stopped,
            seconds=time.time() - started,
        )

    def replay(self, wanted: Collection[str], recording: Recording, settings: Settings) -> Run:
        """Judges what was recorded; what the recording does not show is inconclusive."""
        target = Target(recording.url, recording.model, recording.key)
        settings = evolve(settings, seed=recording.seed, max_requests=None, max_tokens=None)
        plan, started = self.plan(wanted, target, settings), time.time()
        exchanges = recording.exchanges
        if not recording.is_ours:
            exchanges = tuple(recorded.identified(self.contract, plan, exchanges))
        controls = recorded.controls(exchanges)
        if settings.report is not None and recording.path.resolve() != (settings.report / ARCHIVE).resolve():
            with Journal(settings.report / ARCHIVE, target, settings.seed, recording.is_ours) as journal:
                for exchange in exchanges:
                    journal.add(exchange)
        judge = self._judge(wanted, plan, target.key, frozenset() if recording.is_ours else controls)
        for exchange in exchanges:
            judge.add(exchange)
        answered = {exchange.probe for exchange in exchanges}
        unsent = {probe: "the recording does not have them" for probe in plan.probes if probe not in answered}
        run = Run(self.contract, target, settings, plan, started, exchanges=exchanges, unsent=len(unsent))
        if CONTROL not in controls and (recording.is_ours or not controls):
            reason = "no request of the recording that the contract accepts was answered 200, so nothing can be judged"
            return evolve(run, verdicts=unjudged(judge.requirements, reason), reason=reason)
        return evolve(run, verdicts=judge.verdicts(unsent), seconds=time.time() - started)

    def _judge(
        self, wanted: Collection[str], plan: Plan, key: str | None, accepted: frozenset[str | None] = frozenset()
    ) -> Judge:
        requirements = [requirement for id, requirement in self.requirements.items() if id in set(wanted)]
        return Judge(self.contract, requirements, self.checks, (*plan.probes, *plan.unsent), key, accepted)


@define
class Shrinker:
    """Sends smaller requests in place of a generated one that broke a requirement."""

    suite: Suite
    control: Probe
    target: Target
    settings: Settings
    runner: Runner
    """That of the run; what is sent here counts for its budget."""
    left: int = SHRINKING

    def shrunk(self, verdict: Verdict) -> Verdict:
        """The verdict with the smallest request first, where generated requests alone broke the requirement."""
        check = self.suite.checks[verdict.requirement.id]
        themes = [finding.exchange.probe.theme for finding in verdict.findings]
        if not themes or themes[0] is None or None in themes or "all_shown" in check.views:
            return verdict
        found = verdict.findings[0].exchange.probe
        theme = conversations.THEMES[themes[0]]
        smallest: dict[bytes, Finding] = {}

        def fails(messages: conversations.Messages) -> bool:
            smaller = conversations.probe(self.control, theme, f"{theme.name}, shrunk", messages)
            exchange = self.exchange(probes.streamed(smaller) if found.streams else smaller)
            judged = check([Evidence(exchange, self.suite.contract, self.target.key)]) if exchange else ()
            for judged_exchange, message in judged:
                if message is not None:
                    finding = Finding(redact(message, self.target.key), judged_exchange)
                    smallest[encode(messages)] = finding
                    return True
            return False

        messages = conversations.shrink(self.suite.contract, theme, self.settings.seed, fails)
        if messages is None or (finding := smallest[encode(messages)]) in verdict.findings:
            return verdict
        return evolve(verdict, findings=(finding, *verdict.findings), judged=verdict.judged + 1)

    def exchange(self, probe: Probe) -> Exchange | None:
        """What came back for a request, now or before; None where the budget is spent."""
        known = next((each for each in self.runner.exchanges if each.probe.body == probe.body), None)
        if known is None and self.left > 0:
            self.left -= 1
            known = self.runner.send(probe)
        return known


@frozen
class Run:
    """What was sent, what came back, and what it says."""

    contract: Contract = field(repr=False)
    target: Target
    settings: Settings
    plan: Plan = field(repr=False)
    started: float
    """Unix seconds."""
    seconds: float = 0.0
    exchanges: tuple[Exchange, ...] = field(default=(), repr=False)
    verdicts: Mapping[str, Verdict] = field(factory=dict, repr=False)
    requests: int = 0
    """Those sent, with those that came again or only asked for the models."""
    unsent: int = 0
    """Probes of the plan without an answer."""
    stopped: str | None = None
    """Why the run ended before its plan did, as by Ctrl-C."""
    reason: str | None = None
    """Why nothing could be judged, in one line."""
    problems: tuple[str, ...] = ()
    """What is wrong with the waivers; each fails the run."""

    @property
    def conclusion(self) -> Conclusion:
        if self.stopped or self.reason:
            return Conclusion.INCONCLUSIVE
        if self.problems:
            return Conclusion.DEVIATES
        found = conclude(verdict for verdict in self.verdicts.values() if self.settings.scores(verdict.requirement))
        return Conclusion.INCONCLUSIVE if self.unsent and found is Conclusion.CONFORMS else found

    @property
    def server(self) -> str | None:
        """What the target calls itself in its first answer."""
        return next((each.header("server") for each in self.exchanges if each.status is not None), None)

    @cached_property
    def impacts(self) -> dict[int, str]:
        """What the exchanges that break a requirement do to a program that uses the client, by their numbers."""
        from .impact import impact

        broken = {
            finding.exchange.number: finding.exchange for each in self.verdicts.values() for finding in each.findings
        }
        noticed = ((number, impact(exchange)) for number, exchange in broken.items())
        return {number: redact(what, self.target.key) for number, what in noticed if what is not None}

    @cached_property
    def tokens(self) -> tuple[int, int]:
        """The prompt and completion tokens that the target says it spent."""
        prompt = completion = 0
        for exchange in self.exchanges:
            try:
                usage = Evidence(exchange, self.contract).usage
            except Unseen:
                continue
            prompt, completion = prompt + usage["prompt_tokens"], completion + usage["completion_tokens"]
        return prompt, completion


@contextmanager
def embedded_mock(contract: Contract) -> Iterator[tuple[str, str]]:
    """The address and the key of a mock that lives as long as the block."""
    from .mock import Mock, serve

    key = f"sk-mock-{secrets.token_hex(16)}"
    with serve(Mock(contract, key, tokens_per_second=MOCK_PACE)) as url:
        yield url, key
