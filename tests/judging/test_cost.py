"""Judging looks at what came once, and what it keeps of a stream has a bound; `python -m bench` measures the time."""

from __future__ import annotations

import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.contract import document as document_module
from alphaedge_conformance.exchange import STREAMED_CONTROL, Chunk, Exchange, Probe, encode, sse
from alphaedge_conformance.judging.evidence import MOST_OFFSETS, Evidence
from alphaedge_conformance.judging.verdicts import DECODED, Judge
from alphaedge_conformance.run.suite import Suite


def streamed(contract: Contract, *chunks: bytes) -> Exchange:
    probe = Probe(STREAMED_CONTROL, "", encode({**contract.example_request, "stream": True}))
    pieces = tuple(Chunk(0.1, chunk) for chunk in chunks)
    headers = (("content-type", "text/event-stream"),)
    return Exchange(1, probe, "http://127.0.0.1:1/v1/chat/completions", 0.0, 200, headers, pieces, 1.0)


def judge(suite: Suite, exchange: Exchange) -> None:
    made = Judge(suite.contract, suite.requirements.values(), suite.checks, (), None, accepted=["control"])
    made.add(exchange)
    made.verdicts({})


def test_a_pointer_is_resolved_once_however_many_events_come(monkeypatch: pytest.MonkeyPatch) -> None:
    suite = Suite.of(Contract.load())
    split: list[str] = []
    tokens = document_module.tokens

    def counting(pointer: str) -> list[str]:
        split.append(pointer)
        return tokens(pointer)

    monkeypatch.setattr(document_module, "tokens", counting)
    judge(suite, streamed(suite.contract, b'data: {"choices": [{"delta": {}}]}\n\n'))
    few = len(split)
    judge(suite, streamed(suite.contract, b'data: {"choices": [{"delta": {}}]}\n\n' * 100))
    assert len(split) - few <= few


def test_a_stream_is_decoded_once(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several checks, some of which compare all exchanges."""
    sizes: list[int] = []
    decode = sse.decode

    def counting(chunks: tuple[Chunk, ...]) -> sse.Stream:
        sizes.append(sum(len(chunk.data) for chunk in chunks))
        return decode(chunks)

    monkeypatch.setattr(sse, "decode", counting)
    exchange = streamed(suite.contract, b"data: {}\n\n" * (DECODED // 10))
    judge(suite, exchange)
    assert sizes == [len(exchange.body)]


def test_what_breaks_a_keyword_in_every_event_is_kept_once(suite: Suite) -> None:
    exchange = streamed(suite.contract, b"data: {}\n\n" * 1000)
    broken = Evidence(exchange, suite.contract).keywords
    assert {each.times for each in broken.values()} >= {1000}
    assert max(len(each.offsets) for each in broken.values()) == MOST_OFFSETS
    first = next(each.deviation for each in broken.values() if each.first is not None)
    assert first is not None
    assert first.message.endswith(", and 999 more")
    assert first.place.offsets == tuple(range(0, 10 * MOST_OFFSETS, 10))
