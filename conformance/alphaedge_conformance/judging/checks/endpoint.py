"""The path and its methods."""

from __future__ import annotations

from ...exchange import Exchange
from ..places import STATUS, Deviation, Place
from .check import check


@check("endpoint.method-refused")
def method_refused(answer: Exchange) -> None:
    assert answer.status == 405, Deviation(f"expected 405, got {answer.status}", STATUS)
    allow = answer.header("allow")
    allowed = [method.strip() for method in (allow or "").split(",")]
    assert "POST" in allowed, Deviation(
        f"expected an Allow header that names POST, got {allow!r}", Place(header="allow")
    )
