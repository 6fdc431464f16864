"""Every edit of the contract alone, and each with another: `make growth` (minutes)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from alphaedge_conformance.run.suite import Suite

from .edits import EDITS
from .growing import assert_compared, assert_judged, assert_killed, grown

NAMES = list(EDITS)
PAIRS = [(one, NAMES[(index * 7 + 3) % len(NAMES)]) for index, one in enumerate(NAMES)]
"""Each edit with one from elsewhere in the table."""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("holds", [assert_judged, assert_killed, assert_compared])
def test_alone(suite: Suite, name: str, holds: Callable[[Suite, Suite], None]) -> None:
    holds(Suite.of(grown([name])), suite)


@pytest.mark.parametrize("pair", PAIRS, ids=" and ".join)
@pytest.mark.parametrize("holds", [assert_judged, assert_compared])
def test_in_pairs(suite: Suite, pair: tuple[str, str], holds: Callable[[Suite, Suite], None]) -> None:
    holds(Suite.of(grown(pair)), suite)
