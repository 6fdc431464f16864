"""Judging: what the exchanges of a run say of each requirement."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from math import sqrt
from pathlib import Path

from attrs import define, evolve, field, frozen

from ..contract import Contract, shorten
from ..contract.requirements import Requirement
from ..exchange import Exchange, Expect, Key, Probe
from ..exchange.redaction import SHORTEST, redact
from .checks.check import Check
from .evidence import Evidence
from .places import Deviation, Place

Z = 1.96
"""Standard deviations on either side of the mean that hold 95 % of a normal distribution."""


class Status(StrEnum):
    """What is known of a requirement; the worst first."""

    KIT_ERROR = "kit-error"
    """The kit failed to judge it, which says nothing of the server."""
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
    place: Place = field(factory=Place)

    @classmethod
    def of(cls, deviation: Deviation, exchange: Exchange, key: str | None) -> Finding:
        return cls(redact(deviation.message, key), exchange, deviation.place.redacted(key))


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

    are_repetitions: bool = False
    """Whether the same request was judged several times, so that there is a probability to estimate."""

    def kit_error(self, reason: str) -> Verdict:
        """The same, where the kit failed; what was found before stands."""
        return evolve(self, status=Status.KIT_ERROR, reason=reason)

    @property
    def interval(self) -> tuple[float, float] | None:
        """Between which shares of the repetitions the requirement breaks, with 95 % confidence (Wilson's interval);
        None for exchanges that differ on purpose."""
        if not self.are_repetitions:
            return None
        return wilson(len(self.findings), self.judged)


def wilson(failed: int, n: int) -> tuple[float, float]:
    """Between which shares the probability lies that `failed` of `n` were seen of, with 95 % confidence."""
    share = failed / n
    centre, spread = share + Z**2 / (2 * n), Z * sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    low, high = ((centre + sign * spread) / (1 + Z**2 / n) for sign in (-1, 1))
    return max(0.0, low), min(1.0, high)


class Conclusion(StrEnum):
    """What a run says of a target; each has an exit code of its own."""

    CONFORMS = "conforms"
    DEVIATES = "deviates"
    INCONCLUSIVE = "inconclusive"
    KIT_ERROR = "kit-error"

    @property
    def exit_code(self) -> int:
        return list(Conclusion).index(self)


Request = tuple[str, str | None, Key, bytes | None]


class Judge:
    """Judges exchanges as they arrive. A requirement that probes are about is judged on these, any other on every
    exchange that shows what its check asks for. What differs from a control that was not accepted says nothing."""

    def __init__(
        self,
        contract: Contract,
        requirements: Iterable[Requirement],
        checks: Mapping[str, Check],
        plan: Iterable[Probe],
        key: str | None,
        accepted: Iterable[str | None] = (),
    ) -> None:
        """`accepted` are controls that are known to be, though no exchange shows it."""
        self._contract, self._key = contract, key
        self.requirements = list(requirements)
        self._checks = checks
        self._inapplicable = {each.id: why for each in self.requirements if (why := self._why_not(each))}
        self._applicable = [each for each in self.requirements if each.id not in self._inapplicable]
        self._named = {id for probe in plan for id in probe.requirement_ids}
        self._judged: Counter[str] = Counter()
        self._requests: dict[str, set[Request]] = {each.id: set() for each in self.requirements}
        """What was sent for the exchanges that were judged."""
        self._findings: dict[str, list[Finding]] = {each.id: [] for each in self.requirements}
        self._kit_errors: dict[str, str] = {}
        """The first exchange of each requirement on which the kit itself failed, and how."""
        self._exchanges: list[Exchange] = []
        self._waiting: dict[str | None, list[Exchange]] = {}
        """What came before the control that it differs from."""
        self._accepted: set[str | None] = {None, *accepted}
        self.findings = 0
        """So far, without what only all exchanges together show."""

    def _why_not(self, requirement: Requirement) -> str | None:
        """Why a requirement does not apply here."""
        if self._key is None and requirement.subject == "authorization":
            return "no key is set"
        if self._key is not None and "key" in self._checks[requirement.id].views:
            is_word = len(self._key) < SHORTEST or self._key.lower() in self._contract.text.lower()
            return "the key is short or a word, which any answer may have" if is_word else None
        return None

    def add(self, exchange: Exchange) -> None:
        """What an exchange shows by itself; it is looked at once."""
        probe = exchange.probe
        if probe.control not in self._accepted:
            self._waiting.setdefault(probe.control, []).append(exchange)
            return
        self._exchanges.append(exchange)
        evidence = Evidence(exchange, self._contract, self._key)
        for requirement in self._applicable:
            check = self._checks[requirement.id]
            if not check.compares and self._concerns(requirement, exchange):
                try:
                    self._count(requirement, check([evidence]))
                except Exception as error:
                    self._kit_errors.setdefault(requirement.id, kit_failed(error, exchange, self._key))
        if exchange.accepted:
            self._accepted.add(probe.name)
            for each in self._waiting.pop(probe.name, ()):
                self.add(each)

    def verdicts(self, unsent: Mapping[Probe, str]) -> dict[str, Verdict]:
        """The verdict of each requirement. Where a probe that a requirement needs has no answer, it cannot pass."""
        self._exchanges.sort(key=lambda exchange: exchange.number)
        for requirement in self._applicable:
            check = self._checks[requirement.id]
            if check.compares:
                shown = _Shown(self._exchanges, self._contract, self._key)
                try:
                    self._count(requirement, (each for each in check(shown) if self._concerns(requirement, each[0])))
                except Exception as error:
                    self._kit_errors.setdefault(requirement.id, kit_failed(error, shown.current, self._key))
        return {requirement.id: self._verdict(requirement, unsent) for requirement in self.requirements}

    def _count(self, requirement: Requirement, judged: Iterable[tuple[Exchange, Deviation | None]]) -> None:
        for exchange, deviation in judged:
            self._judged[requirement.id] += 1
            probe = exchange.probe
            self._requests[requirement.id].add((probe.method, probe.media_type, probe.key, probe.body))
            if deviation is not None:
                self._findings[requirement.id].append(Finding.of(deviation, exchange, self._key))
                self.findings += 1

    def _concerns(self, requirement: Requirement, exchange: Exchange) -> bool:
        if requirement.id in self._named:
            return requirement.id in exchange.probe.requirement_ids
        return not self._lacks_a_probe(requirement)

    def _lacks_a_probe(self, requirement: Requirement) -> bool:
        """Whether it is about a keyword of the request that no request shows, so that no answer can be held against
        it."""
        return requirement.kind in ("accepted", "refused") and requirement.id not in self._named

    def _verdict(self, requirement: Requirement, unsent: Mapping[Probe, str]) -> Verdict:
        if requirement.id in self._inapplicable:
            return Verdict(requirement, Status.NOT_APPLICABLE, reason=self._inapplicable[requirement.id])
        judged = self._judged[requirement.id]
        findings = sorted(self._findings[requirement.id], key=lambda finding: finding.exchange.number)
        if requirement.id in self._kit_errors:
            return Verdict(requirement, Status.KIT_ERROR, tuple(findings), judged, self._kit_errors[requirement.id])
        if findings:
            are_repetitions = judged > 1 and len(self._requests[requirement.id]) == 1
            return Verdict(requirement, Status.FAILED, tuple(findings), judged, are_repetitions=are_repetitions)
        missing = [why for probe, why in unsent.items() if requirement.id in probe.requirement_ids]
        if missing:
            what = "required request was" if len(missing) == 1 else "required requests were"
            reason = f"{len(missing)} {what} not sent: {missing[0]}"
            return Verdict(requirement, Status.INCONCLUSIVE, reason=reason)
        if self._lacks_a_probe(requirement):
            return Verdict(requirement, Status.INCONCLUSIVE, reason="no probe: the kit has no request that shows it")
        if not judged:
            shown = [each for each in self._exchanges if self._concerns(requirement, each)]
            able = [each for each in shown if each.probe.kind in self._checks[requirement.id].kinds]
            return Verdict(requirement, Status.INCONCLUSIVE, reason=_reason(able or shown))
        return Verdict(requirement, Status.PASSED, judged=judged)


@define
class _Shown:
    """What exchanges show, made anew each time: all of it at once is many times as large as they are."""

    exchanges: Sequence[Exchange]
    contract: Contract
    key: str | None
    current: Exchange | None = None
    """The one that was last looked at."""

    def __iter__(self) -> Iterator[Evidence]:
        for exchange in self.exchanges:
            self.current = exchange
            yield Evidence(exchange, self.contract, self.key)


def unjudged(requirements: Iterable[Requirement], reason: str) -> dict[str, Verdict]:
    """The verdicts of a run that could judge nothing."""
    return {requirement.id: Verdict(requirement, Status.INCONCLUSIVE, reason=reason) for requirement in requirements}


def kit_failed(error: Exception, exchange: Exchange | None, key: str | None) -> str:
    """In one line what the kit failed on, and where in its code."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    on = f" on exchange {exchange.number}, {exchange.probe.name!r}" if exchange is not None else ""
    said = shorten(f"{type(error).__name__}: {error}")
    try:
        return redact(f"the kit failed{on}{place}: {said}", key)
    except Exception:  # redaction itself may be what failed
        return f"the kit failed{on}{place}: {type(error).__name__}"


def _reason(shown: Sequence[Exchange]) -> str:
    """Why a requirement was not judged."""
    if not shown:
        return "the control request was not accepted"
    for exchange in shown:
        if exchange.status is None or exchange.timed_out:
            return f"no answer to {exchange.probe.name!r}: {exchange.failure}"
    refused = [each for each in shown if each.status != 200 and each.probe.expect is Expect.ACCEPTED]
    if len(refused) == len(shown):
        return f"{refused[0].probe.name!r} was answered {refused[0].status}"
    return "no answer contained what this requirement is about"


def conclude(verdicts: Iterable[Verdict]) -> Conclusion:
    """The worst that a requirement says."""
    scored = {verdict.status for verdict in verdicts}
    if Status.KIT_ERROR in scored:
        return Conclusion.KIT_ERROR
    if Status.FAILED in scored:
        return Conclusion.DEVIATES
    if Status.INCONCLUSIVE in scored or not scored & {Status.PASSED, Status.WAIVED}:
        return Conclusion.INCONCLUSIVE
    return Conclusion.CONFORMS
