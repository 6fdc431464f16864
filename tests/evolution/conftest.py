"""What tests of the contract's keepers share."""

from __future__ import annotations

import os
import shutil

import pytest


@pytest.fixture(scope="session")
def npm() -> None:
    """Tests that need npm are skipped on a machine without it, and fail without it in CI."""
    if not shutil.which("npm") and "CI" not in os.environ:
        pytest.skip("npm is not installed")
