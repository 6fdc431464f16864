"""Judging: what the exchanges of a run say of each requirement."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from math import sqrt
from pathlib import Path
from urllib.parse import urlsplit

from attrs import define, evolve, field, frozen

from ..contract import Contract, shorten
from ..contract.requirements import Requirement
from ..exchange import Effort, Exchange, Expect, ExpectedAnswer, Probe
from ..exchange.redaction import SHORTEST, redact
from .checks.check import Check
from .evidence import Evidence, Unseen
from .places import Deviation, Place

Z = 1.96
"""Standard deviations on either side of the mean that hold 95 % of a normal distribution."""

DECODED = 64 * 2**10
"""Bytes of the largest body whose values are kept until all exchanges are judged."""


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
    beside: Exchange | None = None
    """Another exchange that was under way, where the requirement broke only beside others: each finding was, and the
    request of the first passed when it was repeated alone."""

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


Request = tuple[object, ...]
"""What was sent, whatever series it was part of."""


class Judge:
    """Judges exchanges as they arrive. A requirement that probes are about is judged on these, any other on every
    exchange that shows what its check asks for. What differs from a control that was not accepted says nothing."""

    def __init__(
        self,
        contract: Contract,
        requirements: Iterable[Requirement],
        checks: Mapping[str, Check],
        named: Iterable[str],
        key: str | None,
        effort: Effort = Effort.STANDARD,
        accepted: Iterable[str | None] = (),
        later: Iterable[str] = (),
        ignored: Iterable[str] = (),
    ) -> None:
        """`named` are judged on the probes that are about them alone; `accepted` are controls that are known to be,
        though no exchange shows it; `later` are requirements that a larger effort judges, `ignored` the members of a
        request that the target declares to ignore."""
        self._contract, self._key = contract, key
        self.requirements = list(requirements)
        self._checks = checks
        self._later, self._ignored = frozenset(later), frozenset(ignored)
        self._effort = effort
        self._inapplicable = {each.id: why for each in self.requirements if (why := self._why_not(each))}
        self._applicable = [each for each in self.requirements if each.id not in self._inapplicable]
        self._named = frozenset(named)
        self._packs: list[Exchange] = []
        """Refused requests with several values; which of these it was for is known when each was sent alone."""
        self._judged: Counter[str] = Counter()
        self._requests: dict[str, set[Request]] = {each.id: set() for each in self.requirements}
        """What was sent for the exchanges that were judged."""
        self._findings: dict[str, list[Finding]] = {each.id: [] for each in self.requirements}
        self._kit_errors: dict[str, str] = {}
        """The first exchange of each requirement on which the kit itself failed, and how."""
        self._doubts: dict[str, str] = {}
        """Requirements that one of two different outcomes of the same request breaks, each with the reason."""
        self._evidence: list[Evidence] = []
        """Of each exchange."""
        self._waiting: dict[str | None, list[Exchange]] = {}
        """What came before the control that it differs from."""
        self._accepted: set[str | None] = {None, *accepted}
        self._described: set[tuple[str | None, ExpectedAnswer]] = set()
        """The kinds of probes whose answers were held against a schema, of each operation."""
        self._absent: dict[str | None, str] = {}
        """The operations that the server lacks and may lack, each with how it said so."""
        self.findings = 0
        """So far, without what only all exchanges together show."""

    def _why_not(self, requirement: Requirement) -> str | None:
        """Why a requirement does not apply here."""
        if self._key is None and (requirement.subject == "authorization" or requirement.needs_key):
            return "no key is set"
        if requirement.effect_of in self._ignored:
            return f"the target declares that it ignores `{requirement.effect_of}`"
        if requirement.id in self._later:
            return f"not judged at {self._effort} effort"
        if self._key is not None and "key" in self._checks[requirement.id].views:
            is_word = len(self._key) < SHORTEST or self._key.lower() in self._contract.text.lower()
            return "the key is short or a common word, which any answer may contain" if is_word else None
        return None

    def add(self, exchange: Exchange) -> None:
        """What an exchange shows by itself; it is looked at once."""
        probe = exchange.probe
        if probe.alone:
            return
        if probe.control not in self._accepted:
            self._waiting.setdefault(probe.control, []).append(exchange)
            return
        if exchange.lacks_its_operation:
            asked = f"{probe.method} {urlsplit(exchange.url).path}"
            self._absent[probe.operation_name] = f"{asked} is optional, and was answered {exchange.status}"
            return
        if probe.parts and not exchange.accepted:
            self._packs.append(exchange)
            exchange = evolve(exchange, probe=evolve(probe, requirement_ids=frozenset(), parts=()))
        evidence = Evidence.of(exchange, self._contract, self._key)
        self._evidence.append(evidence)
        doubt = self._doubt(exchange) if probe.repeated else None
        for requirement in self._applicable:
            check = self._checks[requirement.id]
            if not check.compares and self._concerns(requirement, exchange):
                try:
                    judged = check([evidence])
                    if doubt is None:
                        self._count(requirement, judged)
                    elif any(deviation is not None for _, deviation in judged):
                        self._doubts.setdefault(requirement.id, doubt)
                except Exception as error:
                    self._kit_errors.setdefault(requirement.id, kit_failed(error, exchange, self._key))
        if evidence.__dict__.get("keywords"):
            self._described.add(probe.shows)
        _forget_large([evidence])
        if exchange.accepted:
            self._accepted.add(probe.name)
            for each in self._waiting.pop(probe.name, ()):
                self.add(each)

    @property
    def _exchanges(self) -> list[Exchange]:
        return [evidence.exchange for evidence in self._evidence]

    @property
    def failed(self) -> frozenset[str]:
        """The requirements that an exchange broke so far."""
        return frozenset(id for id, findings in self._findings.items() if findings)

    def broken_by(self, exchange: Exchange) -> frozenset[str]:
        """What an exchange breaks by itself; it is not counted."""
        evidence, broken = Evidence.of(exchange, self._contract, self._key), set()
        for requirement in self._applicable:
            check = self._checks[requirement.id]
            if not check.compares and self._concerns(requirement, exchange):
                try:
                    if any(deviation is not None for _, deviation in check([evidence])):
                        broken.add(requirement.id)
                except Exception as error:
                    self._kit_errors.setdefault(requirement.id, kit_failed(error, exchange, self._key))
        return frozenset(broken)

    def verdicts(self, unsent: Mapping[Probe, str]) -> dict[str, Verdict]:
        """The verdict of each requirement. Where a probe that a requirement needs has no answer, it cannot pass."""
        unsent = {**unsent, **dict(self._settle_packs())}
        self._evidence.sort(key=lambda evidence: evidence.exchange.number)
        for requirement in self._applicable:
            check = self._checks[requirement.id]
            if check.compares:
                operation = requirement.operation
                own = [each for each in self._evidence if each.exchange.probe.operation_name == operation]
                looked_at = _OneByOne(own)
                try:
                    judged = check(looked_at)
                    self._count(requirement, (each for each in judged if self._concerns(requirement, each[0])))
                except Exception as error:
                    self._kit_errors.setdefault(requirement.id, kit_failed(error, looked_at.current, self._key))
                _forget_large(own)
        return {requirement.id: self._verdict(requirement, unsent) for requirement in self.requirements}

    def _settle_packs(self) -> Iterator[tuple[Probe, str]]:
        """Holds a request with several values that was refused against one requirement only where each of these values
        alone is accepted; gives those of which that is not known. What profiles add may be refused beside another
        parameter: probabilities of a stream that may call functions, say."""
        of_profiles = {each.id for each in self.requirements if each.profile is not None}
        answers = {exchange.probe.sent: exchange for exchange in self._exchanges}
        for pack in self._packs:
            alone = [answers.get(part.sent) for part in pack.probe.parts]
            if None in alone:
                yield pack.probe, "a request with several values was refused, and not every value was sent alone"
            elif pack.probe.requirement_ids & of_profiles:
                continue
            elif all(each is not None and each.accepted for each in alone):
                first = min(pack.probe.requirement_ids)
                evidence = Evidence.of(pack, self._contract, self._key)
                for requirement in (each for each in self._applicable if each.id == first):
                    self._count(requirement, self._checks[first]([evidence]))

    def _count(self, requirement: Requirement, judged: Iterable[tuple[Exchange, Deviation | None]]) -> None:
        for exchange, deviation in judged:
            self._judged[requirement.id] += 1
            probe = exchange.probe
            self._requests[requirement.id].add(probe.on_the_wire)
            if deviation is not None:
                self._findings[requirement.id].append(Finding.of(deviation, exchange, self._key))
                self.findings += 1

    def _doubt(self, repeat: Exchange) -> str | None:
        """Why the outcomes of one request, asked twice, say nothing: it failed the second time in another way."""
        first = next((each for each in self._exchanges if evolve(each.probe, repeated=True) == repeat.probe), repeat)
        if not _failure(repeat) or _failure(first) == _failure(repeat):
            return None
        got, again = ("no answer" if each.is_silent else f"{each.status}" for each in (first, repeat))
        return f"{repeat.probe.name!r} got {got}, and {again} when asked again"

    def _concerns(self, requirement: Requirement, exchange: Exchange) -> bool:
        if exchange.probe.operation_name != requirement.operation:
            return False
        if requirement.id in self._named:
            return requirement.id in exchange.probe.requirement_ids
        return not self._lacks_a_probe(requirement)

    def _lacks_a_probe(self, requirement: Requirement) -> bool:
        """Whether it is about a keyword of the request that no request shows, so that no answer can be held against
        it."""
        return requirement.kind in ("accepted", "refused", "lenient") and requirement.id not in self._named

    def _cannot_follow(self, requirement: Requirement) -> str | None:
        """Why an answer tells of the model alone: asked for a word, it does not say it."""
        for evidence in self._evidence:
            probe = evidence.exchange.probe
            word = probe.says
            if word is None or requirement.id not in probe.requirement_ids:
                continue
            try:
                text, _ = evidence.said
            except Unseen:
                continue
            if word.lower() not in text.lower():
                return f"the model cannot follow: asked to say {word!r}, it said {shorten(text, 80)!r}"
        return None

    def _is_left_out(self, requirement: Requirement) -> bool:
        """Whether it is about an optional part of answers, and there were such answers."""
        kinds = self._checks[requirement.id].kinds
        return requirement.is_optional and any((requirement.operation, kind) in self._described for kind in kinds)

    def _verdict(self, requirement: Requirement, unsent: Mapping[Probe, str]) -> Verdict:
        if requirement.id in self._inapplicable:
            return Verdict(requirement, Status.NOT_APPLICABLE, reason=self._inapplicable[requirement.id])
        if requirement.operation in self._absent:
            return Verdict(requirement, Status.NOT_APPLICABLE, reason=self._absent[requirement.operation])
        judged = self._judged[requirement.id]
        findings = sorted(self._findings[requirement.id], key=lambda finding: finding.exchange.number)
        if requirement.id in self._kit_errors:
            return Verdict(requirement, Status.KIT_ERROR, tuple(findings), judged, self._kit_errors[requirement.id])
        if findings and requirement.needs_capable_model and (why := self._cannot_follow(requirement)) is not None:
            return Verdict(requirement, Status.INCONCLUSIVE, reason=why)
        if findings:
            are_repetitions = judged > 1 and len(self._requests[requirement.id]) == 1
            return Verdict(requirement, Status.FAILED, tuple(findings), judged, are_repetitions=are_repetitions)
        if requirement.id in self._doubts:
            return Verdict(requirement, Status.INCONCLUSIVE, reason=self._doubts[requirement.id])
        missing = [why for probe, why in unsent.items() if requirement.id in probe.requirement_ids]
        if missing:
            what = "required request was" if len(missing) == 1 else "required requests were"
            reason = f"{len(missing)} {what} not sent: {missing[0]}"
            return Verdict(requirement, Status.INCONCLUSIVE, reason=reason)
        is_shown = any(self._concerns(requirement, each) for each in self._exchanges)
        if self._effort is Effort.QUICK and not judged and not is_shown:
            reason = f"not judged at {self._effort} effort"
            return Verdict(requirement, Status.NOT_APPLICABLE, reason=reason)
        if self._lacks_a_probe(requirement):
            return Verdict(requirement, Status.INCONCLUSIVE, reason="the kit has no request that shows it")
        if not judged and self._is_left_out(requirement):
            return Verdict(
                requirement, Status.NOT_APPLICABLE, reason="no answer has the optional part that it is about"
            )
        if not judged:
            exchanges = [each for each in self._exchanges if self._concerns(requirement, each)]
            able = [each for each in exchanges if each.probe.kind in self._checks[requirement.id].kinds]
            return Verdict(requirement, Status.INCONCLUSIVE, reason=_reason(able or exchanges))
        return Verdict(requirement, Status.PASSED, judged=judged)


@define
class _OneByOne:
    """What exchanges show; the values of a large one are forgotten when the next one is looked at."""

    evidence: Sequence[Evidence]
    current: Exchange | None = None
    """The one that was last looked at."""

    def __iter__(self) -> Iterator[Evidence]:
        for each in self.evidence:
            self.current = each.exchange
            yield each
            _forget_large([each])


def _forget_large(evidence: Iterable[Evidence]) -> None:
    for each in evidence:
        if sum(len(chunk.data) for chunk in each.exchange.chunks) > DECODED:
            each.forget_values()


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


def _failure(exchange: Exchange) -> str | None:
    """In which way a server failed to answer, if it did."""
    if exchange.is_silent:
        return "no answer"
    return "5xx" if (exchange.status or 0) >= 500 else None


def _reason(exchanges: Sequence[Exchange]) -> str:
    """Why a requirement was not judged."""
    if not exchanges:
        return "the control request was not accepted"
    for exchange in exchanges:
        if exchange.status is None or exchange.timed_out:
            return f"no answer to {exchange.probe.name!r}: {exchange.failure}"
    refused = [each for each in exchanges if each.status != 200 and each.probe.expect is Expect.ACCEPTED]
    if len(refused) == len(exchanges):
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
