"""report.json: the run as data, for programs and for every other view of it."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from ..session import Run
from ..verdict import Verdict
from .text import curl

FORMAT = 1


def of(run: Run) -> dict[str, Any]:
    """JSON data; holds no key."""
    prompt, completion = run.tokens
    return {
        "format": FORMAT,
        "kit": {"name": "alphaedge", "version": version("alphaedge")},
        "contract": {"version": run.contract.version, "digest": run.contract.digest},
        "target": {"url": run.target.url, "model": run.target.model},
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


def _requirement(run: Run, verdict: Verdict) -> dict[str, Any]:
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
