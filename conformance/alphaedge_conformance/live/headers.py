"""What an intermediary passes on of the header section of a message (RFC 9110, 7.6.1, and RFC 9112, 6)."""

from __future__ import annotations

from collections.abc import Iterable

Headers = list[tuple[bytes, bytes]]
HOP_BY_HOP = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"te", b"transfer-encoding", b"upgrade"})
ALWAYS_KEPT = frozenset({b"content-length", b"host"})
"""What frames or routes a message, though a Connection field names it."""


def end_to_end(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The fields that are meant for the other end: without those of one connection, and those that Connection names.
    The length of a message with a transfer coding is left out, since the coding overrides it."""
    fields = [(name.lower(), value) for name, value in headers]
    named = {option.strip().lower() for name, value in fields if name == b"connection" for option in value.split(b",")}
    dropped = HOP_BY_HOP | (named - ALWAYS_KEPT)
    if is_chunked(fields):
        dropped |= {b"content-length"}
    return [(name, value) for name, value in fields if name not in dropped]


def is_chunked(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a message has a transfer coding, so that its own length does not frame it."""
    return any(name.lower() == b"transfer-encoding" for name, _ in headers)


def request_headers(headers: Headers, host: bytes) -> Headers:
    """Those of a request to the next server, which is called by its own name, framed as the request was."""
    kept = [(b"host", host), *((name, value) for name, value in end_to_end(headers) if name != b"host")]
    return [*kept, (b"transfer-encoding", b"chunked")] if is_chunked(headers) else kept
