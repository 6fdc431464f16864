"""Server-sent events as WHATWG defines them, from bytes cut anywhere to the data of each event.

https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from __future__ import annotations

from collections.abc import Iterator

DONE = "[DONE]"


class ErrorEvent(str):
    """The data of an event that is named `error`."""

    __slots__ = ()


class EventDecoder:
    """Gives the data of each event as soon as its last byte is there. Looks at each byte once, in however many pieces
    an event arrives.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        """What came since the last blank line."""
        self._began = False
        self._after_cr = False
        self._at_line_start = True
        self.is_within_field = False
        """Whether the last bytes belong to an event that is not whole yet, and not to a comment."""

    def feed(self, piece: bytes) -> list[str]:
        if self._after_cr or b"\r" in piece:
            piece = self._with_line_feeds(piece)
        whole: bytes | bytearray
        if not self._rest and piece.endswith(b"\n\n"):  # almost every piece is whole events
            whole = piece[:-2]
        else:
            seen = max(len(self._rest) - 1, 0)
            self._rest += piece
            end = self._rest.rfind(b"\n\n", seen)
            if end < 0:
                self._follow_line(piece)
                return []
            whole = self._rest[:end]
            del self._rest[: end + 2]
            self._at_line_start, self.is_within_field = True, False
            self._follow_line(self._rest)
        if not self._began:
            self._began, whole = True, whole.removeprefix(b"\xef\xbb\xbf")
        text = whole.decode("utf-8", "replace")
        if text.startswith("data: "):
            found = text[6:].split("\n\ndata: ")
            if text.count("\n") == 2 * (len(found) - 1) and "" not in found:  # as almost always: one line of data each
                return found
        return [data for block in text.split("\n\n") if (data := _event(block)) is not None]

    def end(self) -> Iterator[str]:
        """`[DONE]`, if only the blank line after it is missing; any other event that is not finished may be cut."""
        if _event(self._rest.decode("utf-8", "replace")) == DONE:
            yield DONE

    def _follow_line(self, piece: bytes | bytearray) -> None:
        """Notes of which kind the last line is that is not blank."""
        if text := piece.rstrip(b"\n"):
            _, line_end, line = text.rpartition(b"\n")
            if line_end or self._at_line_start:
                self.is_within_field = not line.startswith(b":")
        if piece:
            self._at_line_start = piece.endswith(b"\n")

    def _with_line_feeds(self, piece: bytes) -> bytes:
        """A line ends with CR, LF or CRLF, which may be cut in two."""
        if self._after_cr:
            piece = piece.removeprefix(b"\n")
        if piece:
            self._after_cr = piece.endswith(b"\r")
        return piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _event(block: str) -> str | None:
    """The data of an event of any form; None for comments and for an event without data."""
    name, data = "", []
    for line in block.split("\n"):
        field, _, value = line.partition(":")
        if field == "data":
            data.append(value.removeprefix(" "))
        elif field == "event":
            name = value.removeprefix(" ")
    text = "\n".join(data)
    if not text:
        return None
    return ErrorEvent(text) if name == "error" else text
