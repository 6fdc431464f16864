"""The outcome of one target as a worker returns it: small, and without the key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen

from ..report.document import Report, Requirement
from ..report.text import safe
from .settling import UNKNOWN, Settled, State, settle

LONGEST = 300
"""Characters of a finding that the history has; the kept report has all of it."""


@frozen
class Row:
    """One requirement of one target in one run."""

    requirement: str
    level: str
    scored: bool
    status: str
    failed: int
    of: int
    finding: str | None
    """The message of the first finding."""
    again: tuple[str, ...]
    """Its statuses when it was judged again, because its status differed from the settled one."""
    was: Settled | None
    """Its last settled status other than flaky; None if a baseline begins with this run."""
    state: State


@frozen
class Outcome:
    """One target in one run."""

    run: str
    target: str
    lane: str
    facts: Mapping[str, Any]
    """Columns of the history's table of judgings."""
    rows: tuple[Row, ...] = field(repr=False)
    kept: Mapping[str, bytes] = field(factory=dict, repr=False)
    """The files of its report by their names, where it differs from the one before."""


def facts(report: Report) -> dict[str, Any]:
    """A run in figures."""
    latency, cost = report.get("latency"), report["cost"]
    failed = [each["level"] for each in report["requirements"] if each["status"] == "failed"]
    price = cost.get("price")
    return {
        "url": report["target"]["url"],
        "model": report["target"]["model"],
        "kit": report["kit"]["version"],
        "contract": report["contract"]["digest"],
        "contract_version": report["contract"]["version"],
        "started": datetime.fromisoformat(report["started"]).replace(tzinfo=None),
        "seconds": report["seconds"],
        "verdict": report["verdict"],
        "reason": report["reason"],
        "must_failed": failed.count("MUST"),
        "should_failed": failed.count("SHOULD"),
        "requests": cost["requests"],
        "prompt_tokens": cost["prompt_tokens"],
        "completion_tokens": cost["completion_tokens"],
        "price": None if price is None else price["amount"],
        "currency": None if price is None else price["currency"],
        "first_byte_p50": None if latency is None else latency["first_byte"]["p50"],
        "whole_p50": None if latency is None else latency["whole"]["p50"],
        "whole_p95": None if latency is None else latency["whole"]["p95"],
        "tokens_per_second": None if latency is None else latency["tokens_per_second"],
    }


def rows(report: Report, known: Mapping[str, State], again: Mapping[str, tuple[str, ...]]) -> tuple[Row, ...]:
    """The requirements of a run; `known` is what was known of them before, `again` what those that flipped were when
    they were judged again."""
    return tuple(
        _row(each, known.get(each["id"], UNKNOWN), again.get(each["id"], ())) for each in report["requirements"]
    )


def _row(judged: Requirement, was: State, again: tuple[str, ...]) -> Row:
    return Row(
        judged["id"],
        judged["level"],
        judged["scored"],
        judged["status"],
        judged["failed"],
        judged["of"],
        safe(judged["findings"][0]["message"])[:LONGEST] if judged["findings"] else None,
        again,
        was.firm,
        settle(was, judged["status"], again),
    )
