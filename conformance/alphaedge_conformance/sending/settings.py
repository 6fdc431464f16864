"""What the caller decides about a run."""

from __future__ import annotations

from pathlib import Path

from attrs import field, frozen

from ..contract.requirements import Level, Requirement
from ..exchange import Effort
from .limits import Limits


@frozen
class Settings:
    """How a run is done; the defaults are those of the command line."""

    report: Path | None = None
    level: Level = Level.MUST
    """The lowest level that can fail the run."""
    documented_only: bool = False
    max_requests: int | None = None
    max_tokens: int | None = None
    """Of prompts and completions together."""
    rate: float | None = None
    """Requests a second."""
    concurrency: int = 8
    effort: Effort = Effort.STANDARD
    explore: int = 0
    """Further requests that are drawn from the whole schema."""
    limits: Limits = field(factory=Limits)
    ca_file: Path | None = None
    """Certificates to trust besides those of the system."""
    seed: int = 1
    seen_only: bool = False
    """Whether what no exchange shows counts for nothing, as in a recording of some traffic."""
    discover: bool = False
    """Whether to try the control of each profile of the suite."""
    pinned: frozenset[str] | None = None
    """The requirements of the released contract version that counts; those that came later are only reported."""

    def scores(self, requirement: Requirement) -> bool:
        """Whether a requirement can fail the run."""
        is_pinned = self.pinned is None or requirement.id in self.pinned
        return is_pinned and requirement.level.rank <= self.level.rank
