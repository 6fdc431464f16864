"""Findings that need other requests under way: what failed beside another request is sent once more, alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import define, evolve, field

from ..contract import Contract
from ..exchange import Exchange, Expect
from ..judging.checks.check import Check
from ..judging.evidence import Evidence
from ..judging.verdicts import Status, Verdict, kit_failed
from ..probes import ceiling
from ..sending.runner import Runner

MOST = 8
"""Requests that a run repeats alone."""


def repeat_alone(runner: Runner, verdicts: Iterable[Verdict], checks: Mapping[str, Check]) -> None:
    """Sends the request of the first finding of each requirement once more, where all its findings came beside other
    requests; valid requests first, which other requests explain sooner than what becomes of an invalid one, then the
    requirements that matter most, then the cheapest."""
    overlaps = Overlaps(runner.exchanges)
    doubtful = [verdict for verdict in verdicts if overlaps.may_have_caused(verdict, checks)]
    doubtful.sort(key=_order)
    probes = dict.fromkeys(evolve(each.findings[0].exchange.probe, alone=True) for each in doubtful)
    for probe in list(probes)[:MOST]:
        runner.send(probe)


def _order(verdict: Verdict) -> tuple[bool, int, int]:
    probe = verdict.findings[0].exchange.probe
    return probe.expect is Expect.REFUSED, verdict.requirement.level.rank, sum(ceiling(probe))


def mark(
    verdicts: Mapping[str, Verdict],
    exchanges: Sequence[Exchange],
    checks: Mapping[str, Check],
    contract: Contract,
    key: str | None,
) -> dict[str, Verdict]:
    """The verdicts, with the exchange beside each finding that needs one."""
    repeats = {each.probe: each for each in exchanges if each.probe.alone}
    overlaps = Overlaps(exchanges)

    def marked(verdict: Verdict) -> Verdict:
        if not repeats or not overlaps.may_have_caused(verdict, checks):
            return verdict
        repeat = repeats.get(evolve(verdict.findings[0].exchange.probe, alone=True))
        if repeat is None:
            return verdict
        try:
            judged = list(checks[verdict.requirement.id]([Evidence.of(repeat, contract, key)]))
        except Exception as error:
            return verdict.kit_error(kit_failed(error, repeat, key))
        if not judged or judged[0][1] is not None:
            return verdict
        found = (evolve(finding, beside=overlaps.beside(finding.exchange)) for finding in verdict.findings)
        return evolve(verdict, findings=tuple(found))

    return {id: marked(verdict) for id, verdict in verdicts.items()}


@define
class Overlaps:
    """Which exchanges were under way together."""

    exchanges: Sequence[Exchange]
    _known: dict[int, Exchange | None] = field(factory=dict)

    def beside(self, exchange: Exchange) -> Exchange | None:
        """Of those under way at the same time, the one that began last: a server that minds a new request minds it."""
        if exchange.number not in self._known:
            others = [each for each in self.exchanges if each.number != exchange.number and _overlap(each, exchange)]
            self._known[exchange.number] = max(others, key=lambda each: each.started, default=None)
        return self._known[exchange.number]

    def may_have_caused(self, verdict: Verdict, checks: Mapping[str, Check]) -> bool:
        """Whether every finding came beside another request, and one exchange alone tells, which one of a series does
        not. An invalid request that is accepted was not checked at all, which no load explains."""
        if verdict.status is not Status.FAILED or checks[verdict.requirement.id].compares:
            return False
        first = verdict.findings[0].exchange
        is_unchecked = first.probe.expect is Expect.REFUSED and first.accepted
        if is_unchecked or first.probe.series is not None:
            return False
        return all(self.beside(each.exchange) is not None for each in verdict.findings)


def _overlap(one: Exchange, other: Exchange) -> bool:
    return one.started < other.started + other.elapsed and other.started < one.started + one.elapsed
