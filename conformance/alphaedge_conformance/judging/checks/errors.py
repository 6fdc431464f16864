"""Refusals: their status, and what their bodies say."""

from __future__ import annotations

import re

from ...exchange import Exchange
from ...exchange.strict_json import loads
from ..places import STATUS, Deviation, Place
from .check import check
from .keywords import excerpt, invalid_json, no_answer

JSON_LABELS = ("application/json", "application/problem+json")
STACK_TRACE = re.compile(
    rb"""Traceback \(most recent call last\)                           # Python
    | \bFile\ +"[^"\n]+",\ line\ \d+                                  # Python
    | (?:^|[\s"])at\ +(?:async\ |new\ )?[\w.$<>/@]+(?:\ \[[^]]*\])?\ ?\([^)\n]*:\d+   # Java, JavaScript
    | (?:^|[\s"])at\ +[\w.$<>/@]+\((?:Native\ Method|Unknown\ Source|<anonymous>)\)  # Java, JavaScript
    | (?:^|[\s"])at\ +(?:async\ )?(?:file://|node:)?[\w./\\-]+:\d+:\d+      # JavaScript
    | (?:^|[\s"])at\ +[\w.`<>+]+\([^)\n"]*\)\ in\ [^\n"]+:line\ \d+        # .NET
    | (?:^|\n|")\s*at\ +(?:\w+\.){2,}[\w<>`]+\([\w\s,.&\[\]<>`]*\)          # .NET
    | \bgoroutine\ \d+\ \[                                           # Go
    | \.go:\d+\ \+0x[0-9a-f]+                                        # Go
    | \bstack\ backtrace:                                            # Rust
    | \bthread\ '[^'\n]*'\ panicked\ at                              # Rust
    | \.rs:\d+:\d+\b                                                 # Rust
    | \w\.php\(\d+\):                                               # PHP
    | \.php(?:\ on\ line\ |:)\d+                                      # PHP
    | \.rb:\d+:in\ [`'"]                                             # Ruby
    """,
    re.VERBOSE | re.MULTILINE,
)


@check("error.never-5xx")
def never_5xx(refusal: Exchange) -> None:
    assert refusal.status is not None, no_answer("4xx", refusal)
    assert refusal.status < 500, Deviation(f"expected 4xx, got {refusal.status}: {excerpt(refusal)}", STATUS)


@check("error.json")
def is_json(error: Exchange) -> None:
    assert error.media_type in JSON_LABELS, Deviation(
        f"expected Content-Type: application/json, got {error.header('content-type')}: {excerpt(error)}",
        Place(header="content-type"),
    )
    try:
        loads(error.body)
    except ValueError as reason:
        raise AssertionError(invalid_json(error, reason)) from None


@check("error.no-stack-trace")
def no_stack_trace(error: Exchange) -> None:
    # Escapes of JSON are replaced by as many bytes, so that offsets stay.
    found = STACK_TRACE.search(error.body.replace(rb"\n", b" \n").replace(rb"\t", b"  ").replace(rb"\"", b' "'))
    assert not found, Deviation(f"expected no stack trace, got {excerpt(error)}", Place(offsets=(found.start(),)))
