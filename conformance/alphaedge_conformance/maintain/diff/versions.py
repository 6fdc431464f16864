"""Whether the version of a contract was raised as its changes ask for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from attrs import frozen

from ...contract import Contract
from .change import BREAKING, Change

Numbers = tuple[int, int, int]
PARTS = ("major", "minor", "patch")


@frozen
class Verdict:
    """What the changes ask of `info.version`, and whether it was done."""

    old: str
    new: str
    needed: str | None
    """The lowest version that says what broke, or that is not below the old one; None where neither is the matter."""
    advised: str | None
    """The lowest version that says what changed; None where nothing did."""
    fine: bool
    lowered: bool = False

    @property
    def text(self) -> str:
        was = f"version {self.old}" if self.old == self.new else f"version {self.old} → {self.new}"
        if self.lowered:
            return f"{was}: was lowered, so raise info.version to {self.needed} or above"
        if not self.fine:
            return f"{was}: something breaks, so raise info.version to {self.needed} or above"
        if self.advised is not None and _numbers(self.new) < _numbers(self.advised):
            return f"{was}: nothing breaks that it does not announce; {self.advised} is advised"
        return f"{was}: as it should be"


def verdict(old: Contract, new: Contract, changes: Iterable[Change]) -> Verdict:
    """Raises ConfigurationError where a version is none."""
    before, after = (_read(contract) for contract in (old, new))
    changes = list(changes)
    needed: Numbers | None = None
    if any(change.clients is BREAKING for change in changes):
        needed = _raised(before, "minor" if before[0] == 0 else "major")
    elif any(change.servers is BREAKING for change in changes):
        needed = _raised(before, "minor")
    advised = needed
    if advised is None and changes:
        advised = _raised(before, "patch" if all(change.cosmetic for change in changes) else "minor")
    lowered = _precedence(new.version) < _precedence(old.version)
    return Verdict(
        old=old.version,
        new=new.version,
        needed=_text(needed) or (old.version if lowered else None),
        advised=_text(advised),
        fine=not lowered and (needed is None or after >= needed),
        lowered=lowered,
    )


def _raised(version: Numbers, part: str) -> Numbers:
    kept = version[: PARTS.index(part)]
    made = (*kept, version[len(kept)] + 1, 0, 0)
    return made[0], made[1], made[2]


def _text(version: Numbers | None) -> str | None:
    return None if version is None else ".".join(map(str, version))


def _numbers(version: str) -> Numbers:
    found = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)([-+].*)?", version)
    if found is None:
        raise ValueError(version)
    major, minor, patch = (int(part) for part in found.groups()[:3])
    return major, minor, patch


def _precedence(version: str) -> tuple[Any, ...]:
    """What versions are ordered by, as semver.org has it: 1.0.0-rc.2 < 1.0.0-rc.10 < 1.0.0 = 1.0.0+build."""
    before = version.partition("+")[0].partition("-")[2]
    parts = [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in before.split(".")]
    return _numbers(version), not before, parts


def _read(contract: Contract) -> Numbers:
    try:
        return _numbers(contract.version)
    except (KeyError, TypeError, ValueError):
        raise contract.error(
            "/info/version", "expected a version such as 1.2.3 in info.version; set one, so that it can be raised"
        ) from None
