"""Probes about tokens: how many are counted, and what cuts an answer."""

from __future__ import annotations

from collections.abc import Iterator

from ..exchange import Probe
from ..exchange.strict_json import Json
from .making import edited, says

COUNT = "Count from 1 to 50, like this: 1, 2, 3."
LONG = " ".join(["The quick brown fox jumps over the lazy dog near the quiet river bank."] * 8)
TIMES = 4
ROLES = ("system", "assistant", "user")
CUT_AT = (2, 8)
DENSE = "".join(chr(start + step * 7) for step in range(40) for start in (0x4E00, 0x5B57, 0x6587, 0x8A9E))
"""A text without white space of which no tokenizer makes few tokens: many different ideographs."""
CUT, CUT_STREAM = "finish-reason.length-when-cut", "finish-reason.length-when-cut-in-stream"


def probes(control: Probe) -> Iterator[Probe]:
    for limit in CUT_AT:
        why = f"A long answer, cut after {limit} tokens."
        counting: Json = {"messages": says(COUNT), "temperature": 0, "max_tokens": limit}
        yield edited(control, f"cut at {limit}", why, counting, CUT)
        yield edited(control, f"cut at {limit}, streamed", why, counting | {"stream": True}, CUT_STREAM)
    for name, messages in (
        ("a short prompt", says("Hi.")),
        ("a long prompt", says(LONG)),
        (f"a prompt {TIMES} times as long", says(" ".join([LONG] * TIMES))),
        ("a prompt without white space", says(DENSE)),
        ("a long prompt of each role", [{"role": role, "content": LONG} for role in ROLES]),
    ):
        prompt: Json = {"messages": messages, "temperature": 0}
        yield edited(control, name, "Counts more tokens for more text.", prompt, "usage.prompt-grows")
    long: Json = {"messages": says(f"Repeat this: {LONG}"), "temperature": 0, "max_tokens": 256}
    yield edited(control, "a long answer", "An answer in many pieces, and whole.", long)
    yield edited(control, "a long answer, streamed", "An answer in many pieces, and whole.", long | {"stream": True})
    roomy: Json = {"messages": says("Hi."), "temperature": 0, "max_tokens": 64}
    yield edited(
        control, "a short prompt with room for more", "Counts what was said, and not what might have been.", roomy
    )
