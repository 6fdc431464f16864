"""Failed requirements by what is probably one cause: the same member, the same header, the same wrong status."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from ..contract.requirements import Level, subject
from ..judging.verdicts import Status
from .document import Requirement


def gravity(requirement: Requirement) -> tuple[int, int]:
    """The worst first: failed before waived, MUST before SHOULD."""
    return list(Status).index(Status(requirement["status"])), Level(requirement["level"]).rank


@frozen
class Cause:
    """What one mistake of a server breaks."""

    name: str
    """In a few words, with `code` in it."""
    requirements: tuple[Requirement, ...]
    """The worst first."""

    @property
    def first(self) -> Requirement:
        return self.requirements[0]


def causes(requirements: Iterable[Requirement]) -> list[Cause]:
    """What has findings, the worst first."""
    found: dict[tuple[object, ...], list[Requirement]] = {}
    names: dict[tuple[object, ...], str] = {}
    for each in sorted((each for each in requirements if each["findings"]), key=gravity):
        key, name = _cause(each)
        key = (each["status"], *key)
        found.setdefault(key, []).append(each)
        names.setdefault(key, name)
    return [Cause(names[key], tuple(group)) for key, group in found.items()]


def _cause(requirement: Requirement) -> tuple[tuple[object, ...], str]:
    """What tells a cause from others, and what to call it."""
    finding = requirement["findings"][0]
    place = finding.get("place")
    if place is None:
        return ("id", requirement["id"]), ""
    if place["status"]:
        status = finding.get("status")
        what = f"answered {status}" if status is not None else "not answered"
        return ("status", subject(requirement["id"]), status), f"{subject(requirement['id'])}: {what}"
    if place["header"] is not None:
        return ("header", place["header"]), f"header `{place['header']}`"
    named = [step for step in place["path"] or () if isinstance(step, str)]
    member = place["missing"] or (named[-1] if named else None) or next(iter(place["members"]), None)
    return (("member", member), f"`{member}`") if member is not None else (("id", requirement["id"]), "")
