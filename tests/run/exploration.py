"""Every fault that the plan cannot see is found by drawn requests: `make explorations`, which takes minutes."""

from __future__ import annotations

from pathlib import Path

import pytest

from alphaedge_conformance.mock import Mock
from alphaedge_conformance.run.suite import Suite

from .unplanned import FAULTS, explored, failed


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.__name__)
def test_found_by_drawn_requests_alone(suite: Suite, kind: type[Mock], tmp_path: Path) -> None:
    assert failed(explored(suite, kind, tmp_path, 0)) == {}
    found = failed(explored(suite, kind, tmp_path, 300))
    assert FAULTS[kind] in found
    assert all(len(name) < 160 for names in found.values() for name in names)
