"""What the exchanges so far say of each requirement, in as much memory for a million of them as for a thousand."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve, field, frozen

from ..exchange import Exchange
from ..judging.verdicts import Finding, Status, Verdict

KEPT = 3
"""Findings of each requirement that are kept, the first ones."""
WORST_FIRST = (Status.KIT_ERROR, Status.FAILED, Status.PASSED, Status.INCONCLUSIVE, Status.NOT_APPLICABLE)
"""Of two statuses of one requirement, the one that counts; a window that shows nothing takes no verdict away."""


@frozen
class Tally:
    """The verdicts, each with its first findings, and how many exchanges broke each requirement."""

    verdicts: Mapping[str, Verdict] = field(factory=dict)
    failed: Mapping[str, int] = field(factory=dict)

    def plus(self, verdicts: Mapping[str, Verdict], findings: Mapping[str, tuple[Finding, ...]]) -> Tally:
        """With those of further exchanges; `findings` are what may be kept of theirs."""
        failed = {**self.failed, **{id: self.failed.get(id, 0) + len(each.findings) for id, each in verdicts.items()}}
        merged = dict(self.verdicts)
        for id, new in verdicts.items():
            new = evolve(new, findings=findings.get(id, ())[:KEPT], are_repetitions=False)
            merged[id] = _merged(self.verdicts[id], new) if id in self.verdicts else new
        return Tally(merged, failed)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Those of the findings that are kept."""
        found = {
            finding.exchange.number: finding.exchange
            for verdict in self.verdicts.values()
            for finding in verdict.findings
        }
        return tuple(found[number] for number in sorted(found))


def _merged(old: Verdict, new: Verdict) -> Verdict:
    leading = min(old, new, key=lambda verdict: WORST_FIRST.index(verdict.status))
    return evolve(leading, findings=(*old.findings, *new.findings)[:KEPT], judged=old.judged + new.judged)
