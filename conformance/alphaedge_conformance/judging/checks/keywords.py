"""The checks of the requirements that come from a keyword of the contract's schemas."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ...contract import Contract, shorten
from ...contract.requirements import Level, Requirement
from ...exchange import Exchange, ExpectedAnswer
from ..evidence import Evidence, assume
from ..places import STATUS, Deviation, Place


def check_of(requirement: Requirement) -> Callable[..., None]:
    """The check of a derived requirement."""
    if requirement.kind == "accepted":
        return accepted
    if requirement.kind == "lenient":
        return refused
    if requirement.kind == "refused":
        if requirement.level is Level.MAY:
            return undecided
        return refused_or_not_found if "/properties/model/" in requirement.pointer else refused

    def keeps_the_keyword(evidence: Evidence) -> None:
        assume(requirement.pointer in evidence.keywords)
        broken = evidence.keywords[requirement.pointer].deviation
        assert broken is None, broken

    return keeps_the_keyword


def kinds_of(contract: Contract, requirement: Requirement) -> frozenset[ExpectedAnswer]:
    """The kinds of probes whose answers show the keyword of a derived requirement."""
    if requirement.kind != "response":
        return frozenset()
    schemas = {
        ExpectedAnswer.PLAIN: contract.completion_schema,
        ExpectedAnswer.STREAMED: contract.chunk_schema,
        ExpectedAnswer.REFUSED: contract.error_schema,
    }
    return frozenset(
        kind
        for kind, schema in schemas.items()
        if any(keyword.pointer == requirement.pointer for keyword in contract.keywords(schema))
    )


def accepted(outcome: Exchange) -> None:
    assert outcome.status is not None, no_answer("200", outcome)
    assert outcome.status == 200, Deviation(f"expected 200, got {outcome.status}: {excerpt(outcome)}", STATUS)


def refused(answer: Exchange) -> None:
    assert answer.status in (400, 422), Deviation(
        f"expected 400 or 422, got {answer.status}: {excerpt(answer)}", STATUS
    )


def refused_or_not_found(answer: Exchange) -> None:
    """Of a model, which may as well be said not to exist."""
    assert answer.status in (400, 404, 422), Deviation(
        f"expected 400, 404 or 422, got {answer.status}: {excerpt(answer)}", STATUS
    )


def undecided(outcome: Exchange) -> None:
    assert outcome.status is not None, no_answer("200 or 4xx", outcome)
    assert outcome.status == 200 or 400 <= outcome.status < 500, Deviation(
        f"expected 200 or 4xx, got {outcome.status}: {excerpt(outcome)}", STATUS
    )


def no_answer(expected: str, outcome: Exchange) -> str:
    return f"expected {expected}, got no answer when asked again, alone: {outcome.failure}"


def invalid_json(answer: Exchange, reason: ValueError) -> Deviation:
    """Of a body that is not JSON; its place is where a parser gives up, if it says so."""
    at = (0,)
    if isinstance(reason, json.JSONDecodeError):
        at = (len(reason.doc[: reason.pos].encode("utf-8", "surrogatepass")),)
    elif isinstance(reason, UnicodeDecodeError):
        at = (reason.start,)
    return Deviation(f"expected JSON, got {excerpt(answer)}: {reason}", Place(offsets=at))


def excerpt(answer: Exchange) -> str:
    """The beginning of a body, on one line."""
    return shorten(answer.body[:640].decode("utf-8", "replace")) or "an empty body"


def shown_json(value: Any) -> str:
    """A value as JSON, cut where it is long."""
    return shorten(json.dumps(value, ensure_ascii=False), 80)
