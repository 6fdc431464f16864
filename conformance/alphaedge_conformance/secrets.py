"""Keeps the key out of everything that leaves the program."""

from __future__ import annotations

MASK = "[key]"
SHORTEST = 6
"""Characters below which a part of a key is no secret, but a word that may stand anywhere."""


def partial(key: str) -> str:
    """The beginning of a key, as one probe sends it: two thirds, so that it gives little away wherever it is logged."""
    return key[: max(1, len(key) * 2 // 3)]


def redact(text: str, key: str | None) -> str:
    """The text with a mask for the key and for what a probe sent of it."""
    if not key:
        return text
    text = text.replace(key, MASK)
    return text.replace(partial(key), MASK) if len(partial(key)) >= SHORTEST else text
