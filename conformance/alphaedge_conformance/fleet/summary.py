"""The summary of one run of a fleet."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from ..judging.verdicts import Conclusion
from . import changes
from .changes import Changes
from .history import History


@frozen
class Summary:
    verdicts: Mapping[str, int]
    """Number of targets with each verdict."""
    changes: Changes
    """Since the run began."""

    @property
    def exit_code(self) -> int:
        """1 only for new failures: among a thousand targets, one always deviates."""
        if self.verdicts.get(Conclusion.KIT_ERROR):
            return Conclusion.KIT_ERROR.exit_code
        if changes.has_failures(self.changes):
            return Conclusion.DEVIATES.exit_code
        if set(self.verdicts) <= {Conclusion.INCONCLUSIVE}:
            return Conclusion.INCONCLUSIVE.exit_code
        return Conclusion.CONFORMS.exit_code

    @property
    def headline(self) -> str:
        verdicts = ", ".join(f"{count} {verdict}" for verdict, count in self.verdicts.items())
        return f"{sum(self.verdicts.values())} targets: {verdicts or 'none judged'}"


def summarize(history: History, run: str) -> Summary:
    with history.opened(read_only=True) as connection:
        verdicts = connection.execute(
            "SELECT verdict, count(*) FROM judgings WHERE run = ? GROUP BY verdict ORDER BY count(*) DESC, verdict",
            [run],
        ).fetchall()
        (started,) = connection.execute("SELECT started FROM runs WHERE run = ?", [run]).fetchall()[0]
    return Summary(dict(verdicts), changes.read(history, started))
