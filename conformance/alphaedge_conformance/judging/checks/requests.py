"""The mode of the answer, and requests that no keyword describes."""

from __future__ import annotations

from ...exchange import Exchange
from ...exchange.strict_json import Json
from ..evidence import assume, looks_like_a_stream
from ..places import STATUS, Deviation
from .check import check
from .keywords import accepted, excerpt, undecided

check("request.null-undecided")(undecided)
check("request.unknown-member-undecided")(undecided)
check("body.missing-media-type-undecided")(undecided)
check("body.odd-json-undecided")(undecided)
check("request.large-never-5xx")(undecided)
check("request.number-notation-accepted")(accepted)


@check("request.stream-default")
def one_object_by_default(request: Json, plain: Exchange) -> None:
    assume("stream" not in request)
    assert not looks_like_a_stream(plain), f"expected one JSON object, got a stream: {excerpt(plain)}"


@check("request.stream-false")
def one_object_if_false(request: Json, plain: Exchange) -> None:
    assume(request.get("stream") is False)
    assert not looks_like_a_stream(plain), f"expected one JSON object, got a stream: {excerpt(plain)}"


@check("request.stream-true")
def a_stream_if_true(streamed: Exchange) -> None:
    assert looks_like_a_stream(streamed), f"expected a stream of events, got: {excerpt(streamed)}"


def refused_with_4xx(answer: Exchange) -> None:
    status = answer.status or 0
    assert 400 <= status < 500 and status not in (401, 403), Deviation(
        f"expected 4xx, got {status}: {excerpt(answer)}", STATUS
    )


@check("request.model-unknown-refused")
def unknown_model_refused(answer: Exchange) -> None:
    """Or forbidden, to the owner of this key."""
    if answer.status != 403:
        refused_with_4xx(answer)


check("body.malformed-json-refused")(refused_with_4xx)
check("body.empty-refused")(refused_with_4xx)
check("body.wrong-media-type-refused")(refused_with_4xx)
