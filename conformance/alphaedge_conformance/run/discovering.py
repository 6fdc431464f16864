"""What a target offers beyond the contract: the control of each profile of the suite, tried once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum

from attrs import evolve, frozen

from ..contract import Contract
from ..contract.overlays import Overlay, load, shipped
from ..errors import ConfigurationError
from ..exchange import Exchange, Probe
from ..exchange.redaction import redact
from ..judging.checks import STATED
from ..judging.checks.keywords import excerpt
from ..judging.evidence import Evidence
from ..probes.stated import every
from ..sending.runner import Runner


class Outcome(StrEnum):
    """How a target answered the control request of a profile."""

    SUPPORTED = "supported"
    """The answer has the requested effect."""
    IGNORED = "ignored"
    """Accepted, without the requested effect."""
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """No answer came, or it does not show the effect."""


@frozen
class Offer:
    """Whether a target supports one profile."""

    profile: str
    outcome: Outcome
    reason: str | None = None
    """Why it does not count as supported."""


def discover(contract: Contract, runner: Runner, control: Probe, keep: Callable[[Exchange], object]) -> Iterator[Offer]:
    """One request for each profile. None of the answers counts for a verdict; `keep` takes each."""
    for name in shipped():
        try:
            extended = Contract.load(contract.source, [name])
            probe, shown_by = _control(extended, load(name), control)
        except ConfigurationError as error:  # the contract conflicts with the profile
            yield Offer(name, Outcome.UNKNOWN, f"the profile cannot be applied to this contract: {error.text}")
            continue
        exchange = runner.send(evolve(probe, name=f"{name}: {probe.name}", requirement_ids=frozenset()))
        if exchange is None:
            yield Offer(name, Outcome.UNKNOWN, "not sent: the budget is exhausted, or the run was stopped")
            continue
        keep(exchange)
        outcome, reason = _outcome(exchange, extended, shown_by)
        yield Offer(name, outcome, redact(reason, runner.target.key) if reason is not None else None)


def _control(contract: Contract, overlay: Overlay, control: Probe) -> tuple[Probe, str]:
    """The probe that shows whether a profile is supported, and the statement that it is judged by."""
    of = overlay.document.get("x-profile")
    wanted, shown_by = (of.get("control"), of.get("shown-by")) if isinstance(of, dict) else (None, None)
    probe = next((each for each in every(contract, control) if each.name == wanted), None)
    statement = str(shown_by).removeprefix(f"{probe.operation_name}." if probe is not None else "")
    if probe is None or statement not in STATED:
        raise overlay.error(
            "/x-profile", "expected the name of an x-probe as `control`, and a requirement as `shown-by`"
        )
    return probe, statement


def _outcome(exchange: Exchange, contract: Contract, shown_by: str) -> tuple[Outcome, str | None]:
    status = exchange.status
    if status is None:
        return Outcome.UNKNOWN, f"no answer: {exchange.failure}"
    if not exchange.accepted:
        is_refusal = status == 501 or (400 <= status < 500 and status not in (401, 403, 429))
        outcome = Outcome.REFUSED if is_refusal else Outcome.UNKNOWN
        return outcome, f"answered {status}: {excerpt(exchange)}"
    for _, deviation in STATED[shown_by]([Evidence.of(exchange, contract)]):
        return (Outcome.SUPPORTED, None) if deviation is None else (Outcome.IGNORED, deviation.message)
    return Outcome.UNKNOWN, "the answer does not show it"
