"""Waivers: departures that somebody has accepted, for a time.

`waivers.toml` has one entry a requirement::

    [[waiver]]
    requirement = "request.temperature-maximum"
    target = "upstream"            # optional: the target's name in reports
    server = "llama.cpp"           # optional: what the target calls itself in its header Server
    reason = "The model clamps it; nobody sends more than 2."
    owner = "platform@example.com"
    link = "https://tracker.example.com/1234"
    expires = 2027-02-21           # the last day

A waived requirement is still judged. An entry that is no longer needed, is past its date or names no requirement fails
the run, which says what to delete.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from ..errors import ConfigurationError
from .verdicts import Status, Verdict

DAYS = 90
"""How long a drafted waiver lasts."""
TO_FILL_IN = "FILL IN"
"""What a draft has in place of what only a person knows."""
MEMBERS = {"requirement": True, "target": False, "server": False, "reason": True, "owner": True, "link": True}
"""The members that are text, with whether each entry has to have them."""


@frozen
class Waiver:
    """One entry."""

    requirement: str
    reason: str
    owner: str
    link: str
    expires: date
    place: str
    """``waivers.toml, lines 3 to 9``."""
    target: str | None = None
    server: str | None = None

    def mismatch(self, target: str, server: str | None) -> str:
        """Why it is not about this target."""
        if self.target not in (None, target):
            return f"its target is {self.target!r}, and this one is {target!r}"
        return f"its server is {self.server!r}, and this one calls itself {server!r}"

    def concerns(self, target: str, server: str | None) -> bool:
        """Whether it is about the target of this name, which calls itself `server`."""
        return self.target in (None, target) and self.server in (None, server)


def read(path: Path) -> tuple[Waiver, ...]:
    """The entries of a file. Raises ConfigurationError for one not in order, as a draft that nobody filled in."""
    try:
        text = path.read_text("utf-8")
        parsed = tomllib.loads(text)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise ConfigurationError(f"{path}: {error}") from None
    entries = parsed.get("waiver", [])
    if set(parsed) - {"waiver"} or not isinstance(entries, list):
        raise ConfigurationError(f"{path}: expected [[waiver]] entries, found {', '.join(parsed)}")
    places = _places(path, text)
    if len(places) != len(entries):
        raise ConfigurationError(f"{path}: expected each entry to begin with a line [[waiver]]")
    found: dict[object, Waiver] = {}
    for place, entry in zip(places, entries, strict=True):
        waiver = _waiver(place, entry)
        same = found.setdefault((waiver.requirement, waiver.target, waiver.server), waiver)
        if same is not waiver:
            raise ConfigurationError(f"{place}: {waiver.requirement} is waived already at {same.place}; delete one")
    return tuple(found.values())


def _places(path: Path, text: str) -> list[str]:
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines, 1) if re.match(r"\s*\[\[\s*waiver\s*\]\]", line)]
    places = []
    for start, following in zip(starts, [*starts[1:], len(lines) + 1], strict=False):
        end = max(number for number in range(start, following) if lines[number - 1].strip())
        places.append(f"{path}, lines {start} to {end}")
    return places


def _waiver(place: str, entry: dict[str, Any]) -> Waiver:
    if unknown := set(entry) - {*MEMBERS, "expires"}:
        raise ConfigurationError(f"{place}: expected {', '.join([*MEMBERS, 'expires'])}; found {sorted(unknown)[0]!r}")
    for member, is_required in MEMBERS.items():
        value = entry.get(member)
        if value is None and not is_required:
            continue
        if not isinstance(value, str) or not value.strip():
            raise ConfigurationError(f"{place}: expected {member} to be a string, found {value!r}")
        if TO_FILL_IN in value:
            raise ConfigurationError(f"{place}: {member} is not filled in; say why this deviation is tolerated")
    if type(entry.get("expires")) is not date:
        raise ConfigurationError(f"{place}: expected expires as a date, 2027-02-21, found {entry.get('expires')!r}")
    return Waiver(place=place, **entry)


def apply(
    waivers: Iterable[Waiver],
    judged: Mapping[str, Verdict],
    target: str,
    server: str | None,
    known: Iterable[str],
    today: date,
) -> tuple[dict[str, Verdict], list[str]]:
    """The verdicts of a target with what is waived, and what is wrong with the waivers; `known` are all requirements
    there are."""
    known, verdicts = set(known), dict(judged)
    problems: list[str] = []
    for waiver in waivers:
        id, verdict = waiver.requirement, verdicts.get(waiver.requirement)
        delete = f"delete {waiver.place}"
        if id not in known:
            close = difflib.get_close_matches(id, known, 1)
            problems.append(f"there is no requirement {id}; {f'is it {close[0]}? else ' if close else ''}{delete}")
        elif today > waiver.expires:
            problems.append(
                f"the waiver of {id} expired on {waiver.expires}; renew it with {waiver.owner}, or {delete}"
            )
        elif verdict is None:
            continue
        elif not waiver.concerns(target, server):
            if verdict.status is Status.FAILED:
                elsewhere = f"{waiver.place} waives it for another target or server: {waiver.mismatch(target, server)}"
                verdicts[id] = evolve(verdict, reason=elsewhere)
        elif verdict.status is Status.FAILED:
            verdicts[id] = _waived(verdict, waiver)
        elif verdict.status is Status.PASSED:
            problems.append(f"{id} is waived and passes; {delete}")
    return verdicts, list(dict.fromkeys(problems))


def _waived(verdict: Verdict, waiver: Waiver) -> Verdict:
    reason = f"until {waiver.expires} by {waiver.owner}: {waiver.reason} ({waiver.link})"
    return evolve(verdict, status=Status.WAIVED, reason=reason)


def drafted(path: Path) -> set[tuple[str, str | None]]:
    """The requirements and targets that a file has entries for, filled in or not; none where there is no file. Raises
    ConfigurationError."""
    if not (path.is_file() or path.parent.is_dir()) or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ConfigurationError(f"{path}: cannot be written")
    try:
        entries = tomllib.loads(path.read_text("utf-8")).get("waiver", []) if path.exists() else []
        return {(entry["requirement"], entry.get("target")) for entry in entries}
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{path}: expected waivers, or no such file: {error!r}") from None


def draft(failed: Iterable[tuple[str, str]], path: Path, today: date) -> str:
    """Adds an entry for each pair of a requirement that fails and the name of its target that has none yet, with what
    only a person knows left to fill in; says what it did."""
    there, expires, failed = drafted(path), today + timedelta(days=DAYS), list(failed)
    present = [(id, name) for id, name in failed if {(id, name), (id, None)} & there]
    entries = [
        f'[[waiver]]\nrequirement = "{id}"\ntarget = {json.dumps(name, ensure_ascii=False)}\n'
        f'reason = "{TO_FILL_IN}"\nowner = "{TO_FILL_IN}"\nlink = "{TO_FILL_IN}"\nexpires = {expires}\n'
        for id, name in failed
        if (id, name) not in present
    ]
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write("".join(("\n" if file.tell() or index else "") + entry for index, entry in enumerate(entries)))
    except OSError as error:
        return f"--write-waivers {path}: {error.strerror}; nothing was written"
    said = []
    if entries:
        drafts = "1 waiver" if len(entries) == 1 else f"{len(entries)} waivers"
        said.append(f"{drafts} drafted, until {expires}; fill in each reason, owner and link")
    if present:
        ids = ", ".join(dict.fromkeys(id for id, _ in present))
        said.append(f"has an entry already for {ids}; fill it in and name the file with --waivers {path}")
    return f"{path}: {'; '.join(said) or 'nothing failed, so there is nothing to draft'}"
