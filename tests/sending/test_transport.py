"""The limits of one answer, each at its edge, and what is kept of an answer beyond one: without a network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from alphaedge_conformance.exchange import Exchange, Probe
from alphaedge_conformance.exchange.target import Target
from alphaedge_conformance.sending.limits import Limits
from alphaedge_conformance.sending.transport import KEPT, _fingerprint, exchange, nested_deeper

PLAIN = Probe("plain", "", b"{}")
STREAM = Probe("stream", "", b'{"stream": true}')


def answered(limits: Limits, *pieces: bytes, probe: Probe = PLAIN, headers: dict[str, str] | None = None) -> Exchange:
    async def body() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=headers, content=body())

    async def main() -> Exchange:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            return await exchange(client, 1, probe, Target("http://127.0.0.1:1/v1", "m"), limits)

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("limits", "within", "beyond", "says"),
    [
        (Limits(body=100), [b"x" * 60, b"x" * 40], [b"x" * 60, b"x" * 41], "more than 100 bytes"),
        (Limits(decoded=100), [b"x" * 60, b"x" * 40], [b"x" * 60, b"x" * 41], "more than 100 bytes"),
        (Limits(pieces=3), [b"x"] * 3, [b"x"] * 4, "more than 3 pieces"),
        (Limits(depth=3), [b"[[[]]]"], [b"[[[[]]]]"], "JSON nested more than 3 deep"),
    ],
    ids=["body", "decoded", "pieces", "depth"],
)
def test_a_limit_is_the_most_that_is_taken(limits: Limits, within: list[bytes], beyond: list[bytes], says: str) -> None:
    made = answered(limits, *within)
    assert (made.failure, made.aborted_by_limit, made.body) == (None, False, b"".join(within))
    made = answered(limits, *beyond)
    assert (made.failure or "").startswith(says)
    assert made.aborted_by_limit


def test_lines_are_limited_in_a_stream_alone() -> None:
    lines, limits = b"data: 1\n\n" * 3, Limits(lines=6)
    for probe, body in ((STREAM, lines), (PLAIN, lines * 2)):
        assert answered(limits, body, probe=probe).failure is None
    assert (answered(limits, lines, b"\n", probe=STREAM).failure or "").startswith("more than 6 lines")


@pytest.mark.parametrize(
    ("limits", "probe"), [(Limits(body=KEPT), PLAIN), (Limits(decoded=KEPT), PLAIN), (Limits(lines=9), STREAM)]
)
def test_the_beginning_of_what_is_too_large_is_kept(limits: Limits, probe: Probe) -> None:
    pieces = [b"12\n" * 1000] * (KEPT // 3000 + 1)
    if probe is STREAM:
        pieces = [b"".join(pieces)]
    made = answered(limits, *pieces, probe=probe)
    assert made.body == b"".join(pieces)[:KEPT]
    assert f", of which the first {KEPT} are kept" in (made.failure or "")


def test_of_what_is_in_too_many_pieces_all_is_kept() -> None:
    made = answered(Limits(pieces=1), b"x" * KEPT, b"y")
    assert (made.failure, len(made.body)) == ("more than 1 pieces", KEPT + 1)


@pytest.mark.parametrize(
    ("body", "depth"),
    [
        (b'[{"a": [{}]}]', 4),
        (b"[{},{},{},[],[],[]]", 2),
        (b'{"a": {"b": "[[[[{{{{"}}', 2),
        (b'["\\"[", "\\\\", [0]]', 2),
    ],
)
def test_how_deep_lists_and_objects_stand_inside_each_other(body: bytes, depth: int) -> None:
    assert not nested_deeper(body, depth)
    assert nested_deeper(body, depth - 1)


def test_a_certificate_that_cannot_be_fetched_is_named_without_its_fingerprint() -> None:
    assert _fingerprint(Target("https://127.0.0.1:1/v1", "m"), 1) == "the certificate of https://127.0.0.1:1"
