"""Faults are found by traffic alone: an application that uses the openai package. `make live-faults` takes them all."""

from __future__ import annotations

from pathlib import Path

import pytest

from alphaedge_conformance.mock import Mock
from alphaedge_conformance.mock.faults import BY_HAND
from alphaedge_conformance.mock.unusual import UNUSUAL
from alphaedge_conformance.run.suite import Suite

from .ordinary import KEY, shown_by_traffic

# Once, not once a worker.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("installs openai")]

TELLING = (
    *("no-label", "truncated", "one-id-for-all", "milliseconds", "total-is-the-prompt"),
    *("one-token-too-many", "no-done", "breaks-off", "id-changes", "text-so-far", "no-finish-reason"),
    *("error-is-text", "key-in-a-header"),
)


def test_a_telling_dozen(suite: Suite, tmp_path: Path) -> None:
    found = shown_by_traffic(suite, [BY_HAND[name].make for name in TELLING], tmp_path)
    missed = {name: set(each) for name, each in zip(TELLING, found, strict=True) if not each}
    assert missed == {}
    accused = {name: set(each) - BY_HAND[name].breaks for name, each in zip(TELLING, found, strict=True)}
    assert {name: each for name, each in accused.items() if each} == {}
    written = "".join(path.read_text("utf-8") for path in tmp_path.rglob("*.*") if path.is_file())
    assert KEY not in written
    assert "briefly" not in written


def test_nobody_is_accused(suite: Suite, tmp_path: Path) -> None:
    names = ["", *list(UNUSUAL)[::8]]
    found = shown_by_traffic(suite, [UNUSUAL[name] if name else Mock for name in names], tmp_path)
    assert {name: each for name, each in zip(names, found, strict=True) if each} == {}
