"""A stream on the wire, and what its chunks say together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from ...exchange import Exchange
from ...exchange.sse import Stream
from ...exchange.strict_json import Json, loads
from ..chat import pieces, plain_first
from ..evidence import MOST_OFFSETS, Evidence, Unseen, assume, looks_like_a_stream
from ..pieces import deltas
from ..places import STATUS, Deviation, Place
from .check import check
from .keywords import as_json, excerpt

BUFFERED = 0.5
"""Seconds that an answer takes at least before its arrival in one piece says that it was held back."""

WORDS, PAIRS = 2, 3
"""More words than this of a text, in so many plain answers and their streams, are compared."""
SEVERAL = 5
"""Words that are several tokens to any tokenizer."""
SURROGATE, REPLACED = re.compile("[\ud800-\udfff]"), "\ufffd"
FIELD = re.compile(rb"[A-Za-z][A-Za-z0-9_-]*")


@check("stream.media-type", of_each_event=True)
def media_type(streamed: Exchange) -> None:
    assume(looks_like_a_stream(streamed))
    got = streamed.header("content-type")
    assert streamed.media_type == "text/event-stream", Deviation(
        f"expected Content-Type: text/event-stream, got {got}", Place(header="content-type")
    )


@check("stream.lines", of_each_event=True)
def lines(events: Stream) -> None:
    for line in events.lines:
        try:
            line.data.decode("utf-8")
        except UnicodeDecodeError as error:
            got = f"{line.data[error.start :][:8]!r} at byte {line.offset}"
            raise AssertionError(Deviation(f"expected UTF-8, got {got}", Place(offsets=(line.offset,)))) from None
        assert not line.data or line.is_comment or FIELD.fullmatch(line.name), Deviation(
            f"expected `data: …` or another field, got {line.data[:80]!r} at byte {line.offset}",
            Place(offsets=(line.offset,)),
        )


@check("stream.data", of_each_event=True)
def data(events: Stream) -> None:
    assert events.events, "expected events, got none"
    assert any(event.data != "[DONE]" for event in events.events), "expected at least one chunk, got [DONE] alone"
    for event in events.events:
        if event.data == "[DONE]":
            continue
        try:
            value = loads(event.data)
        except ValueError as reason:
            message = f"expected a chunk as JSON, got {event.data[:80]!r} at byte {event.offset}: {reason}"
            raise AssertionError(Deviation(message, Place(offsets=(event.offset,)))) from None
        is_error = isinstance(value, dict) and "error" in value
        assert not is_error, Deviation(
            f"expected a chunk, got {as_json(value)} at byte {event.offset}", Place(offsets=(event.offset,))
        )


@check("stream.done")
def done(events: Stream) -> None:
    said = [index for index, event in enumerate(events.events) if event.data == "[DONE]"]
    assert said, Deviation(f"expected [DONE] at the end, got {_end(events)}", Place(missing="[DONE]"))
    offsets = tuple(events.events[index].offset for index in said[:MOST_OFFSETS])
    assert len(said) == 1, Deviation(f"expected [DONE] once, got it {len(said)} times", Place(offsets=offsets))
    after = events.events[said[0] + 1 :]
    assert not after, Deviation(
        f"expected nothing after [DONE], got {after[0].data[:80]!r} at byte {after[0].offset}",
        Place(offsets=(*offsets, after[0].offset)),
    )


@check("stream.ends")
def ends(events: Stream, streamed: Exchange) -> None:
    said = [event.offset for event in events.events if event.data == "[DONE]"]
    assume(said)
    assert streamed.failure is None, Deviation(
        f"expected the end of the response after [DONE], got {streamed.failure}", Place(offsets=(said[-1],))
    )


@check("stream.one-identity")
def one_identity(chunks: list[Json]) -> None:
    for name in ("id", "created", "model"):
        seen: list[Any] = []
        for chunk in chunks:
            if name in chunk and chunk[name] not in seen:
                seen.append(chunk[name])
        assert len(seen) <= 1, Deviation(
            f"expected one {name} in all chunks, got {as_json(seen)}", Place(members=(name,))
        )


@check("stream.index-from-zero")
def index_from_zero(chunks: list[Json]) -> None:
    got: set[Any] = {choice.get("index") for choice, _ in deltas(chunks)}
    assume(got and all(isinstance(index, int) and index >= 0 for index in got))
    assert got == set(range(len(got))), f"expected indexes from 0 to {len(got) - 1}, got {sorted(got)}"


@check("stream.role-with-first-text")
def role_with_first_text(chunks: list[Json]) -> None:
    introduced = set()
    for choice, delta in deltas(chunks):
        if "role" in delta:
            introduced.add(choice.get("index"))
        text = delta.get("content")
        assert not text or not isinstance(text, str) or choice.get("index") in introduced, Deviation(
            f"expected the role no later than the first text, got the text {text[:40]!r} before it",
            Place(members=("role",)),
        )


@check("stream.deltas")
def only_new_text(chunks: list[Json]) -> None:
    texts: dict[Any, list[str]] = {}
    for choice, delta in deltas(chunks):
        if delta.get("content") and isinstance(delta["content"], str):
            texts.setdefault(choice.get("index"), []).append(delta["content"])
    for parts in texts.values():
        # A model may say one word again and again, and some of it in one delta; or words that begin alike.
        says_one_thing = all(part == parts[0] * (len(part) // len(parts[0])) for part in parts)
        cumulative = len(set(parts)) >= 4 and all(after.startswith(before) for before, after in pairwise(parts))
        assert not cumulative or says_one_thing, (
            f"expected only new text in each delta, got {parts[1][:40]!r} after {parts[0][:40]!r}"
        )
        is_twice = len(set(parts)) >= 4 and parts[::2] == parts[1::2]
        assert not is_twice, f"expected only new text in each delta, got {parts[0][:40]!r} and each after it twice"
        is_whole = len(set(parts)) >= 4 and parts[-1] == "".join(parts[:-1])
        assert not is_whole, f"expected only new text in each delta, got all of it again at the end: {parts[-1][:40]!r}"


@check("stream.whole-characters")
def whole_characters(all_shown: Iterable[Evidence]) -> Iterator[tuple[Evidence, str | None]]:
    """Half of a surrogate pair is wrong in any delta. A model may say the replacement character itself; where the plain
    answer is the same text with other characters in its place, it did not."""
    plain: dict[str, str] = {}
    for same, evidence in plain_first(all_shown):
        try:
            text = evidence.said[0]
        except Unseen:
            continue
        if not evidence.exchange.probe.streams:
            plain.setdefault(same, text)
            continue
        half = next((delta for delta in pieces(evidence) if SURROGATE.search(delta)), None)
        if half is not None:
            yield evidence, f"expected whole characters, got half of a surrogate pair in the delta {half[:40]!a}"
            continue
        meant = ".{1,8}".join(map(re.escape, re.split(f"{REPLACED}+", text)))
        is_replaced = REPLACED in text and REPLACED not in plain.get(same, REPLACED)
        is_wrong = is_replaced and re.fullmatch(meant, plain[same], re.DOTALL)
        at = max(0, text.find(REPLACED) - 20)
        yield evidence, f"expected the characters of the plain answer, got {text[at : at + 40]!r}" if is_wrong else None


@check("stream.one-finish-reason")
def one_finish_reason(chunks: list[Json]) -> None:
    reasons: dict[Any, list[Any]] = {}
    for choice, _ in deltas(chunks):
        given = reasons.setdefault(choice.get("index"), [])
        if choice.get("finish_reason") is not None:
            given.append(choice["finish_reason"])
    for index, given in reasons.items():
        assert len(given) == 1, Deviation(
            f"expected one finish_reason for choice {index}, got {as_json(given)}",
            Place(members=("finish_reason",)),
        )


@check("stream.nothing-after-finish")
def nothing_after_finish(chunks: list[Json]) -> None:
    finished = set()
    for choice, delta in deltas(chunks):
        assert choice.get("index") not in finished, (
            f"expected nothing after the finish_reason of choice {choice.get('index')}, got {as_json(delta)}"
        )
        if choice.get("finish_reason") is not None:
            finished.add(choice.get("index"))


@check("stream.refused-by-status")
def refused_by_status(refusal: Exchange) -> None:
    status = refusal.status or 0
    assume(status)
    assert not 200 <= status < 300, Deviation(f"expected a refusal by status, got {status}: {excerpt(refusal)}", STATUS)


FOLDED = {"message", "role", "content", "finish_reason", "index"}
"""Members that a client makes of the deltas."""


@check("stream.folds")
def folds(evidence: Evidence, chunks: list[Json], final_completion: Json) -> None:
    """Judges chunks that are valid one by one. What a chunk may leave out, as `usage`, the completion may lack, and
    what is not folded as well."""
    contract, folded = evidence.contract, final_completion
    completion, chunk = map(contract.resolve, (contract.completion_schema, contract.chunk_schema))
    assume(not any(contract.broken_musts(chunk, each) for each in chunks))
    needed = {*contract.at(chunk).get("required", ())} | FOLDED
    broken = [each for each in contract.broken_musts(completion, folded) if each.missing in needed | {None}]
    members = tuple(broken[0].missing or str((*broken[0].path, "choices")[-1]) for _ in broken[:1])
    assert not broken, Deviation(
        f"expected a valid completion, got {as_json(folded)}: {broken[0].message}", Place(members=members)
    )


@check("stream.same-text")
def same_text(all_shown: Iterable[Evidence]) -> Iterator[tuple[Evidence, str | None]]:
    """A model may say something else each time, so only a stream that differs in one way in all of a run is wrong."""
    plain: dict[str, tuple[str, object]] = {}
    pairs: list[tuple[str, str, Evidence]] = []
    ways = []
    for same, evidence in plain_first(all_shown):
        try:
            text, reason = evidence.said
        except Unseen:
            continue
        if not evidence.exchange.probe.streams:
            plain.setdefault(same, (text, reason))
        elif same in plain:
            whole, ended = plain[same]
            pairs.append((whole, text, evidence))
            if reason == ended and len(whole.split()) > WORDS:
                ways.append(_difference(whole, text))
    way = ways[0] if len(ways) >= PAIRS and len(set(ways)) == 1 else None
    for whole, text, evidence in pairs:
        wrong = f"{way}: expected {whole[-60:]!r} at the end as in the plain answer, got {text[-60:]!r}"
        yield evidence, wrong if way is not None and _difference(whole, text) == way else None


def _difference(whole: str, text: str) -> str | None:
    """In which way a text was damaged on its way; None if it is whole, or another text. A server may trim its ends."""
    whole, text = whole.strip(), text.strip()
    if text == whole or not text:
        return None
    if whole.startswith(text):
        return "the end is lost"
    if text.startswith(whole):
        return "something is added"
    return "white space is lost" if text.split() != whole.split() and _letters(text) == _letters(whole) else None


def _letters(text: str) -> str:
    return "".join(text.split())


@check("stream.agrees")
def agrees(all_shown: Iterable[Evidence]) -> Iterator[tuple[Evidence, Deviation | None]]:
    counted: dict[str, int] = {}
    for same, evidence in plain_first(all_shown):
        try:
            tokens = evidence.usage["prompt_tokens"]
        except Unseen:
            continue
        if not evidence.exchange.probe.streams:
            counted.setdefault(same, tokens)
        elif (expected := counted.get(same)) is not None:
            wrong = f"expected {expected} prompt_tokens as in the plain answer, got {tokens}"
            yield evidence, None if tokens == expected else Deviation(wrong, Place(members=("prompt_tokens",)))


@check("stream.agrees-on-completion")
def agrees_on_completion(all_shown: Iterable[Evidence]) -> Iterator[tuple[Evidence, Deviation | None]]:
    """Where both end with the same text, for the same reason."""
    counted: dict[tuple[str, str, str], int] = {}
    for same, evidence in plain_first(all_shown):
        try:
            (text, reason), used = evidence.said, evidence.usage["completion_tokens"]
        except Unseen:
            continue
        ended = (same, text, as_json(reason))  # a wrong one may be of any type
        if not evidence.exchange.probe.streams:
            counted.setdefault(ended, used)
        elif (expected := counted.get(ended)) is not None:
            wrong = f"expected {expected} completion_tokens as in the plain answer, got {used}"
            yield evidence, None if used == expected else Deviation(wrong, Place(members=("completion_tokens",)))


@check("stream.several-deltas")
def several_deltas(all_shown: Iterable[Evidence]) -> Iterator[tuple[Evidence, str | None]]:
    """A server may put some tokens together, but not every text of a run into one delta, however long it is."""
    seen = []
    for evidence in all_shown:
        if not evidence.exchange.probe.streams:
            continue
        try:
            texts = pieces(evidence)
        except Unseen:
            continue
        if (words := len("".join(texts).split())) >= SEVERAL:
            seen.append((words, texts, evidence))
    never = all(len(texts) == 1 for _, texts, _ in seen)
    longest = max((words for words, _, _ in seen), default=0)
    for words, texts, evidence in seen:
        wrong = f"expected more than one delta for {words} words, got {texts[0][:60]!r} at once"
        yield evidence, wrong if never and words == longest else None


@check("stream.incremental")
def incremental(all_shown: Iterable[Evidence]) -> Iterator[tuple[Evidence, str | None]]:
    """A fast server may fill one read with a whole short stream, and one that was slow to begin as well, so only one
    whose every stream comes late and in one piece is seen to hold them back."""
    seen = []
    for evidence in all_shown:
        if not evidence.exchange.probe.streams:
            continue
        try:
            events = evidence.events.events
        except Unseen:
            continue
        arrivals = {event.at for event in events}
        if len(events) > 3 and (len(arrivals) > 1 or max(arrivals) > BUFFERED):
            seen.append((len(events), arrivals, evidence))
    never = all(len(arrivals) == 1 for _, arrivals, _ in seen)
    for count, arrivals, evidence in seen:
        wrong = f"expected events as they are made, got all {count} in one piece after {max(arrivals):.2f} s"
        yield evidence, wrong if never else None


def _end(events: Stream) -> str:
    if events.rest:
        return f"{events.rest[-80:]!r}, not even followed by a blank line"
    return repr(events.events[-1].data[-80:]) if events.events else "no events"
