"""What `alphaedge-contract diff` says of a change: each row of the table, and what the table cannot show."""

from __future__ import annotations

from pathlib import Path

import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.evolution.change import Audience, worst
from alphaedge_conformance.evolution.compare import compare

from .changes import TABLE, Edits, Row


def edited(text: str, edits: Edits) -> str:
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_a_change_is_judged_as_the_table_says(contract: Contract, row: Row) -> None:
    old = Contract.parse(Path("old.yaml"), edited(contract.text, row.base))
    new = Contract.parse(Path("new.yaml"), edited(old.text, row.edits))
    changes, left_out = compare(old, new)
    told = [(str(change.clients), str(change.servers), change.rule, change.text) for change in changes]
    judged = tuple(worst(change.judgement(audience) for change in changes) for audience in Audience)
    assert judged == (row.clients, row.servers), told
    assert all(change.cosmetic for change in changes) == row.cosmetic, told
    assert any(change.examples for change in changes) == row.shows, told
    if row.touches is not None:
        assert any(row.touches in change.requirements for change in changes), changes
    assert bool(left_out) == row.unread, left_out
