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
    return _split(headers)[0]


def request_headers(headers: Iterable[tuple[bytes, bytes]], host: bytes) -> Headers:
    """Those of a request to the next server, which is called by its own name, framed as the request was."""
    kept, is_chunked = _split(headers)
    kept = [(b"host", host), *(field for field in kept if field[0] != b"host")]
    return [*kept, (b"transfer-encoding", b"chunked")] if is_chunked else kept


def _split(headers: Iterable[tuple[bytes, bytes]]) -> tuple[Headers, bool]:
    """The fields for the other end, in lower case, and whether the message has a transfer coding."""
    kept, dropped, is_chunked = Headers(), set[bytes](), False
    for name, value in headers:
        name = name.lower()
        if name not in HOP_BY_HOP:
            kept.append((name, value))
        elif name == b"connection":
            dropped.update(option.strip().lower() for option in value.split(b","))
        elif name == b"transfer-encoding":
            is_chunked = True
    dropped -= ALWAYS_KEPT
    if is_chunked:
        dropped.add(b"content-length")
    return [field for field in kept if field[0] not in dropped] if dropped else kept, is_chunked
