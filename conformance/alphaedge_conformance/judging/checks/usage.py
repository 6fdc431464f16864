"""Tokens: their sums, their limits, and what the reason for the end says of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from ...exchange.strict_json import Json
from ..chat import tokens
from ..evidence import Evidence, Unseen, assume
from ..pieces import deltas
from ..places import Deviation, Place
from .check import check

PROMPT_GROWS = "usage.prompt-grows"
LENGTH_WHEN_CUT = "finish-reason.length-when-cut"
LENGTH_WHEN_CUT_IN_STREAM = f"{LENGTH_WHEN_CUT}-in-stream"

USED = Place(members=("completion_tokens",))

ABOUT = 0.75
"""How much of a multiple a count must reach: a tokenizer may join what stands at the seams."""
OWN_LIMIT = 64
"""Tokens from which on a server may have a limit of its own."""
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
    """Each prompt is held against the shortest; a text that is another one many times over counts about as often."""
    counted: list[tuple[str, int, Evidence]] = []
    for evidence in all_shown:
        if PROMPT_GROWS not in evidence.exchange.probe.requirement_ids:
            continue
        try:
            text = " ".join(message["content"] for message in evidence.request["messages"])
            counted.append((text, evidence.usage["prompt_tokens"], evidence))
        except Unseen:
            continue
    counted.sort(key=lambda entry: len(entry[0].encode()))
    for index, (text, more, evidence) in enumerate(counted[1:], 1):
        shortest, fewer, _ = counted[0]
        least = fewer + 1
        for part, of_part, _ in counted[1:index]:
            times = (len(text) + 1) // (len(part) + 1)
            if text == " ".join([part] * times):
                least = max(least, fewer + int((of_part - fewer) * times * ABOUT))
        message = (
            f"expected at least {least} prompt_tokens for {len(text.encode())} bytes, "
            f"where {len(shortest.encode())} bytes count {fewer}, got {more}"
        )
        yield evidence, None if more >= least else message


@check("usage.completion-counted")
def completion_counted(all_shown: Iterable[Evidence]) -> Iterator[tuple[Evidence, Deviation | None]]:
    """A text has a token at least, and no fewer than any tokenizer makes of its words. Where the same whole text comes
    with two limits, and each time the limit is what was counted, it was not the text that was."""
    at_limit: dict[str, tuple[int, int]] = {}
    for evidence in all_shown:
        try:
            (text, reason), used = evidence.said, evidence.usage["completion_tokens"]
        except Unseen:
            continue
        if not text or evidence.exchange.probe.streams:
            continue
        limit, words, wrong = evidence.request.get("max_tokens"), len(text.split()), None
        least = max(1, words // WORDS_PER_TOKEN)
        if used < least:
            wrong = f"expected at least {least} completion_tokens for {words} words, got {used}"
        elif used == limit and reason == "stop":
            other, number = at_limit.setdefault(text, (used, evidence.exchange.number))
            if other != used:
                wrong = f"expected {other} completion_tokens as for the same text in exchange {number}, got {used}"
        yield evidence, Deviation(wrong, USED) if wrong else None


@check("max-tokens.kept")
def max_tokens_kept(request: Json, choices: list[Json], usage: Json) -> None:
    """The limit is that of each choice."""
    assume("max_tokens" in request)
    limit, used = request["max_tokens"] * max(1, len(choices)), usage["completion_tokens"]
    assert used <= limit, Deviation(f"expected completion_tokens <= {limit}, got {used}", USED)


@check("max-tokens.kept-in-stream")
def max_tokens_kept_in_stream(evidence: Evidence, request: Json, chunks: list[Json]) -> None:
    """By the usage, if the stream says one; if not, only a text far beyond the limit is wrong for certain."""
    assume("max_tokens" in request)
    limit = request["max_tokens"] * max(1, len({choice.get("index") for choice, _ in deltas(chunks)}))
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
    # Without max_tokens, or far below a large one, a limit of the server's own may have cut the answer.
    assume(reason != "length" if limit is None or limit > OWN_LIMIT else used < limit)
    assert reason != "length", f'expected "stop" after {used} of {limit} tokens, got "length"'


@check(LENGTH_WHEN_CUT)
def length_when_cut(all_shown: Iterable[Evidence]) -> Iterator[tuple[Evidence, str | None]]:
    return _length_when_cut((each for each in all_shown if not each.exchange.probe.streams), LENGTH_WHEN_CUT)


@check(LENGTH_WHEN_CUT_IN_STREAM)
def length_when_cut_in_stream(all_shown: Iterable[Evidence]) -> Iterator[tuple[Evidence, str | None]]:
    return _length_when_cut((each for each in all_shown if each.exchange.probe.streams), LENGTH_WHEN_CUT_IN_STREAM)


def _length_when_cut(all_shown: Iterable[Evidence], about: str) -> Iterator[tuple[Evidence, str | None]]:
    """The same prompt at temperature 0 with two limits: where the larger one gave more, the smaller one cut. A server
    that says `length` anywhere knows how to, so that there the answer may have ended by chance where it was cut."""
    seen, says_length = [], False
    for evidence in all_shown:
        try:
            text, reason = evidence.said
        except Unseen:
            continue
        says_length = says_length or reason == "length"
        if about in evidence.exchange.probe.requirement_ids:
            seen.append((evidence.request["max_tokens"], text, reason, evidence))
    seen.sort(key=lambda entry: entry[0])
    for (limit, text, reason, evidence), (_, more, _, longer) in pairwise(seen):
        used, used_more = tokens(evidence, "completion_tokens"), tokens(longer, "completion_tokens")
        was_cut = (
            used == limit < used_more if used and used_more else more.startswith(text) and len(more) > len(text) > 0
        )
        if says_length:
            yield evidence, None
        elif was_cut:
            wrong = f'expected "length" where {limit} tokens were the limit and more was to come, got "stop"'
            yield evidence, wrong if reason == "stop" else None
