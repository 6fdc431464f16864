"""Server-sent events as WHATWG defines them, decoded from bytes with their offsets and arrival times.

https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import field, frozen

from .exchange import Chunk

BOM = b"\xef\xbb\xbf"


@frozen
class Line:
    """One line without its end."""

    offset: int
    """Of its first byte in the body."""
    at: float
    """Seconds after the request was sent, when its last byte arrived."""
    data: bytes

    @property
    def is_comment(self) -> bool:
        return self.data.startswith(b":")

    @property
    def name(self) -> bytes:
        return self.data.partition(b":")[0]

    @property
    def value(self) -> bytes:
        return self.data.partition(b":")[2].removeprefix(b" ")


@frozen
class Event:
    """One dispatched event: a block of lines with at least one `data` field."""

    offset: int
    at: float
    data: str
    event: str = "message"


@frozen
class Stream:
    """A whole event stream."""

    lines: tuple[Line, ...] = field(repr=False)
    events: tuple[Event, ...]
    rest: bytes = b""
    """What stood after the last blank line: an event that was never finished, which a client discards."""


class Decoder:
    """Decodes a stream piece by piece; a line end may be CR, LF or CRLF, cut anywhere."""

    def __init__(self) -> None:
        self._buffer = b""
        self._offset = 0
        self._after_cr = False
        self._block: list[Line] = []
        self.lines: list[Line] = []

    def feed(self, chunk: Chunk) -> list[Event]:
        """The events that this piece completes."""
        data = self._buffer + chunk.data
        if self._offset == 0 and len(data) < len(BOM) and BOM.startswith(data):
            self._buffer = data
            return []
        if self._offset == 0 and data.startswith(BOM):
            data, self._offset = data[len(BOM) :], len(BOM)
        events: list[Event] = []
        start = 0
        while start < len(data):
            if self._after_cr:
                self._after_cr = False
                if data[start] == 0x0A:
                    start += 1
                    continue
            ends = [end for end in (data.find(b"\r", start), data.find(b"\n", start)) if end >= 0]
            if not ends:
                break
            end = min(ends)
            self._after_cr = data[end] == 0x0D
            event = self._line(Line(self._offset + start, chunk.at, data[start:end]))
            if event is not None:
                events.append(event)
            start = end + 1
        self._buffer = data[start:]
        self._offset += start
        return events

    def _line(self, line: Line) -> Event | None:
        self.lines.append(line)
        if line.data:
            self._block.append(line)
            return None
        block, self._block = self._block, []
        data = [entry.value for entry in block if entry.name == b"data"]
        if not data:
            return None
        kinds = [entry.value for entry in block if entry.name == b"event"]
        return Event(
            offset=block[0].offset,
            at=line.at,
            data=b"\n".join(data).decode("utf-8", "replace"),
            event=kinds[-1].decode("utf-8", "replace") if kinds and kinds[-1] else "message",
        )

    @property
    def rest(self) -> bytes:
        return b"\n".join([*(line.data for line in self._block), self._buffer]) if self._block else self._buffer


def decode(chunks: Iterable[Chunk]) -> Stream:
    """A whole stream from the pieces it came in."""
    decoder = Decoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return Stream(tuple(decoder.lines), tuple(events), decoder.rest)
