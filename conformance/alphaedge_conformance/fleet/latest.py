"""The latest result of every target, for the views."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from attrs import frozen

from ..judging.verdicts import Conclusion
from ..report.comparison import WORST_FIRST
from .history import History

COLUMNS = (
    *("run", "target", "lane", "url", "model", "kit", "contract", "contract_version", "started", "seconds", "verdict"),
    *("reason", "must_failed", "should_failed", "requests", "prompt_tokens", "completion_tokens", "price", "currency"),
    *("first_byte_p50", "whole_p50", "whole_p95", "tokens_per_second", "report"),
)


@frozen
class Latest:
    """The latest result of a target."""

    run: str
    target: str
    lane: str
    url: str
    model: str
    kit: str | None
    contract: str | None
    contract_version: str | None
    started: datetime
    seconds: float
    verdict: str
    reason: str | None
    must_failed: int | None
    should_failed: int | None
    requests: int | None
    prompt_tokens: int | None
    completion_tokens: int | None
    price: float | None
    currency: str | None
    first_byte_p50: float | None
    whole_p50: float | None
    whole_p95: float | None
    tokens_per_second: float | None
    report: str | None

    @property
    def gravity(self) -> int:
        """A sort key: the worst verdict comes first."""
        return WORST_FIRST.index(Conclusion(self.verdict))


def latest(history: History) -> list[Latest]:
    """The latest result of every target, the worst first."""
    with history.opened(read_only=True) as connection:
        rows = connection.execute(
            f"SELECT {', '.join(COLUMNS)} FROM judgings "
            "QUALIFY row_number() OVER (PARTITION BY target ORDER BY started DESC, run DESC) = 1"
        ).fetchall()
    found = [Latest(*row) for row in rows]
    return sorted(
        found, key=lambda each: (each.gravity, -(each.must_failed or 0), -(each.should_failed or 0), each.target)
    )


def series(history: History, runs: int) -> dict[str, list[tuple[int | None, float | None]]]:
    """By target: of its last runs, what failed and the median time of an answer, the oldest first."""
    with history.opened(read_only=True) as connection:
        rows = connection.execute(
            "SELECT target, list(must_failed + should_failed ORDER BY started), list(whole_p50 ORDER BY started) FROM ("
            "  SELECT * FROM judgings"
            "  QUALIFY row_number() OVER (PARTITION BY target ORDER BY started DESC, run DESC) <= ?"
            ") GROUP BY target",
            [runs],
        ).fetchall()
    return {target: list(zip(failed, times, strict=True)) for target, failed, times in rows}


def verdicts(history: History, run: str, target: str) -> list[dict[str, Any]]:
    """The requirements of one target in one run."""
    with history.opened(read_only=True) as connection:
        cursor = connection.execute(
            'SELECT requirement, level, scored, status, settled, failed, "of", finding FROM verdicts '
            "WHERE run = ? AND target = ?",
            [run, target],
        )
        names = [each[0] for each in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
