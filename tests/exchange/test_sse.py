"""The decoder of event streams, against the grammar of WHATWG."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphaedge_conformance.exchange import Chunk, sse


def data(stream: bytes) -> list[str]:
    return [event.data for event in sse.decode([Chunk(0.0, stream)]).events]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: a\n\ndata: b\n\n", ["a", "b"]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]),
        (b"data: a\r\rdata: b\r\r", ["a", "b"]),
        (b"data:a\n\n", ["a"]),
        (b"data:  a\n\n", [" a"]),
        (b"data\n\n", [""]),
        (b"data: a\ndata: b\n\n", ["a\nb"]),
        (b"\xef\xbb\xbfdata: a\n\n", ["a"]),
        (b": comment\n\n:\n\ndata: a\n\n", ["a"]),
        (b"id: 1\nevent: x\nretry: 9\ndata: a\n\n", ["a"]),
        (b"event: only\n\n", []),
        (b"data: never finished", []),
        (b"data: never finished\n", []),
        (b"unknown: a\n\n", []),
        (b"", []),
    ],
)
def test_events(stream: bytes, expected: list[str]) -> None:
    assert data(stream) == expected


def test_the_type_of_an_event() -> None:
    (event,) = sse.decode([Chunk(0.0, b"event: ping\ndata: a\n\n")]).events
    assert event.event == "ping"


def test_offsets_and_times() -> None:
    stream = sse.decode([Chunk(0.1, b"\xef\xbb\xbfdata: a\r"), Chunk(0.2, b"\n\r\ndata: b\n"), Chunk(0.3, b"\n")])
    assert [(event.data, event.offset, event.at) for event in stream.events] == [("a", 3, 0.2), ("b", 14, 0.3)]


def test_what_was_never_finished_is_kept() -> None:
    assert sse.decode([Chunk(0.0, b"data: a\n\ndata: [DONE]\nid: 1")]).rest == b"data: [DONE]\nid: 1"


def copied(pieces: int) -> int:
    """The bytes that decoding allocates for one event in so many pieces, each piece's own peak added up."""
    decoder, total = sse.Decoder(), 0
    tracemalloc.start()
    try:
        for number in range(pieces):
            chunk = Chunk(0.0, b"data: " if number == 0 else b"x" * 100)
            before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            decoder.feed(chunk)
            total += tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    (event,) = decoder.feed(Chunk(0.0, b"\n\n"))
    assert len(event.data) == 100 * (pieces - 1)
    return total


def test_an_event_in_many_pieces_costs_in_proportion_to_its_bytes() -> None:
    copied(100)
    assert copied(5000) <= 11 * copied(500)


PARTS = [b"data: a", b"data:", b"data: \xf0\x9f\xa6\x9c", b": c", b"id: 1", b"", b"\r", b"\n", b"\r\n", b"\xef\xbb\xbf"]


@given(st.lists(st.sampled_from(PARTS), max_size=20), st.data())
def test_where_the_bytes_are_cut_does_not_matter(parts: list[bytes], draw: st.DataObject) -> None:
    whole = b"".join(parts)
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    cut, uncut = sse.decode([Chunk(0.0, piece) for piece in pieces]), sse.decode([Chunk(0.0, whole)])
    assert cut == uncut
    for line in cut.lines:
        assert whole[line.offset : line.offset + len(line.data)] == line.data
