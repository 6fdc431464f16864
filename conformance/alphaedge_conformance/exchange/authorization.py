"""What a probe sends besides its body."""

from __future__ import annotations

from .probe import Key, Probe
from .redaction import partial

WRONG_KEY = "sk-a-wrong-key-sent-by-the-conformance-suite"


def headers(probe: Probe, key: str | None) -> dict[str, str]:
    """The headers of a probe's request that make a difference."""
    found = {} if probe.media_type is None else {"Content-Type": probe.media_type}
    value = credentials(probe.key, key)
    return {**found, "Authorization": bearer(value)} if value else found


def bearer(credentials: str) -> str:
    """The value of an Authorization field (RFC 6750)."""
    return f"Bearer {credentials}"


def credentials(kind: Key, key: str | None) -> str | None:
    """What a probe sends for a key, where one is set."""
    if key is None or kind is Key.ABSENT:
        return None
    return {Key.RIGHT: key, Key.WRONG: WRONG_KEY, Key.PARTIAL: partial(key)}[kind]
