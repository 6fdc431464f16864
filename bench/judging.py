"""What it costs to decode a stream and judge it, in a process of its own: `judging.py KIND AMOUNT`.

Prints seconds of processor time and the megabytes that were judged; no limit of a run cuts them.
"""

from __future__ import annotations

import sys
import time

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.exchange import STREAMED_CONTROL, Chunk, Exchange, Probe, encode
from alphaedge_conformance.exchange.chat import as_a_stream
from alphaedge_conformance.judging.verdicts import Judge
from alphaedge_conformance.run.suite import Suite

KINDS = {"pieces": 20_000, "events": 1_000_000}
"""How many pieces one event comes in, or how many events come."""
ROUNDS = {"pieces": 5, "events": 1}
WORDS = {"pieces": "one event in 20 000 pieces", "events": "1 000 000 events"}
CHUNK = {"id": "chat-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
PER_READ = 100
"""Events that arrive together."""


def stream(kind: str, amount: int) -> tuple[Chunk, ...]:
    """A valid stream of one long text, or of many short ones."""

    def event(text: str) -> bytes:
        delta = {"role": "assistant", "content": text}
        choice = {"index": 0, "delta": delta, "finish_reason": None}
        return b"data: " + encode({**CHUNK, "choices": [choice]}) + b"\n\n"

    if kind == "pieces":
        whole = event("x" * 100 * amount)
        size = -(-len(whole) // amount)
        return tuple(Chunk(at / 1000, whole[at : at + size]) for at in range(0, len(whole), size))
    return tuple(Chunk(at / 1000, event("x") * PER_READ) for at in range(amount // PER_READ))


def judged(chunks: tuple[Chunk, ...]) -> float:
    """Seconds of processor time for every requirement."""
    suite = Suite.of(Contract.load())
    probe = Probe(STREAMED_CONTROL, "", encode(as_a_stream(suite.contract.example_request)))
    headers = (("content-type", "text/event-stream"),)
    url = "http://127.0.0.1:1/v1/chat/completions"
    exchange = Exchange(1, probe, url, 0.0, 200, headers, chunks, elapsed=1.0)
    judge = Judge(suite.contract, suite.requirements.values(), suite.checks, (), None, accepted=["control"])
    began = time.process_time()
    judge.add(exchange)
    judge.verdicts({})
    return time.process_time() - began


def main(kind: str, amount: str) -> None:
    chunks = stream(kind, int(amount))
    print(judged(chunks), sum(len(chunk.data) for chunk in chunks) / 1e6)


if __name__ == "__main__":
    main(*sys.argv[1:])
