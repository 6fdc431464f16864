"""What `alphaedge-contract diff` says of a change: each row of the table, and what the table cannot show."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.maintain.diff import counterexamples
from alphaedge_conformance.maintain.diff.change import BREAKING, Audience, Change, Judgement, worst
from alphaedge_conformance.maintain.diff.compare import compare
from alphaedge_conformance.maintain.diff.judging import Judge
from alphaedge_conformance.maintain.diff.keywords import ABSENT, BOTH, NARROWED, NEITHER, UNKNOWN, WIDENED, Effect
from alphaedge_conformance.maintain.diff.keywords import effect as effect_of
from alphaedge_conformance.maintain.diff.operations import Comparison

from ..helpers import some
from .changes import TABLE, TEMPERATURE, Edits, Row


def edited(text: str, edits: Edits) -> str:
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def compared(contract: Contract, row: Row) -> tuple[list[Change], list[str]]:
    old = Contract.parse(Path("old.yaml"), edited(contract.text, row.base)) if row.base else contract
    return compare(old, Contract.parse(Path("new.yaml"), edited(old.text, row.edits)))


def judged(changes: list[Change]) -> tuple[Judgement, ...]:
    """For clients and for servers."""
    return tuple(worst(change.judgement(audience) for change in changes) for audience in Audience)


@pytest.mark.parametrize("row", some(TABLE, 2), ids=lambda row: row.name)
def test_a_change_is_judged_as_the_table_says(contract: Contract, row: Row) -> None:
    changes, left_out = compared(contract, row)
    found = [(str(change.clients), str(change.servers), change.rule, change.text) for change in changes]
    assert judged(changes) == (row.clients, row.servers), found
    assert all(change.cosmetic for change in changes) == row.cosmetic, found
    assert any(change.examples for change in changes) == row.shows, found
    if row.touches is not None:
        assert any(row.touches in change.requirements for change in changes), changes
    assert bool(left_out) == row.unread, left_out


@pytest.mark.parametrize("edit", [("id: error.json", "id: 'error.json: not'"), ("id: error.json", "id: two words")])
def test_a_requirement_is_named_whatever_its_id(contract: Contract, edit: tuple[str, str]) -> None:
    changes, _ = compare(contract, Contract.parse(Path("new.yaml"), edited(contract.text, (edit,))))
    name = edit[1].removeprefix("id: ").strip("'")
    assert {change.requirements for change in changes} == {(name,), ("error.json",)}


def test_each_row_has_a_name_of_its_own() -> None:
    assert len({row.name for row in TABLE}) == len(TABLE) >= 120


RULES_ALONE = """
maximum lowered|maximum raised|maximum gone|minimum lowered|integer becomes number|number becomes integer|role more
role no longer allowed|optional member more|required member more|member gone|member becomes required|pattern added
member becomes optional|branch of anyOf more|const changed|enum widened|minLength raised|minLength gone
answer: member no longer required|answer: optional member gone|chunk: usage required|an event more
the last event reads otherwise
"""


@pytest.mark.parametrize("name", re.split(r"[|\n]", RULES_ALONE.strip()))
def test_the_rules_alone_say_the_same(contract: Contract, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Where nothing can be drawn and nothing proven."""
    monkeypatch.setattr(counterexamples, "search", lambda *_: None)
    monkeypatch.setattr(counterexamples, "covers", lambda *_: False)
    row = next(each for each in TABLE if each.name == name)
    assert judged(compared(contract, row)[0]) == (row.clients, row.servers)


@pytest.mark.parametrize(
    ("keyword", "old", "new", "effect"),
    [
        ("maxLength", 3, ABSENT, WIDENED),
        ("minLength", ABSENT, 0, NEITHER),
        ("minItems", 2, 1, WIDENED),
        ("exclusiveMaximum", 3, 2, NARROWED),
        ("multipleOf", 2, 4, NARROWED),
        ("multipleOf", 4, 2, WIDENED),
        ("multipleOf", 2, 3, BOTH),
        ("uniqueItems", ABSENT, True, NARROWED),
        ("uniqueItems", ABSENT, False, NEITHER),
        ("type", "integer", ["number", "null"], WIDENED),
        ("type", ["string", "number"], ["string", "integer"], NARROWED),
        ("enum", [1, True], [1.0, "a"], BOTH),
        ("enum", ["a", "b"], ["b", "a"], NEITHER),
        ("pattern", "a", "b", UNKNOWN),
        ("pattern", ABSENT, "b", NARROWED),
        ("additionalProperties", ABSENT, False, NARROWED),
        ("additionalProperties", False, True, WIDENED),
        ("additionalProperties", ABSENT, True, NEITHER),
        ("dependentRequired", {"a": ["b"]}, {"a": []}, UNKNOWN),
    ],
)
def test_the_rule_of_a_keyword(keyword: str, old: Any, new: Any, effect: Effect) -> None:
    assert effect_of(keyword, old, new) == effect
    assert effect_of(keyword, new, old) == effect.flipped()


def test_a_rewritten_contract_ends_and_says_what_it_left_out(contract: Contract) -> None:
    sites = Comparison(contract, Contract.parse(Path("new.yaml"), edited(contract.text, ((TEMPERATURE, ""),))))
    sites.run()
    judge = Judge(searches=0)
    (change,) = judge.changes(sites.sites)
    assert change.servers is BREAKING  # by the rule
    assert change.examples == ()


def test_each_change_has_the_line_of_the_contract_it_stands_in(contract: Contract) -> None:
    old = Contract.parse(Path("old.yaml"), contract.text)
    new = Contract.parse(Path("new.yaml"), "# one line more\n" + edited(contract.text, ((TEMPERATURE, ""),)))
    (gone,), _ = compare(old, new)
    assert gone.removed
    assert old.text.splitlines()[gone.line - 1] + "\n" == TEMPERATURE
    (came,), _ = compare(new, old)
    assert not came.removed
    assert came.line == gone.line
