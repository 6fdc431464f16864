"""Makes a generated request that broke a requirement smaller, by asking the server again."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, evolve

from .. import probes
from ..contract import Contract
from ..exchange import Exchange, Probe, encode
from ..exchange.target import Target
from ..judging.checks import Check
from ..judging.evidence import Evidence
from ..judging.verdicts import Finding, Verdict, kit_failed
from ..probes import conversations
from ..sending.runner import Runner
from ..sending.settings import Settings

SHRINKING = 30
"""Requests that a run may send beyond its plan, to shrink generated requests that failed."""


@define
class Shrinker:
    """Sends smaller requests in place of a generated one that broke a requirement."""

    contract: Contract
    checks: Mapping[str, Check]
    control: Probe
    target: Target
    settings: Settings
    runner: Runner
    """That of the run; what is sent here counts for its budget."""
    left: int = SHRINKING

    def shrunk(self, verdict: Verdict) -> Verdict:
        """The verdict with the smallest request in place of the one that it was made from, where generated requests
        alone broke the requirement; it was sent because it fails, so it counts for nothing."""
        try:
            return self._shrunk(verdict)
        except Exception as error:
            return verdict.kit_error(kit_failed(error, self.runner.exchanges[-1], self.target.key))

    def _shrunk(self, verdict: Verdict) -> Verdict:
        check = self.checks[verdict.requirement.id]
        themes = [finding.exchange.probe.theme for finding in verdict.findings]
        if not themes or themes[0] is None or None in themes or "all_shown" in check.views:
            return verdict
        # A text of one theme says more than several texts together.
        origin = min(verdict.findings, key=lambda finding: finding.exchange.probe.theme == conversations.JOINED.name)
        found = origin.exchange.probe
        theme = conversations.BY_NAME[str(found.theme)]
        smallest: dict[bytes, Finding] = {}

        def fails(messages: conversations.Messages) -> bool:
            smaller = conversations.probe(self.control, theme, f"{theme.name}, shrunk", messages)
            exchange = self.exchange(probes.streamed(smaller) if found.streams else smaller)
            judged = check([Evidence(exchange, self.contract, self.target.key)]) if exchange else ()
            for judged_exchange, deviation in judged:
                if deviation is not None:
                    finding = Finding.of(deviation, judged_exchange, self.target.key)
                    smallest[encode(messages)] = finding
                    return True
            return False

        messages = conversations.shrink(self.contract, theme, self.settings.seed, fails)
        if messages is None or (finding := smallest[encode(messages)]) in verdict.findings:
            return verdict
        return evolve(verdict, findings=(finding, *(each for each in verdict.findings if each is not origin)))

    def exchange(self, probe: Probe) -> Exchange | None:
        """What came back for a request, now or before; None where the budget is spent."""
        known = next((each for each in self.runner.exchanges if each.probe.body == probe.body), None)
        if known is None and self.left > 0:
            self.left -= 1
            known = self.runner.send(probe)
        return known
