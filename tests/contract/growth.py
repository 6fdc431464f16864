"""Every edit of the contract alone, and each with another: `make growth` (minutes)."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import generate  # tests/helpers.py has its folder on the path
import pytest

from alphaedge_conformance.run.suite import Suite

from ..helpers import strict_mypy
from .edits import EDITS, RESERVED
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


@pytest.mark.parametrize("name", [name for name in NAMES if name not in RESERVED])
def test_its_client(name: str, tmp_path: Path) -> None:
    """It is generated, and typed; `make test` has one with all edits together."""
    contract = grown([name])
    generate.validate(contract)
    made = generate.generate(contract, tmp_path)
    command = strict_mypy("grown", made.name)
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
