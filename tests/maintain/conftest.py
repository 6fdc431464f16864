"""What the tests of changes start from."""

from __future__ import annotations

import re

import pytest

from alphaedge_conformance.contract import Contract


@pytest.fixture(scope="session")
def contract() -> Contract:
    """The contract as if it were 1.0.0: the tables of versions stay true when it is released again."""
    shipped = Contract.load()
    text, replaced = re.subn(r"^  version: .*$", "  version: 1.0.0", shipped.text, count=1, flags=re.MULTILINE)
    assert replaced == 1
    return Contract.parse(shipped.source, text)
