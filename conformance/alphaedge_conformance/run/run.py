"""What one run sent, what came back, and what that says."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from attrs import field, frozen

from ..contract import Contract
from ..exchange import Exchange
from ..exchange.redaction import redact
from ..exchange.target import Target
from ..judging.client_impact import Impact, observe
from ..judging.evidence import Evidence
from ..judging.verdicts import Conclusion, Finding, Status, Verdict, conclude
from ..probes import Plan
from ..sending.settings import Settings
from .discovering import Offer


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
    """Requests sent, retries and those for the list of models included."""
    unsent: int = 0
    """Probes of the plan without an answer."""
    stopped: str | None = None
    """Why the run ended before its plan did, as by Ctrl-C."""
    reason: str | None = None
    """Why nothing could be judged, in one line."""
    archive_failure: str | None = None
    """Why exchanges.har is incomplete, as for a full disk."""
    offers: tuple[Offer, ...] = ()
    """What `--discover` found of each profile of the suite."""
    problems: tuple[str, ...] = ()
    """What is wrong with the waivers; each fails the run."""

    @property
    def conclusion(self) -> Conclusion:
        if any(verdict.status is Status.KIT_ERROR for verdict in self.verdicts.values()):
            return Conclusion.KIT_ERROR
        if self.stopped or self.reason:
            return Conclusion.INCONCLUSIVE
        if self.problems:
            return Conclusion.DEVIATES
        scored = [verdict for verdict in self.verdicts.values() if self.settings.scores(verdict.requirement)]
        if self.settings.seen_only:
            return conclude(verdict for verdict in scored if verdict.status is not Status.INCONCLUSIVE)
        found = conclude(scored)
        return Conclusion.INCONCLUSIVE if self.unsent and found is Conclusion.CONFORMS else found

    @property
    def why(self) -> str | None:
        """Why the run is inconclusive, or ended before its plan, in one line."""
        if self.reason or self.stopped or self.conclusion is not Conclusion.INCONCLUSIVE:
            return self.reason or self.stopped
        level = self.settings.level
        scored = [verdict for verdict in self.verdicts.values() if self.settings.scores(verdict.requirement)]
        if not scored:
            return f"no requirement of level {level} was selected, so nothing can fail"
        unjudged = [verdict for verdict in scored if verdict.status is Status.INCONCLUSIVE]
        if unjudged:
            of = f"{len(unjudged)} of {len(scored)} requirements that can fail the run were not judged"
            return f"{of}; the first: {unjudged[0].reason}"
        return (
            "no requirement that can fail the run applies"
            if not self.unsent
            else "some planned requests were not answered"
        )

    @property
    def server(self) -> str | None:
        """What the target calls itself in its first answer."""
        return next((each.header("server") for each in self.exchanges if each.status is not None), None)

    @cached_property
    def _impacts(self) -> dict[int, Impact]:
        return {}

    def impact(self, finding: Finding) -> str | None:
        """What a finding does to a program that uses the client."""
        exchange = finding.exchange
        if exchange.probe.operation is not None:
            return None
        if exchange.number not in self._impacts:
            self._impacts[exchange.number] = observe(exchange)
        what = self._impacts[exchange.number].of(finding.place)
        return redact(what, self.target.key) if what is not None else None

    @cached_property
    def _usages(self) -> list[tuple[Exchange, int, int]]:
        """The exchanges with a usage, and the prompt and completion tokens that it says."""
        found = []
        for exchange in (each for each in self.exchanges if each.probe.operation is None):
            try:
                usage = Evidence(exchange, self.contract).usage
            except Exception:  # nothing is judged here; a check that asks for it says what is wrong
                continue
            found.append((exchange, int(usage["prompt_tokens"]), int(usage["completion_tokens"])))
        return found

    @property
    def tokens(self) -> tuple[int, int]:
        """The prompt and completion tokens that the target says it spent."""
        return sum(prompt for _, prompt, _ in self._usages), sum(completion for _, _, completion in self._usages)

    @property
    def paces(self) -> list[float]:
        """The completion tokens per second of each answer that has a usage."""
        return [
            completion / exchange.elapsed
            for exchange, _, completion in self._usages
            if exchange.is_timed and exchange.elapsed and completion
        ]
