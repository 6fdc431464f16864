"""The command of a finding sends the same bytes, whatever they are."""

from __future__ import annotations

import subprocess

import pytest
from attrs import evolve

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.exchange import Exchange, Probe
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.report.curl import curl

CONTRACT = Contract.load()
LARGE = b'{"a": 1' + b" " * 70_000 + b"}"
DIGITS, DEEP = b'{"a": ' + b"1" * 5000 + b"}", b'{"a": ' + b"[" * 4000 + b"]" * 4000 + b', "b": "' + b"'" * 1000 + b'"}'


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": "it\'s $HOME %s `x` \\\\ \\u0000"}',
        b"caf\xe9 100% \\ back\r\n",
        LARGE,
        b" " * 2000,
        "名前\n".encode(),
        DIGITS,
        DEEP,
    ],
    ids=["quotes", "Latin-1", "padding inside", "padding alone", "Unicode", "digits", "depth"],
)
def test_the_body_is_the_same(body: bytes) -> None:
    target = build_target(CONTRACT, "http://127.0.0.1:1", None, None)
    exchange = Exchange(1, Probe("a probe", "", body), target.url, 0.0)
    fake = 'curl() { for last; do :; done; if [ "$last" = @- ]; then cat; else printf %s "$last"; fi; }; '
    done = subprocess.run(["bash", "-c", fake + curl(exchange, target)], capture_output=True, check=True)
    assert done.stdout == body


@pytest.mark.parametrize("body", [LARGE, DIGITS, DEEP], ids=["padding", "digits", "depth"])
def test_a_large_body_has_a_short_command(body: bytes) -> None:
    target = build_target(CONTRACT, "http://127.0.0.1:1", None, None)
    exchange = evolve(Exchange(1, Probe("a probe", "", body), target.url, 0.0))
    assert len(curl(exchange, target)) < 400
