"""One flip is noise, two are news: what moves the settled status of a requirement, and what does not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from alphaedge_conformance.fleet.settling import STEADY, UNKNOWN, State, doubtful, settle


def after(*runs: tuple[str, Sequence[str]]) -> State:
    """What is known after some runs, each with what came when it was judged again."""
    state = UNKNOWN
    for status, again in runs:
        assert bool(again) == bool(doubtful({"x": state}, {"x": status})), "only what is doubtful is judged again"
        state = settle(state, status, again)
    return state


PASSED, FAILED = ("passed", ()), ("failed", ())
FLICKERS = ("failed", ("passed", "failed"))
FLICKERS_BACK = ("passed", ("failed", "passed"))
CONFIRMED = ("failed", ("failed", "failed"))


@pytest.mark.parametrize(
    ("runs", "settled"),
    [
        ([PASSED], "passed"),
        ([CONFIRMED], "failed"),  # a baseline that begins with a failure
        ([FLICKERS], "flaky"),
        ([("failed", ("inconclusive", "inconclusive"))], None),  # nobody knows yet
        ([PASSED, CONFIRMED], "failed"),
        ([PASSED, FLICKERS], "flaky"),
        ([PASSED, ("failed", ("passed", "passed"))], "flaky"),
        ([PASSED, ("failed", ("failed", "inconclusive"))], "passed"),  # not seen often enough
        ([CONFIRMED, ("passed", ("passed", "passed"))], "passed"),
        ([CONFIRMED, ("passed", ("failed", "passed"))], "flaky"),
        ([CONFIRMED, ("inconclusive", ()), FAILED], "failed"),
        ([PASSED, ("not-applicable", ())], "passed"),
        ([FLICKERS, *[PASSED] * (STEADY - 1)], "flaky"),
        ([FLICKERS, *[PASSED] * STEADY], "passed"),
        ([FLICKERS, *[FAILED] * (STEADY - 1)], "failed"),  # the first of them flickered
        ([FLICKERS, PASSED, FAILED, PASSED, FAILED, PASSED], "flaky"),
        ([FLICKERS, *[PASSED] * STEADY, CONFIRMED], "failed"),
        ([PASSED, CONFIRMED, ("passed", ("passed", "passed"))], "flaky"),  # the next run takes it back
        ([PASSED, CONFIRMED, FAILED, ("passed", ("passed", "passed"))], "passed"),
        ([PASSED, CONFIRMED, FLICKERS_BACK], "flaky"),
    ],
)
def test_what_settles(runs: list[tuple[str, Sequence[str]]], settled: str | None) -> None:
    assert after(*runs).settled == settled
