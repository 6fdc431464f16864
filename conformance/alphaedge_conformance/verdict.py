"""Judging: what the exchanges of a run say of each requirement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from attrs import frozen

from .checks import Check
from .contract import Contract
from .evidence import Evidence, Unseen
from .exchange import Exchange, Probe
from .requirements import Level, Requirement
from .secrets import redact


class Status(StrEnum):
    """What is known of a requirement; the worst first."""

    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    WAIVED = "waived"
    PASSED = "passed"
    NOT_APPLICABLE = "not-applicable"


@frozen
class Finding:
    """One exchange that breaks a requirement."""

    message: str
    """What was expected, and what came; without the key."""
    exchange: Exchange


@frozen
class Verdict:
    """What a run says of one requirement."""

    requirement: Requirement
    status: Status
    findings: tuple[Finding, ...] = ()
    judged: int = 0
    """How many exchanges were judged; the findings are some of them."""
    reason: str | None = None
    """Why nothing was judged, in words."""


class Conclusion(StrEnum):
    """What a run says of a target; each has an exit code of its own."""

    CONFORMS = "conforms"
    DEVIATES = "deviates"
    INCONCLUSIVE = "inconclusive"

    @property
    def exit_code(self) -> int:
        return list(Conclusion).index(self)


def judge(
    contract: Contract,
    requirements: Iterable[Requirement],
    checks: Mapping[str, Check],
    exchanges: Sequence[Exchange],
    unsent: Sequence[Probe],
    key: str | None,
) -> dict[str, Verdict]:
    """The verdict of each requirement. One that probes are about is judged on these, any other on every exchange that
    shows what its check asks for. What differs from a control that was not accepted says nothing. Where a probe that a
    requirement needs was not sent, it cannot pass."""
    accepted = {None, *(exchange.probe.name for exchange in exchanges if exchange.status == 200)}
    shown = [Evidence(exchange, contract, key) for exchange in exchanges if exchange.probe.control in accepted]
    verdicts = {}
    for requirement in requirements:
        about = {
            probe for probe in (*(exchange.probe for exchange in exchanges), *unsent) if requirement.id in probe.about
        }
        of_interest = [evidence for evidence in shown if not about or evidence.exchange.probe in about]
        verdict = _verdict(requirement, checks[requirement.id], of_interest, key)
        missing = len(about & set(unsent))
        if missing and verdict.status is Status.PASSED:
            verdict = Verdict(requirement, Status.INCONCLUSIVE, reason=f"the budget cut {missing} of its requests")
        verdicts[requirement.id] = verdict
    return verdicts


def unjudged(requirements: Iterable[Requirement], reason: str) -> dict[str, Verdict]:
    """The verdicts of a run that could judge nothing."""
    return {requirement.id: Verdict(requirement, Status.INCONCLUSIVE, reason=reason) for requirement in requirements}


def _verdict(requirement: Requirement, check: Check, shown: Sequence[Evidence], key: str | None) -> Verdict:
    if key is None and requirement.subject == "authorization":
        return Verdict(requirement, Status.NOT_APPLICABLE, reason="no key is set")
    judged = list(check(shown))
    findings = tuple(
        Finding(redact(message, key), evidence.exchange) for evidence, message in judged if message is not None
    )
    if findings:
        return Verdict(requirement, Status.FAILED, findings, len(judged))
    if not judged:
        return Verdict(requirement, Status.INCONCLUSIVE, reason=_reason(shown))
    return Verdict(requirement, Status.PASSED, judged=len(judged))


def _reason(shown: Sequence[Evidence]) -> str:
    """Why a requirement was not judged."""
    if not shown:
        return "no request that would show it was sent, or what it differs from was not accepted"
    for evidence in shown:
        try:
            evidence.answer  # noqa: B018  raises where there is none
        except Unseen as reason:
            return f"{evidence.exchange.probe.name}: {reason}"
    return "no answer showed it"


def conclude(verdicts: Iterable[Verdict], level: Level) -> Conclusion:
    """The worst that a requirement of this level or above says."""
    scored = {verdict.status for verdict in verdicts if verdict.requirement.level.rank <= level.rank}
    if Status.FAILED in scored:
        return Conclusion.DEVIATES
    if Status.INCONCLUSIVE in scored or not scored & {Status.PASSED, Status.WAIVED}:
        return Conclusion.INCONCLUSIVE
    return Conclusion.CONFORMS
