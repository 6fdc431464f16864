"""Server-sent events as WHATWG defines them, decoded from bytes with their offsets and arrival times.

https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from attrs import field, frozen

from .exchange import Chunk

BOM = b"\xef\xbb\xbf"
LINE_END = re.compile(rb"\r\n?|\n")


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
    """Decodes a stream piece by piece; a line end may be CR, LF or CRLF, cut anywhere. Looks at every byte once, in
    however many pieces a line arrives."""

    def __init__(self) -> None:
        self._unfinished: list[bytes] = []
        """The pieces of the line whose end has not arrived."""
        self._offset = 0
        """Where that line begins."""
        self._is_start = True
        """Whether a byte order mark may still come."""
        self._after_cr = False
        self._block: list[Line] = []
        self.lines: list[Line] = []

    def feed(self, chunk: Chunk) -> list[Event]:
        """The events that this piece completes."""
        data = chunk.data
        if self._is_start:
            data = b"".join([*self._unfinished, data])
            self._unfinished = []
            if len(data) < len(BOM) and BOM.startswith(data):
                self._unfinished = [data]
                return []
            self._is_start = False
            if data.startswith(BOM):
                data, self._offset = data[len(BOM) :], len(BOM)
        if not data:
            return []
        start = 0
        if self._after_cr and data[0] == 0x0A:
            start = 1
            self._offset += 1
        self._after_cr = data[-1] == 0x0D
        events: list[Event] = []
        for found in LINE_END.finditer(data, start):
            self._unfinished.append(data[start : found.start()])
            whole = b"".join(self._unfinished)
            self._unfinished = []
            event = self._line(Line(self._offset, chunk.at, whole))
            if event is not None:
                events.append(event)
            start = found.end()
            self._offset += len(whole) + start - found.start()
        if start < len(data):
            self._unfinished.append(data[start:])
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
        return b"\n".join([*(line.data for line in self._block), b"".join(self._unfinished)])


def decode(chunks: Iterable[Chunk]) -> Stream:
    """A whole stream from the pieces it came in."""
    decoder = Decoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return Stream(tuple(decoder.lines), tuple(events), decoder.rest)
