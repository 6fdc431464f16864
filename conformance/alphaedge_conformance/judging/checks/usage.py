"""Tokens: their sums, their limits, and what the reason for the end says of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from ...exchange.strict_json import Json
from ..evidence import Evidence, Unseen, assume, deltas
from ..places import Deviation, Place
from .check import check

PROMPT_GROWS, LENGTH_WHEN_CUT = "usage.prompt-grows", "finish-reason.length-when-cut"

USED = Place(members=("completion_tokens",))

WORDS_PER_TOKEN = 5
"""More words than this in one token exist in no tokenizer."""


@check("usage.total-is-the-sum")
def total_is_the_sum(usage: Json) -> None:
    prompt, completion, total = (usage[f"{part}_tokens"] for part in ("prompt", "completion", "total"))
    assert total == prompt + completion, f"expected {prompt} + {completion} = {prompt + completion}, got {total}"


@check("usage.prompt-counted")
def prompt_counted(request: Json, usage: Json) -> None:
    assume(any(message.get("content") for message in request["messages"]))
    assert usage["prompt_tokens"] > 0, f"expected prompt_tokens > 0, got {usage['prompt_tokens']}"


@check(PROMPT_GROWS)
def prompt_grows(all_shown: Iterable[Evidence]) -> Iterator[tuple[Evidence, str | None]]:
    counted = []
    for evidence in all_shown:
        if PROMPT_GROWS not in evidence.exchange.probe.requirement_ids:
            continue
        try:
            counted.append((len(evidence.exchange.probe.body or b""), evidence.usage["prompt_tokens"], evidence))
        except Unseen:
            continue
    counted.sort(key=lambda entry: entry[0])
    for (short, fewer, _), (long, more, evidence) in pairwise(counted):
        message = f"expected more prompt_tokens for {long} bytes than the {fewer} for {short} bytes, got {more}"
        yield evidence, None if more > fewer else message


@check("max-tokens.kept")
def max_tokens_kept(request: Json, completion: object, usage: Json) -> None:
    assume("max_tokens" in request)
    limit, used = request["max_tokens"], usage["completion_tokens"]
    assert used <= limit, Deviation(f"expected completion_tokens <= {limit}, got {used}", USED)


@check("max-tokens.kept-in-stream")
def max_tokens_kept_in_stream(evidence: Evidence, request: Json, chunks: list[Json]) -> None:
    """By the usage, if the stream says one; if not, only a text far beyond the limit is wrong for certain."""
    assume("max_tokens" in request)
    limit = request["max_tokens"]
    try:
        used = evidence.usage["completion_tokens"]
        assert used <= limit, Deviation(f"expected completion_tokens <= {limit}, got {used}", USED)
    except Unseen:
        text = "".join(delta["content"] for _, delta in deltas(chunks) if isinstance(delta.get("content"), str))
        words = len(text.split())
        assert words <= limit * WORDS_PER_TOKEN, f"expected at most {limit} tokens, got a text of {words} words"


@check("finish-reason.stop-when-complete")
def stop_when_complete(request: Json, choices: list[Json], usage: Json) -> None:
    assume(len(choices) == 1)
    limit, used, reason = request.get("max_tokens"), usage["completion_tokens"], choices[0].get("finish_reason")
    # Without max_tokens a limit of the server's own may have cut the answer.
    assume(reason != "length" if limit is None else used < limit)
    assert reason != "length", f'expected "stop" after {used} of {limit} tokens, got "length"'


@check(LENGTH_WHEN_CUT)
def length_when_cut(all_shown: Iterable[Evidence]) -> Iterator[tuple[Evidence, str | None]]:
    """The same prompt at temperature 0 with two limits: where the larger one gave more, the smaller one cut. A server
    that says `length` anywhere knows how to, so that there the answer may have ended by chance where it was cut."""
    seen, says_length = [], False
    for evidence in all_shown:
        try:
            reasons = [choice.get("finish_reason") for choice in evidence.choices]
            says_length = says_length or "length" in reasons
            if LENGTH_WHEN_CUT in evidence.exchange.probe.requirement_ids:
                seen.append((evidence.request["max_tokens"], evidence.usage["completion_tokens"], reasons, evidence))
        except Unseen:
            continue
    seen.sort(key=lambda entry: entry[0])
    for (limit, used, reasons, evidence), (_, more, _, _) in pairwise(seen):
        if says_length:
            yield evidence, None
        elif used == limit < more:
            wrong = f'expected "length" where {limit} tokens were the limit and more was to come, got "stop"'
            yield evidence, wrong if "stop" in reasons else None
