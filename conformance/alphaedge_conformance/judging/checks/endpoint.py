"""The path and its methods."""

from __future__ import annotations

from ...exchange import Exchange
from ...exchange.strict_json import loads
from ..evidence import Evidence, assume
from ..places import STATUS, Deviation, Place
from .check import check
from .errors import JSON_LABELS
from .keywords import accepted, excerpt, invalid_json

NOT_IMPLEMENTED = 501
"""What HTTP has for a method that a server knows of no resource (RFC 9110, 15.6.2)."""

check("endpoint.http-forms-accepted")(accepted)


@check("endpoint.method-refused")
def method_refused(answer: Exchange) -> None:
    assert answer.status == 405, Deviation(f"expected 405, got {answer.status}", STATUS)
    lines = [value for name, value in answer.headers if name.lower() == "allow"]
    allow = ", ".join(lines) if lines else None  # lines of one name are one list (RFC 9110, 5.3)
    allowed = [method.strip() for method in (allow or "").split(",")]
    assert "POST" in allowed, Deviation(
        f"expected an Allow header that names POST, got {allow!r}", Place(header="allow")
    )


@check("endpoint.method-never-5xx")
def method_never_5xx(answer: Exchange) -> None:
    status = answer.status or 0
    assert status < 500 or status == NOT_IMPLEMENTED, Deviation(
        f"expected 405, or another answer than 5xx, got {status}: {excerpt(answer)}", STATUS
    )


@check("endpoint.method-error-shape")
def method_error_shape(evidence: Evidence, answer: Exchange) -> None:
    assume(400 <= (answer.status or 0) < 500, f"answered {answer.status}")
    assert answer.media_type in JSON_LABELS, Deviation(
        f"expected Content-Type: application/json, got {answer.header('content-type')}: {excerpt(answer)}",
        Place(header="content-type"),
    )
    try:
        value = loads(answer.body)
    except ValueError as reason:
        raise AssertionError(invalid_json(answer, reason)) from None
    broken = evidence.contract.violations(evidence.contract.error_schema, value)
    assert not broken, Deviation(
        f"expected an error, got {excerpt(answer)}: {broken[0].message}", Place(broken[0].path)
    )


@check("endpoint.stays-available")
def stays_available(evidence: Evidence) -> None:
    exchange = evidence.exchange
    if exchange.probe.turn == 0:  # not behind the request that is suspected
        assume(evidence.answer)
        return
    got = exchange.failure if exchange.status is None else f"{exchange.status}: {excerpt(exchange)}"
    is_there = exchange.status is not None and exchange.status < 500
    assert is_there, Deviation(f"{exchange.probe.name}: expected an answer, got {got}, each time", STATUS)
