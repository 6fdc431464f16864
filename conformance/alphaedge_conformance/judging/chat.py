"""What chat completions mean: what an answer says, whole or as a stream."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from .evidence import Evidence, Unseen, assume
from .pieces import deltas

OF_STREAMS = ("stream", "stream_options")
"""Members of a request that only decide on the form of the answer."""


def plain_first(all_shown: Iterable[Evidence]) -> Iterator[tuple[str, Evidence]]:
    """Whole answers, then streams, each with what the requests for one and for the other have in common."""
    for streams in (False, True):
        for evidence in all_shown:
            if evidence.exchange.probe.streams is streams:
                rest = {name: value for name, value in evidence.request.items() if name not in OF_STREAMS}
                yield json.dumps(rest, sort_keys=True), evidence


def pieces(evidence: Evidence) -> list[str]:
    """The deltas of a stream that have text."""
    found = [delta.get("content") for _, delta in deltas(evidence.chunks)]
    return [text for text in found if isinstance(text, str) and text]


def tokens(evidence: Evidence, counted: str) -> int | None:
    """A count of the usage, where there is one."""
    try:
        found: int = evidence.usage[counted]
    except Unseen:
        return None
    return found


def assume_valid(evidence: Evidence, member: str) -> None:
    """Leaves an exchange unjudged where a member breaks its schema, which is a requirement of its own."""
    broken = (each.first for each in evidence.keywords.values() if each.first is not None)
    assume(not any(member in violation.path for violation in broken), f"`{member}` is not valid")
