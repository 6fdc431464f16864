"""The key: who is let in, when that is judged, and that it stays secret."""

from __future__ import annotations

from ...exchange import Exchange, Key
from ..places import STATUS, Deviation, Place
from .check import check
from .keywords import excerpt

MALFORMED = (Key.EMPTY, Key.NON_ASCII)
"""What a parser of headers may refuse with 400 before anybody looks for a key (RFC 6750, 3.1)."""


def refused_with_401(answer: Exchange) -> None:
    expected = (400, 401) if answer.probe.key in MALFORMED else (401,)
    assert answer.status in expected, Deviation(f"expected 401, got {answer.status}: {excerpt(answer)}", STATUS)


check("authorization.missing-key-refused")(refused_with_401)
check("authorization.wrong-key-refused")(refused_with_401)
check("authorization.partial-key-refused")(refused_with_401)
check("authorization.judged-before-body")(refused_with_401)


@check("authorization.malformed-refused")
def malformed_refused(answer: Exchange) -> None:
    assert answer.status in (400, 401), Deviation(
        f"expected 400 or 401, got {answer.status}: {excerpt(answer)}", STATUS
    )


@check("authorization.key-not-echoed")
def key_not_echoed(key: str, answer: Exchange) -> None:
    for name, value in answer.headers:
        assert key not in value, Deviation(f"the key came back in the header {name}", Place(header=name.lower()))
    where = answer.body.find(key.encode())
    assert where < 0, Deviation(f"the key came back in the body, at byte {where}", Place(offsets=(where,)))
