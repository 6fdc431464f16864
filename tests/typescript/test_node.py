"""The tests that are written in JavaScript, under Node's own runner."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .conftest import HERE, Node

pytestmark = pytest.mark.xdist_group("typescript")  # packs and installs once, not once a worker


@pytest.mark.parametrize("name", sorted(path.name for path in HERE.glob("*.test.mjs")))
def test_of_node(name: str, node: Node, npm_package: Path) -> None:
    for path in HERE.glob("*.mjs"):
        shutil.copy(path, npm_package)
    done = node("--test", "--test-reporter=spec", name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ℹ tests 0" not in done.stdout
