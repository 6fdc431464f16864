"""The checks of the requirements that come from a keyword of the contract's schemas."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ...contract import Contract, shorten
from ...contract.further import named
from ...contract.requirements import Level, Requirement
from ...exchange import Exchange, ExpectedAnswer
from ..evidence import Evidence, assume
from ..places import STATUS, Deviation, Place


def check_of(requirement: Requirement) -> Callable[..., None]:
    """The check of a derived requirement."""
    if requirement.kind == "status":
        return answered_as_documented
    if requirement.kind == "media-type":
        return labelled_as_json
    if requirement.kind == "accepted":
        return accepted if requirement.operation is None else succeeded
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
    if requirement.kind == "media-type":
        return frozenset({ExpectedAnswer.PLAIN})
    if requirement.kind != "response":
        return frozenset()
    contract = named(contract, requirement.operation)
    schemas = dict(zip(_kinds(contract), contract.response_schemas, strict=True))
    return frozenset(
        kind
        for kind, schema in schemas.items()
        if any(keyword.pointer == requirement.pointer for keyword in contract.keywords(schema))
    )


def _kinds(contract: Contract) -> list[ExpectedAnswer]:
    """The kind of probe that each schema of a response belongs to."""
    has_answer = contract.completion_schema in contract.response_schemas
    return [
        *([ExpectedAnswer.PLAIN] if has_answer else []),
        *([ExpectedAnswer.STREAMED] if contract.name is None else []),
        *([ExpectedAnswer.REFUSED] if contract.documents_errors else []),
    ]


def answered_as_documented(evidence: Evidence, answer: Exchange) -> None:
    """By the status of a success that the contract has for the operation."""
    success = evidence.contract.success
    assert str(answer.status).startswith(success.rstrip("Xx")), Deviation(
        f"expected {success}, got {answer.status}: {excerpt(answer)}", STATUS
    )


def succeeded(answer: Exchange) -> None:
    """Whatever the status of success: another one than the documented is a finding of the control alone."""
    assert 200 <= (answer.status or 0) < 300, Deviation(f"expected 2xx, got {answer.status}: {excerpt(answer)}", STATUS)


def labelled_as_json(plain: Exchange) -> None:
    got = plain.header("content-type")
    assert plain.media_type == "application/json", Deviation(
        f"expected Content-Type: application/json, got {got}", Place(header="content-type")
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


def as_json(value: Any) -> str:
    """A value as JSON, cut where it is long."""
    return shorten(json.dumps(value, ensure_ascii=False), 80)
