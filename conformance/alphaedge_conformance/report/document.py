"""report.json: a run as data, for programs and for every other view of it.

`report.schema.json` beside this file describes it. No member is taken away or given another meaning without another
`format`; new ones may come.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TypedDict

import jsonschema_rs

from ..errors import ConfigurationError
from ..session import Run
from ..verdict import Verdict
from .text import curl

FORMAT = 1
SCHEMA = Path(__file__).with_name("report.schema.json")


class Finding(TypedDict):
    message: str
    exchange: int
    probe: str
    impact: str | None
    curl: str


class Requirement(TypedDict):
    id: str
    level: str
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
    cost: Cost
    requirements: list[Requirement]


def of(run: Run) -> Report:
    """JSON data; holds no key."""
    prompt, completion = run.tokens
    return {
        "format": FORMAT,
        "kit": {"name": "alphaedge", "version": version("alphaedge")},
        "contract": {"version": run.contract.version, "digest": run.contract.digest},
        "target": {
            "name": run.target.name,
            "url": run.target.url,
            "model": run.target.model,
            "has_key": run.target.key is not None,
        },
        "started": datetime.fromtimestamp(run.started, UTC).isoformat(timespec="seconds"),
        "seconds": round(run.seconds, 3),
        "seed": run.settings.seed,
        "level": run.settings.level,
        "verdict": run.conclusion,
        "reason": run.reason or run.stopped,
        "cost": {
            "planned_requests": len(run.plan.probes),
            "requests": run.requests,
            "unanswered_requests": run.unsent,
            "prompt_tokens": prompt,
            "completion_tokens": completion,
        },
        "requirements": [_requirement(run, verdict) for verdict in run.verdicts.values()],
    }


def _requirement(run: Run, verdict: Verdict) -> Requirement:
    requirement = verdict.requirement
    return {
        "id": requirement.id,
        "level": requirement.level,
        "source": requirement.source,
        "title": requirement.text,
        "quote": requirement.quote,
        "pointer": requirement.pointer,
        "status": verdict.status,
        "reason": verdict.reason,
        "failed": len(verdict.findings),
        "of": verdict.judged,
        "interval": [round(end, 4) for end in verdict.interval] if verdict.judged else None,
        "findings": [
            {
                "message": finding.message,
                "exchange": finding.exchange.number,
                "probe": finding.exchange.probe.name,
                "impact": run.impacts.get(finding.exchange.number),
                "curl": curl(finding.exchange, run.target),
            }
            for finding in verdict.findings
        ],
    }


def read(path: Path) -> Report:
    """A report.json. Raises ConfigurationError for what is none."""
    try:
        report: Report = json.loads(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise ConfigurationError(f"{path}: expected the report.json of a run, found no JSON") from None
    schema = json.loads(SCHEMA.read_bytes())
    for wrong in jsonschema_rs.validator_for(schema).iter_errors(report):
        where = "/".join(map(str, wrong.instance_path)) or "the whole"
        raise ConfigurationError(f"{path}: expected the report.json of a run; {where}: {wrong.message[:200]}")
    return report
