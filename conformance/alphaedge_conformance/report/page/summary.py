"""What a run says at a glance: counts, subjects, what fails, and what was not judged."""

from __future__ import annotations

from collections import Counter
from functools import cached_property

from attrs import define

from ...contract.requirements import Level, subject
from ...exchange import Exchange
from ...judging.verdicts import Status
from ..causes import Cause, causes
from ..document import Report, Requirement

GLYPHS = {
    Status.KIT_ERROR: "!",
    Status.FAILED: "✕",
    Status.INCONCLUSIVE: "?",
    Status.WAIVED: "~",
    Status.PASSED: "✓",
    Status.NOT_APPLICABLE: "–",
}


def order(level: str, status: str) -> tuple[int, int]:
    """The worst first."""
    return list(Status).index(Status(status)), Level(level).rank


@define(slots=False)
class Summary:
    report: Report

    glyphs = GLYPHS
    levels = tuple(Level)

    @property
    def _requirements(self) -> list[Requirement]:
        return self.report["requirements"]

    @cached_property
    def statuses(self) -> list[Status]:
        """Those that occur."""
        found = {each["status"] for each in self._requirements}
        return [status for status in Status if status in found]

    @cached_property
    def counts(self) -> Counter[tuple[str, str]]:
        return Counter((each["level"], each["status"]) for each in self._requirements)

    @cached_property
    def subjects(self) -> dict[str, list[Requirement]]:
        """The requirements of each subject; subjects and requirements with the worst first."""
        found: dict[str, list[Requirement]] = {}
        for each in sorted(self._requirements, key=lambda each: order(each["level"], each["status"])):
            found.setdefault(subject(each["id"]), []).append(each)
        return found

    @cached_property
    def flawless(self) -> list[str]:
        """The subjects whose requirements all passed."""
        return [
            name
            for name, requirements in self.subjects.items()
            if {each["status"] for each in requirements} == {Status.PASSED}
        ]

    @cached_property
    def causes(self) -> list[Cause]:
        """What fails, the worst first."""
        return causes(self._requirements)

    @cached_property
    def unjudged(self) -> dict[tuple[str, str], list[Requirement]]:
        """What was not judged, by status and reason."""
        found: dict[tuple[str, str], list[Requirement]] = {}
        for each in self._requirements:
            if each["status"] in (Status.KIT_ERROR, Status.INCONCLUSIVE, Status.NOT_APPLICABLE):
                found.setdefault((each["status"], each["reason"] or ""), []).append(each)
        return found

    @property
    def sentence(self) -> str:
        """What failed, in a few words."""
        failed = [f"{count} {level}" for level in Level if (count := self.counts[level, Status.FAILED])]
        total = len(self._requirements)
        if failed:
            return f"{' and '.join(failed)} failed, of {total} requirements"
        passed = sum(each["status"] == Status.PASSED for each in self._requirements)
        return f"{passed} of {total} requirements passed"

    @cached_property
    def _broken(self) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for each in self._requirements:
            for finding in each["findings"]:
                found.setdefault(finding["exchange"], []).append(each["id"])
        return found

    def breaks(self, exchange: Exchange) -> list[str]:
        """The requirements that an exchange breaks."""
        return self._broken.get(exchange.number, [])

    def breaks_as_a_stream(self, exchange: Exchange) -> list[str]:
        return [id for id in self.breaks(exchange) if subject(id) == "stream"]
