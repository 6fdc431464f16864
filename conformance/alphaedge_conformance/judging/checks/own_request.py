"""An answer belongs to its own request, whatever was sent before, at the same time, or on the same connection."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator

from ...exchange.chat import WORD
from ..chat import OF_STREAMS, tokens
from ..evidence import Evidence, Unseen, assume
from ..places import STATUS, Deviation, Place
from .check import check
from .keywords import excerpt


@check("completion.of-its-own-request")
def of_its_own_request(all_shown: Iterable[Evidence]) -> Iterator[tuple[Evidence, str | None]]:
    """A request that has a word of its own calls itself by it; no other answer can know that word."""
    of: dict[str, int] = {}
    answers = []
    for evidence in all_shown:
        sent = (evidence.exchange.probe.body or b"").decode("utf-8", "replace")
        own = set(WORD.findall(sent))
        of |= dict.fromkeys(own, evidence.exchange.number)
        try:
            answers.append((own, evidence.said[0], evidence))
        except Unseen:
            continue
    for own, text, evidence in answers if of else ():
        foreign = next((word for word in WORD.findall(text) if word not in own and word in of), None)
        wrong = (
            f"expected nothing from another request, got {foreign!r}, of exchange {of[foreign]}" if foreign else None
        )
        yield evidence, wrong


BESIDE_THE_PROMPT = {"temperature", "max_tokens", *OF_STREAMS}
"""Members of a request that no server writes into the prompt, as it does with functions that may be called."""


@check("usage.prompt-repeats")
def prompt_repeats(all_shown: Iterable[Evidence]) -> Iterator[tuple[Evidence, Deviation | None]]:
    """Whole answers and streams apart, since whether these agree is another requirement."""
    counted: dict[tuple[bool, str], list[tuple[int, Evidence]]] = {}
    for evidence in all_shown:
        count = tokens(evidence, "prompt_tokens")
        if count is not None:
            prompt = {name: value for name, value in evidence.request.items() if name not in BESIDE_THE_PROMPT}
            same_prompt = (evidence.exchange.probe.streams, json.dumps(prompt, sort_keys=True))
            counted.setdefault(same_prompt, []).append((count, evidence))
    for same in counted.values():
        if len(same) < 2:
            continue
        [(usual, _)] = Counter(count for count, _ in same).most_common(1)
        for count, evidence in same:
            wrong = f"expected {usual} prompt_tokens as for the same messages before, got {count}"
            yield evidence, None if count == usual else Deviation(wrong, Place(members=("prompt_tokens",)))


@check("endpoint.connection-kept-usable")
def connection_kept_usable(evidence: Evidence) -> None:
    answer = evidence.exchange
    assume(answer.probe.turn > 0)
    assume(not answer.timed_out and not answer.refused_connection, f"no answer: {answer.failure}")
    assert answer.status is not None, f"expected the answer of a new connection, got none: {answer.failure}"
    assume(evidence.answer)
    assert answer.accepted and answer.failure is None, Deviation(
        f"expected the answer of a new connection, got {answer.failure or answer.status}: {excerpt(answer)}", STATUS
    )
