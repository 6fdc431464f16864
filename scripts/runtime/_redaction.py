"""Keeps the API key out of everything that is printed."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T", str, bytes)

SHORTEST = 8
"""A shorter key is left alone: it would match ordinary words, and it is none that a server gives out."""


class Secret(str):
    """A string whose repr does not show it: in `vars()`, a debugger, a traceback with locals."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'[redacted]'"


def redact(text: T, secret: str) -> T:
    """The text without the secret, which some servers echo in their errors."""
    if len(secret) < SHORTEST:
        return text
    if isinstance(text, bytes):
        return text.replace(secret.encode(), b"[redacted]")
    return text.replace(secret, "[redacted]")
