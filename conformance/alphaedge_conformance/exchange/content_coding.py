"""Removes the content coding of a body piece by piece, and never makes more of it than there is room for."""

from __future__ import annotations

import zlib

ACCEPTED = "gzip"
"""What a request asks for."""
ANY_ZLIB = 32 + zlib.MAX_WBITS


class CodingError(Exception):
    """The body is not in the coding that its headers name; the reason is its text."""


class Decoder:
    """Decodes `Content-Encoding`: gzip, deflate as zlib, or none."""

    def __init__(self, coding: str | None) -> None:
        coding = (coding or "identity").strip().lower()
        if coding not in ("identity", "", "gzip", "x-gzip", "deflate"):
            raise CodingError(f"Content-Encoding {coding!r} was not asked for; send gzip or none")
        self._coded = coding not in ("identity", "")
        self._inflate = zlib.decompressobj(ANY_ZLIB)

    def decode(self, data: bytes, room: int) -> bytes:
        """The next part of the body, at most `room` bytes of it."""
        if not self._coded:
            return data[:room]
        decoded = b""
        try:
            while data and len(decoded) < room:
                if self._inflate.eof:  # one member ended, another follows
                    self._inflate = zlib.decompressobj(ANY_ZLIB)
                decoded += self._inflate.decompress(data, room - len(decoded))
                data = self._inflate.unused_data
        except zlib.error as error:
            raise CodingError(f"the content coding was broken ({error})") from None
        return decoded
