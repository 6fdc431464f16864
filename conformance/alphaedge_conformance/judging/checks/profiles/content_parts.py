"""Content in parts: a message as a list of texts, and of images where the model sees them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from ....exchange import Exchange
from ....exchange.strict_json import Json
from ...chat import tokens
from ...evidence import Evidence
from ...places import STATUS, Deviation, Place
from ..check import check
from ..keywords import accepted, excerpt

of_content_parts = partial(check, profile="content-parts")
PARTS_COUNT = "content-parts.texts-count"


@of_content_parts("content-parts.image-never-5xx")
def image_never_5xx(answer: Exchange, request: Json) -> None:
    status = answer.status or 0
    assert status == 200 or 400 <= status < 500, Deviation(
        f"expected 200 or 4xx for an image, got {status}: {excerpt(answer)}", STATUS
    )


@of_content_parts("content-parts.accepted")
def parts_accepted(answer: Exchange) -> None:
    accepted(answer)


@of_content_parts(PARTS_COUNT)
def texts_count(all_shown: Iterable[Evidence]) -> Iterator[tuple[Evidence, Deviation | None]]:
    """A longer second part counts more tokens, so that it was not left out."""
    counted: list[tuple[int, int, Evidence]] = []
    for evidence in all_shown:
        if PARTS_COUNT in evidence.exchange.probe.requirement_ids:
            count = tokens(evidence, "prompt_tokens")
            if count is not None:
                counted.append((len(evidence.exchange.probe.body or b""), count, evidence))
    counted.sort(key=lambda entry: entry[0])
    for _, more, evidence in counted[1:]:
        fewer = counted[0][1]
        wrong = f"expected more than {fewer} prompt_tokens with a longer second part, got {more}"
        yield evidence, None if more > fewer else Deviation(wrong, Place(members=("prompt_tokens",)))


@of_content_parts("content-parts.same-as-text")
def same_as_text(all_shown: Iterable[Evidence]) -> Iterator[tuple[Evidence, Deviation | None]]:
    """One part of text is the text."""
    by_text: dict[str, int] = {}
    for evidence in all_shown:
        content = _only_content(evidence)
        count = tokens(evidence, "prompt_tokens")
        if evidence.exchange.probe.streams or count is None:
            continue
        if isinstance(content, str):
            by_text.setdefault(content, count)
    for evidence in all_shown:
        content = _only_content(evidence)
        count = tokens(evidence, "prompt_tokens")
        if not isinstance(content, list) or len(content) != 1 or evidence.exchange.probe.streams or count is None:
            continue
        if (expected := by_text.get(str(content[0].get("text")))) is not None:
            wrong = f"expected {expected} prompt_tokens as for the same text, got {count}"
            yield evidence, None if count == expected else Deviation(wrong, Place(members=("prompt_tokens",)))


def _only_content(evidence: Evidence) -> object:
    """The content of the message of a request that has one."""
    messages = evidence.request.get("messages")
    if not isinstance(messages, list) or len(messages) != 1 or not isinstance(messages[0], dict):
        return None
    return messages[0].get("content") if messages[0].get("role") == "user" else None
