"""What `alphaedge-contract diff` shows: the text, and the JSON form, whose members are these and stay.

``{"old": {"file", "version", "digest"}, "new": {…}, "verdict": "fine" | "raise the version",
"version": {"needed", "advised"}, "summary": {"clients": {"breaking", "unclear", "safe"}, "servers": {…}},
"changes": [{"rule", "text", "pointer", "line", "file", "clients", "servers", "cosmetic", "requirements",
"examples": [{"audience", "where", "value", "meaning"}]}], "left_out": […]}``

`needed` and `advised` are versions or null; `file` is "old" for what is gone, and `line` counts in that file.
"""

from __future__ import annotations

import json
from typing import Any

from attrs import frozen

from ...contract import Contract
from . import versions
from .change import Audience, Change, Judgement
from .compare import compare
from .keywords import quoted_value


@frozen
class Report:
    """What changed between two contracts."""

    old: Contract
    new: Contract
    changes: list[Change]
    version: versions.Verdict
    left_out: list[str]
    """What could not be done, and why."""

    def count(self, audience: Audience, judgement: Judgement) -> int:
        return sum(change.judgement(audience) is judgement for change in self.changes)


def report(old: Contract, new: Contract) -> Report:
    """Compares two contracts. Raises ConfigurationError for one that cannot be compared."""
    changes, left_out = compare(old, new)
    return Report(old, new, changes, versions.verdict(old, new, changes), left_out)


def as_text(report: Report) -> str:
    """For people: each change, then the sum, then what was left out."""
    lines = [line for change in report.changes for line in _change(report, change)]
    counted = [
        f"{report.count(audience, judgement)} {judgement} for {audience}"
        for judgement in (Judgement.BREAKING, Judgement.UNCLEAR)
        for audience in Audience
    ]
    lines += [f"left out: {why}" for why in report.left_out]
    changes = "1 change" if len(report.changes) == 1 else f"{len(report.changes)} changes"
    lines.append(f"{changes}: {', '.join(counted)} · {report.version.text}")
    return "\n".join(lines)


def _change(report: Report, change: Change) -> list[str]:
    source = report.old.source if change.removed else report.new.source
    if change.cosmetic and not change.breaks:
        judged = "safe"
    elif change.clients is change.servers:
        judged = f"{change.clients} for clients and servers"
    else:
        judged = f"{change.clients} for clients, {change.servers} for servers"
    lines = [f"{source}:{change.line}: {judged}: {change.text}"]
    if change.requirements:
        more = f" and {len(change.requirements) - 6} more" if len(change.requirements) > 6 else ""
        lines.append(f"    requirements: {', '.join(change.requirements[:6])}{more}")
    for example in change.examples:
        lines.append(f"    {example.audience}: {example.where}, {example.meaning}:")
        lines.append(f"        {quoted_value(example.value, 400)}")
    return lines


def as_json(report: Report) -> str:
    def side(contract: Contract) -> dict[str, str]:
        return {"file": str(contract.source), "version": contract.version, "digest": contract.digest}

    form: dict[str, Any] = {
        "old": side(report.old),
        "new": side(report.new),
        "verdict": "fine" if report.version.fine else "raise the version",
        "version": {"needed": report.version.needed, "advised": report.version.advised},
        "summary": {
            audience: {judgement: report.count(audience, judgement) for judgement in reversed(Judgement)}
            for audience in Audience
        },
        "changes": [change.as_json() for change in report.changes],
        "left_out": report.left_out,
    }
    return json.dumps(form, indent=1, ensure_ascii=False)
