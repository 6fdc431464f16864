"""report.json: a run as data, for programs and for every other view of it.

`report.schema.json` beside this file describes it; `make generate` writes it from the types here. No member is taken
away or given another meaning without another `format`; new ones may come.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Annotated, NotRequired, TypedDict

from ..contract.requirements import Level
from ..exchange.redaction import redact
from ..judging import places, verdicts
from ..judging.verdicts import Conclusion, Status, Verdict, kit_failed
from ..run.discovering import Outcome
from ..run.run import Run
from .curl import command
from .latency import Latency, measure
from .units import Amount, Count, Number, Pointer, Seconds, Share, Time

FORMAT = 1
SOURCE = "^(documented|convention|profile:.+)$"


class Kit(TypedDict):
    """What judged."""

    name: str
    version: str


class ContractUsed(TypedDict):
    """What it was judged by."""

    version: str
    digest: str
    """SHA-256 of openapi.yaml, in hexadecimal."""


class Target(TypedDict):
    """What was judged."""

    name: str
    """What reports call it."""
    url: str
    """The address of the operation."""
    model: str
    """The model asked for."""
    server: str | None
    """What it calls itself in the header Server."""
    has_key: bool
    """Whether a key was sent."""
    headers: NotRequired[list[str]]
    """The names of the caller's own headers, sent with every request."""


class Cost(TypedDict):
    """What the run took."""

    planned_requests: Count
    requests: Count
    """Requests sent, retries included."""
    unanswered_requests: Count
    """Those of the plan without an answer."""
    prompt_tokens: Count
    """As the target counts them."""
    completion_tokens: Count
    """As the target counts them."""
    price: NotRequired[Money | None]
    """Of these tokens; null where no price is given."""


class Money(TypedDict):
    """What the tokens of a run cost, by the prices that its targets.toml gives."""

    amount: Amount
    currency: str


class Place(TypedDict):
    """Where the exchange breaks it, where the check knows."""

    path: list[str | int] | None
    """The steps to a value in the body; in a stream, in each event at `offsets`."""
    missing: str | None
    """The member that the value at `path` lacks; without a path, the event that a stream lacks."""
    members: list[str]
    """Members of the request or the body, at any depth."""
    header: str | None
    """A header of the response, in lower case."""
    status: bool
    """Whether the response should have had another status."""
    offsets: list[Count]
    """Bytes of the body, counted from 0; in a stream, of the lines or events."""


class Finding(TypedDict):
    """One exchange that breaks the requirement."""

    message: str
    """What was expected, and what came."""
    place: NotRequired[Place | None]
    status: NotRequired[int | None]
    """The HTTP status of the answer; null where none came."""
    exchange: Number
    """Its place in the plan, from 1; `_number` in exchanges.har."""
    probe: str
    """What was sent, in words."""
    impact: str | None
    """What a program that uses the client notices."""
    only_concurrent: NotRequired[bool]
    """Whether the requirement broke only beside other requests: each finding did, and the first passed alone."""
    curl: str
    """A command that sends the same request, or two at once where it takes two; the key is that of the environment."""


class Requirement(TypedDict):
    """One sentence that a server must satisfy."""

    id: str
    """Stable for as long as the sentence is."""
    level: Annotated[str, Level]
    scored: bool
    """Whether it can fail the run: its level is high enough, and the pinned contract version has it."""
    source: Annotated[str, {"pattern": SOURCE}]
    """Whence the sentence is: `documented`, `convention`, or `profile:` and the name of the profile."""
    title: str
    """The sentence."""
    quote: str | None
    """The page's words."""
    pointer: Pointer
    """Into the contract."""
    status: Annotated[str, Status]
    reason: str | None
    """Why it was not judged, or is not scored."""
    failed: Count
    """Exchanges that break it."""
    of: Count
    """Exchanges that were judged."""
    interval: Annotated[list[Share] | None, {"minItems": 2, "maxItems": 2}]
    """Between which shares of such exchanges it breaks, with 95 % confidence; null where none was judged."""
    findings: list[Finding]


class Often(TypedDict):
    """In how many exchanges a requirement was broken."""

    failed: Count
    of: Count


class Change(TypedDict):
    """A requirement that is not as it was."""

    id: str
    level: Annotated[str, Level]
    title: str
    was: Annotated[str | None, Status]
    """Null where the earlier run did not have it."""
    now: Annotated[str, Status]
    often_was: Often
    often_now: Often


class Figures(TypedDict):
    """What a run took."""

    requests: Count
    tokens: Count
    price: Money | None
    first_byte_p50: float | None
    whole_p50: float | None
    whole_p95: float | None
    tokens_per_second: float | None


class Since(TypedDict):
    """What has changed since an earlier run of the same target."""

    started: Time
    """Of the earlier run."""
    contract: ContractUsed
    """Of the earlier run."""
    can_fail: bool
    """Whether one of the new failures can fail the run."""
    new: list[Change]
    """What fails now, and did not."""
    fixed: list[Change]
    """What failed, and passes now."""
    unjudged: list[Change]
    """What was judged, and is inconclusive now."""
    prevalence: list[Change]
    """What fails in both, and so much more often or more seldom that it is no chance, with 95 % confidence."""
    was: Figures
    now: Figures


class Profile(TypedDict):
    """What a target claims or offers beyond the contract."""

    name: str
    claimed: bool
    """Whether the target was judged by it."""
    outcome: Annotated[str | None, Outcome]
    """What became of its control; null where it was not tried."""
    reason: str | None
    """What the answer said, where it is not supported."""


class Traffic(TypedDict):
    """What passed through the proxy, and how much of it was judged."""

    exchanges: Count
    """Requests to the operation."""
    judged: Count
    too_large: Count
    """Not judged: larger than what is kept of an exchange."""
    behind: Count
    """Not judged: the judging process was behind."""
    unreadable: Count
    """Not judged: a content coding that is unknown or broken, or credentials that are too long to be hidden."""
    lost: Count
    """Not judged, or no longer known: the judging process ended."""
    has_texts: bool
    """Whether the texts of messages are kept."""


class Behind(TypedDict):
    """What the upstream behind a gateway saw."""

    requests: Count
    """Those that arrived, retries included."""
    piece_delay: float | None
    """Seconds from an event's sending to its arrival at the client, the median; null where no stream came."""


class Report(TypedDict):
    """One run of the AlphaEdge conformance suite. Members that are not described here may come; ignore them."""

    format: Annotated[int, {"const": FORMAT}]
    kit: Kit
    contract: ContractUsed
    target: Target
    started: Time
    seconds: Seconds
    seed: int
    level: Annotated[str, Level]
    """The lowest level that can fail the run."""
    seen_only: NotRequired[bool]
    """Whether what no exchange of a recording shows counts for nothing."""
    verdict: Annotated[str, Conclusion]
    reason: str | None
    """Why nothing was judged, or why the run ended before its plan."""
    problems: list[str]
    """What is wrong with the waivers; each fails the run."""
    profiles: NotRequired[list[Profile]]
    """Those that were claimed, then those that were tried."""
    cost: Cost
    traffic: NotRequired[Traffic | None]
    """Null where requests were sent, and none passed."""
    behind: NotRequired[Behind | None]
    """Null where the target was not judged as a gateway."""
    latency: NotRequired[Latency | None]
    """Null where nothing was accepted, or nobody knows when it arrived."""
    since: NotRequired[Since | None]
    """Null where there is no earlier run to compare with."""
    requirements: list[Requirement]


def build_report(run: Run) -> Report:
    """JSON data; holds no key."""
    requirements = [_requirement(run, verdict) for verdict in run.verdicts.values()]
    is_sound = all(each["status"] != Status.KIT_ERROR for each in requirements)
    prompt, completion = run.tokens
    return {
        "format": FORMAT,
        "kit": {"name": "alphaedge", "version": version("alphaedge")},
        "contract": {"version": run.contract.version, "digest": run.contract.digest},
        "target": {
            "name": run.target.name,
            "url": run.target.url,
            "model": run.target.model,
            "server": redact(run.server, run.target.key) if run.server is not None else None,
            "has_key": run.target.key is not None,
            "headers": [header.name for header in run.target.headers],
        },
        "started": datetime.fromtimestamp(run.started, UTC).isoformat(timespec="seconds"),
        "seconds": round(run.seconds, 3),
        "seed": run.settings.seed,
        "level": run.settings.level,
        "seen_only": run.settings.seen_only,
        "verdict": run.conclusion if is_sound else Conclusion.KIT_ERROR,
        "reason": run.why,
        "problems": list(run.problems),
        "profiles": list(_profiles(run)),
        "cost": {
            "planned_requests": len(run.plan.probes),
            "requests": run.requests,
            "unanswered_requests": run.unsent,
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "price": _price(run),
        },
        "traffic": None,
        "behind": None,
        "latency": measure(run.exchanges, run.paces),
        "requirements": requirements,
    }


def _profiles(run: Run) -> Iterator[Profile]:
    offers, claimed = {offer.profile: offer for offer in run.offers}, run.contract.profiles
    for name in dict.fromkeys([*claimed, *offers]):
        offer = offers.get(name)
        yield {
            "name": name,
            "claimed": name in claimed,
            "outcome": offer.outcome if offer else None,
            "reason": offer.reason if offer else None,
        }


def _price(run: Run) -> Money | None:
    price = run.target.price
    if price is None:
        return None
    prompt, completion = run.tokens
    amount = (prompt * price.prompt + completion * price.completion) / 1_000_000
    return {"amount": round(amount, 6), "currency": price.currency}


def _requirement(run: Run, verdict: Verdict) -> Requirement:
    findings: list[Finding] = []
    for finding in verdict.findings:
        try:
            findings.append(_finding(run, finding))
        except Exception as error:  # the other findings stand
            verdict = verdict.kit_error(kit_failed(error, finding.exchange, run.target.key))
    requirement = verdict.requirement
    return {
        "id": requirement.id,
        "level": requirement.level,
        "scored": run.settings.scores(requirement),
        "source": requirement.source,
        "title": requirement.text,
        "quote": requirement.quote,
        "pointer": requirement.pointer,
        "status": verdict.status,
        "reason": verdict.reason,
        "failed": len(findings),
        "of": verdict.judged,
        "interval": [round(end, 4) for end in verdict.interval] if verdict.interval is not None else None,
        "findings": findings,
    }


def _finding(run: Run, finding: verdicts.Finding) -> Finding:
    return {
        "message": finding.message,
        "place": place_of(finding.place),
        "status": finding.exchange.status,
        "exchange": finding.exchange.number,
        "probe": finding.exchange.probe.name,
        "impact": run.impact(finding),
        "only_concurrent": finding.beside is not None,
        "curl": command(finding, run.target),
    }


def place_of(place: places.Place) -> Place | None:
    if place == places.Place():
        return None
    return {
        "path": None if place.path is None else list(place.path),
        "missing": place.missing,
        "members": list(place.members),
        "header": place.header,
        "status": place.status,
        "offsets": list(place.offsets),
    }
