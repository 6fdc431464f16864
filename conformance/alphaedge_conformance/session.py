"""One run from the contract to the verdicts: the plan, the exchanges, what they say."""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property

from attrs import define, evolve, field, frozen

from . import probes, runner
from .checks import Check, checks_for
from .contract import Contract
from .errors import Inconclusive
from .evidence import Evidence, Unseen
from .exchange import Exchange, Probe, encode
from .probes import Plan, conversations
from .requirements import Requirement, catalogue
from .secrets import redact
from .settings import Settings, Target
from .verdict import Conclusion, Finding, Verdict, conclude, judge, unjudged

SHRINKING = 30
"""Requests that a run may send beyond its plan, to shrink generated requests that failed."""
MOCK_PACE = 1000.0
"""Tokens per second of the embedded mock: slow enough that its streams are seen to arrive in pieces."""


@frozen
class Suite:
    """A contract, its requirements, and a check for each."""

    contract: Contract
    requirements: Mapping[str, Requirement] = field(repr=False)
    checks: Mapping[str, Check] = field(repr=False)
    _plans: dict[tuple[str, int], Plan] = field(factory=dict, init=False, repr=False)
    """Drawing is slow: what was drawn for a model and a seed."""

    @classmethod
    def of(cls, contract: Contract) -> Suite:
        """Raises ConfigurationError for a contract whose requirements are not in order."""
        requirements = catalogue(contract)
        return cls(contract, requirements, checks_for(contract, requirements))

    def plan(self, wanted: Collection[str], target: Target, settings: Settings) -> Plan:
        """What judging these requirements takes; cut where `max_requests` is less."""
        drawn = (target.model, settings.seed)
        if drawn not in self._plans:
            self._plans[drawn] = probes.everything(self.contract, self.requirements, *drawn)
        return probes.select(self._plans[drawn], self.checks, wanted, target.key is not None).cut(settings.max_requests)

    def run(
        self,
        wanted: Collection[str],
        target: Target,
        settings: Settings,
        progress: runner.Progress = lambda exchange, plan: None,
    ) -> Run:
        """Judges a target. One that cannot be judged gives a run too, with the reason."""
        plan, started = self.plan(wanted, target, settings), time.time()
        requirements = [requirement for id, requirement in self.requirements.items() if id in set(wanted)]
        run = Run(self.contract, target, settings, plan, started)
        try:
            exchanges = runner.run(plan, target, settings, progress)
        except Inconclusive as reason:
            verdicts = unjudged(requirements, str(reason))
            return evolve(run, verdicts=verdicts, seconds=time.time() - started, reason=str(reason))
        verdicts = judge(self.contract, requirements, self.checks, exchanges, plan.unsent, target.key)
        budget = min(SHRINKING, settings.max_requests - len(exchanges) if settings.max_requests else SHRINKING)
        shrinker = Shrinker(self, plan.probes[0], target, settings, exchanges, budget)
        verdicts = {id: shrinker.shrunk(verdict) for id, verdict in verdicts.items()}
        return evolve(run, exchanges=tuple(exchanges), verdicts=verdicts, seconds=time.time() - started)


@define
class Shrinker:
    """Sends smaller requests in place of a generated one that broke a requirement."""

    suite: Suite
    control: Probe
    target: Target
    settings: Settings
    exchanges: list[Exchange]
    """Those of the run; what is sent here is added."""
    budget: int
    """Requests that may still be sent."""

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
            for evidence, message in judged:
                if message is not None:
                    finding = Finding(redact(message, self.target.key), evidence.exchange)
                    smallest[encode(messages)] = finding
                    return True
            return False

        messages = conversations.shrink(self.suite.contract, theme, self.settings.seed, fails)
        if messages is None or (finding := smallest[encode(messages)]) in verdict.findings:
            return verdict
        return evolve(verdict, findings=(finding, *verdict.findings), judged=verdict.judged + 1)

    def exchange(self, probe: Probe) -> Exchange | None:
        """What came back for a request, now or before; None where the budget is spent."""
        known = next((each for each in self.exchanges if each.probe.body == probe.body), None)
        if known is None and self.budget > 0:
            self.budget -= 1
            known = runner.send(len(self.exchanges) + 1, probe, self.target, self.settings)
            self.exchanges.append(known)
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
    reason: str | None = None
    """Why nothing could be judged, in one line."""

    @property
    def conclusion(self) -> Conclusion:
        found = conclude(self.verdicts.values(), self.settings.level)
        return Conclusion.INCONCLUSIVE if self.plan.unsent and found is Conclusion.CONFORMS else found

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
