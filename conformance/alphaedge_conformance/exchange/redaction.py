"""Keeps the key out of everything that leaves the program."""

from __future__ import annotations

from base64 import b64encode
from functools import lru_cache
from itertools import cycle, islice
from urllib.parse import quote

MASK = "[key]"
SHORTEST = 6
"""Characters below which the beginning of a key, as a probe sends it, is a word rather than a secret."""
PIECE = 12
"""Characters from which on any piece of a key is a secret: an answer, or our excerpt of it, may be cut anywhere."""


def partial(key: str) -> str:
    """The beginning of a key, as one probe sends it: two thirds, so that it gives little away wherever it is logged."""
    return key[: max(1, len(key) * 2 // 3)]


def mask(key: str, fill: str = MASK) -> str:
    """What stands for a whole key where lengths must not change."""
    return "".join(islice(cycle(fill), len(key)))


def redact(text: str, key: str | None) -> str:
    """The text with a mask for the key, in any case and as URLs and headers encode it, and for any larger piece."""
    if not key:
        return text
    data = text.encode("utf-8", "surrogatepass")
    found = _find(data, key)
    if not found:
        return text
    parts, at = [], 0
    for start, end in found:
        parts += [data[at:start], MASK.encode()]
        at = end
    return b"".join([*parts, data[at:]]).decode("utf-8", "surrogatepass")


def redact_bytes(data: bytes, key: str | None, fill: str = MASK) -> bytes:
    """The same of bytes, whose length does not change."""
    masked = bytearray(data)
    for start, end in _find(data, key) if key else ():
        masked[start:end] = mask("x" * (end - start), fill).encode()
    return bytes(masked)


def veiled(text: str, key: str | None) -> str:
    """The same of text."""
    return redact_bytes(text.encode("utf-8", "surrogatepass"), key).decode("utf-8", "surrogatepass")


@lru_cache(maxsize=64)
def _forms(key: str) -> tuple[tuple[bytes, int], ...]:
    """The forms of a key in lower case, each with the length from which on a piece of it is masked."""
    forms = (key, quote(key, safe=""), b64encode(key.encode()).decode())
    short = len(partial(key)) if len(partial(key)) >= SHORTEST else len(key)
    return tuple((form.lower().encode(), min(PIECE, short, len(form))) for form in dict.fromkeys(forms))


def _find(data: bytes, key: str) -> list[tuple[int, int]]:
    """Where the key or a piece of it stands, from the start on, not overlapping."""
    data, spans = data.lower(), []
    for form, shortest in _forms(key):
        for begin in range(len(form) - shortest + 1):
            piece, start = form[begin : begin + shortest], -1
            while (start := data.find(piece, start + 1)) >= 0:
                spans.append((start, start + shortest))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
