"""report.json: a run as data, for programs and for every other view of it.

`report.schema.json` beside this file describes it. No member is taken away or given another meaning without another
`format`; new ones may come.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from typing import TypedDict

from ..exchange.redaction import redact
from ..judging import verdicts
from ..judging.verdicts import Conclusion, Status, Verdict, kit_failed
from ..run.run import Run
from .curl import curl

FORMAT = 1


class Finding(TypedDict):
    message: str
    exchange: int
    probe: str
    impact: str | None
    curl: str


class Requirement(TypedDict):
    id: str
    level: str
    scored: bool
    source: str
    title: str
    quote: str | None
    pointer: str
    status: str
    reason: str | None
    failed: int
    of: int
    interval: list[float] | None
    findings: list[Finding]


class Cost(TypedDict):
    planned_requests: int
    requests: int
    unanswered_requests: int
    prompt_tokens: int
    completion_tokens: int


class Target(TypedDict):
    name: str
    url: str
    model: str
    server: str | None
    has_key: bool


class Report(TypedDict):
    """One run."""

    format: int
    kit: dict[str, str]
    contract: dict[str, str]
    target: Target
    started: str
    seconds: float
    seed: int
    level: str
    verdict: str
    reason: str | None
    problems: list[str]
    cost: Cost
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
        },
        "started": datetime.fromtimestamp(run.started, UTC).isoformat(timespec="seconds"),
        "seconds": round(run.seconds, 3),
        "seed": run.settings.seed,
        "level": run.settings.level,
        "verdict": run.conclusion if is_sound else Conclusion.KIT_ERROR,
        "reason": run.why,
        "problems": list(run.problems),
        "cost": {
            "planned_requests": len(run.plan.probes),
            "requests": run.requests,
            "unanswered_requests": run.unsent,
            "prompt_tokens": prompt,
            "completion_tokens": completion,
        },
        "requirements": requirements,
    }


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
        "interval": [round(end, 4) for end in verdict.interval] if verdict.judged else None,
        "findings": findings,
    }


def _finding(run: Run, finding: verdicts.Finding) -> Finding:
    return {
        "message": finding.message,
        "exchange": finding.exchange.number,
        "probe": finding.exchange.probe.name,
        "impact": run.impact(finding),
        "curl": curl(finding.exchange, run.target),
    }
