"""What has changed, from the history: what was confirmed, what is flaky, where a baseline begins, what is not judged.

Only a change that was seen again counts, and that the next run did not take back; what a new contract or a new kit
judges otherwise is a baseline, not a change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict

import duckdb

from ..errors import ConfigurationError
from .history import History
from .work import now

RUNS = 20
"""Of one target, over which the prevalence of what is flaky is counted."""
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Change(TypedDict):
    """A confirmed change of a requirement of a target: it was seen three times."""

    target: str
    requirement: str
    level: str
    scored: bool
    at: str
    was: str
    now: str
    failed: int
    of: int
    finding: str | None
    report: str | None
    """The folder of the report, beside the history."""


class Flaky(TypedDict):
    """A requirement that is sometimes broken and sometimes satisfied."""

    target: str
    requirement: str
    level: str
    failed_runs: int
    runs: int


class Baseline(TypedDict):
    """Targets that are judged by another kit or another contract from then on."""

    at: str
    targets: int
    kit: str
    contract: str
    was_kit: str
    was_contract: str


class Unjudged(TypedDict):
    """A target that the last run could not judge."""

    target: str
    verdict: str
    reason: str | None
    since: str


class Changes(TypedDict):
    """All changes since a moment. Later versions may add members; ignore those that you do not know."""

    since: str
    runs: int
    targets: int
    changes: list[Change]
    flaky: list[Flaky]
    baselines: list[Baseline]
    unjudged: list[Unjudged]


CHANGES = """
SELECT v.target, v.requirement, v.level, v.scored, j.started AS at, v.was, v.settled AS now, v.failed, v.of,
  v.finding, j.report
FROM verdicts v JOIN judgings j USING (run, target)
WHERE j.started >= $since
QUALIFY v.is_new AND coalesce(
  lead(v.settled) OVER (PARTITION BY v.target, v.requirement, j.kit, j.contract ORDER BY j.started), ''
) <> 'flaky'
ORDER BY j.started, v.settled, v.target, v.requirement
"""
FLAKY = """
WITH recent AS (
  SELECT run, target, kit, contract, started FROM judgings WHERE statuses IS NOT NULL
  QUALIFY row_number() OVER (PARTITION BY target ORDER BY started DESC, run DESC) <= $runs
    AND (kit, contract) = first_value((kit, contract)) OVER (PARTITION BY target ORDER BY started DESC, run DESC)
)
SELECT target, requirement, any_value(level) AS level,
  count(*) FILTER (status = 'failed' OR again LIKE '%failed%')::INTEGER AS failed_runs, count(*)::INTEGER AS runs
FROM verdicts JOIN recent USING (run, target) WHERE status IN ('passed', 'failed')
GROUP BY target, requirement HAVING last(settled ORDER BY started, run) = 'flaky' ORDER BY target, requirement
"""
BASELINES = """
WITH steps AS (
  SELECT started, kit, contract, lag(kit) OVER target AS was_kit, lag(contract) OVER target AS was_contract
  FROM judgings WHERE statuses IS NOT NULL WINDOW target AS (PARTITION BY target ORDER BY started, run)
)
SELECT min(started) AS at, count(*)::INTEGER AS targets, kit, contract, was_kit, was_contract FROM steps
WHERE started >= $since AND was_kit IS NOT NULL AND (kit <> was_kit OR contract <> was_contract)
GROUP BY kit, contract, was_kit, was_contract ORDER BY 1
"""
UNJUDGED = """
WITH marked AS (
  SELECT target, verdict, reason, started, run,
    max(started) FILTER (verdict NOT IN ('inconclusive', 'kit-error')) OVER (PARTITION BY target) AS judged
  FROM judgings
)
SELECT target, arg_max(verdict, started) AS verdict, arg_max(reason, started) AS reason, min(started) AS since
FROM marked WHERE judged IS NULL OR started > judged GROUP BY target HAVING max(started) >= $since ORDER BY target
"""


def read(history: History, since: datetime) -> Changes:
    """What has changed since a moment, in UTC. Raises ConfigurationError if the file does not exist."""
    since = since.replace(microsecond=0)  # a judging has the time of its report, in whole seconds
    with history.opened(read_only=True) as connection:
        counted = connection.execute(
            "SELECT count(DISTINCT run), count(DISTINCT target) FROM judgings WHERE started >= ?", [since]
        ).fetchone()
        assert counted is not None
        return {
            "since": _moment(since),
            "runs": counted[0],
            "targets": counted[1],
            "changes": _rows(connection, CHANGES, since=since),
            "flaky": _rows(connection, FLAKY, runs=RUNS),
            "baselines": _rows(connection, BASELINES, since=since),
            "unjudged": _rows(connection, UNJUDGED, since=since),
        }


def has_failures(found: Changes) -> bool:
    """Whether there is a confirmed new failure of a requirement that can fail a run."""
    return any(each["now"] == "failed" and each["scored"] for each in found["changes"])


def lines(found: Changes) -> Iterator[str]:
    """The changes as lines of text."""
    for baseline in found["baselines"]:
        yield (
            f"baseline  {baseline['at']} {baseline['targets']} targets: kit {baseline['was_kit']} → {baseline['kit']}, "
            f"contract {baseline['was_contract'][:12]} → {baseline['contract'][:12]}"
        )
    for each in found["changes"]:
        often = f", {each['failed']} of {each['of']} exchanges" if each["failed"] else ""
        yield (
            f"{each['now']:<9} {each['at']} {each['target']}: {each['level']} {each['requirement']}{often}; "
            f"was {each['was']}"
        )
    for flaky in found["flaky"]:
        yield (
            f"flaky     {flaky['target']}: {flaky['level']} {flaky['requirement']}, "
            f"failed in {flaky['failed_runs']} of {flaky['runs']} runs"
        )
    for target in found["unjudged"]:
        yield f"unjudged  {target['target']} since {target['since']}: {target['reason']}"
    yield headline(found)


def headline(found: Changes) -> str:
    failed = sum(each["now"] == "failed" for each in found["changes"])
    counts = {"newly failed": failed, "fixed": len(found["changes"]) - failed, "flaky": len(found["flaky"])}
    counts["targets not judged"] = len(found["unjudged"])
    said = ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "no change"
    return f"{said}; {_many(found['targets'], 'target')} in {_many(found['runs'], 'run')} since {found['since']}"


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def moment(text: str) -> datetime:
    """``7d``, ``24h``, ``90m``, or a date, as a moment in UTC. Raises ConfigurationError."""
    if short := re.fullmatch(r"(\d{1,6})([mhdw])", text):
        return now() - timedelta(**{UNITS[short[2]]: int(short[1])})
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"--since {text}: expected 7d, 24h, 90m, or a date such as 2026-05-01T12:00") from None
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo is not None else found


def _rows(connection: duckdb.DuckDBPyConnection, query: str, **values: object) -> Any:
    cursor = connection.execute(query, values)
    names = [each[0] for each in cursor.description or ()]
    return [
        {name: _moment(value) if isinstance(value, datetime) else value for name, value in zip(names, row, strict=True)}
        for row in cursor.fetchall()
    ]


def _moment(at: datetime) -> str:
    return f"{at.isoformat(timespec='seconds')}Z"
