"""What a terminal shows of one target, of three and of fifty, in 80 columns and in 200."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from alphaedge_conformance.maintain.kill_matrix import trial
from alphaedge_conformance.mock.faults import BY_HAND
from alphaedge_conformance.report import document, show
from alphaedge_conformance.report.document import Report
from alphaedge_conformance.run.suite import Suite

from .many import many, name


@pytest.fixture(scope="module")
def report(suite: Suite) -> Report:
    return document.build_report(trial(suite, BY_HAND["total-is-the-prompt"].make))


Printed = Callable[..., list[str]]


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Printed:
    def lines(what: object, columns: int, quiet: bool = False) -> list[str]:
        monkeypatch.setenv("COLUMNS", str(columns))
        show(what, None, quiet)  # type: ignore[arg-type]
        return capsys.readouterr().out.splitlines()

    return lines


@pytest.mark.parametrize("columns", [80, 200])
def test_one_target(printed: Printed, report: Report, columns: int) -> None:
    lines = printed(report, columns)
    assert lines[0].startswith("http://127.0.0.1:")
    assert any(line.startswith("MUST usage.total-is-the-sum") for line in lines)
    assert [line for line in lines if len(line) > columns and "curl" not in line and "DEVIATES" not in line] == []
    assert lines[-1].startswith("DEVIATES: 1 MUST failed, ")
    cost = report["cost"]
    assert f"{cost['prompt_tokens']} prompt and {cost['completion_tokens']} completion tokens" in lines[-1]


@pytest.mark.parametrize("columns", [80, 200])
@pytest.mark.parametrize("count", [3, 50])
def test_several_targets(printed: Printed, report: Report, columns: int, count: int) -> None:
    """A table of them, and below it what they differ in."""
    made = many(report, count)
    lines = printed(made, columns)
    assert [line for line in lines if len(line) > columns] == []
    assert lines[0].split() == ["target", "verdict", "MUST", "SHOULD", "cost", "p50"]
    table = lines[1 : 1 + count]
    for number, line in enumerate(table):
        assert line.startswith(name(number))
        assert made["targets"][number]["verdict"] in line
    assert table[1].split()[2:5] == ["2", "failed", "0.0123"]
    assert table[-1].split()[1] == "inconclusive"
    assert f"{name(count - 1)}: https://{name(count - 1)}: nothing listens there" in lines
    differs = [row["id"] for row in made["requirements"] if row["differs"]]
    assert len(differs) < len(made["requirements"])
    below = "\n".join(lines[1 + count :])
    assert [id for id in differs if id not in below] == []
    same = [row["id"] for row in made["requirements"] if not row["differs"]]
    assert f"{len(same)} requirements fail on no target" in below
    assert f"not judged, 1 of {count}: {name(count - 1)}" in below
    assert lines[-1].startswith("DEVIATES: ")


def test_three_targets_are_a_matrix_where_it_fits(printed: Printed, report: Report) -> None:
    wide, narrow = (printed(many(report, 3), columns) for columns in (200, 80))
    assert any(line.split()[:2] == ["requirement", "level"] for line in wide)
    assert not any(line.split()[:2] == ["requirement", "level"] for line in narrow)
    assert any(line == f"  failed on 1 of 3: {name(1)}" for line in narrow)


def test_of_many_names_as_many_stand_there_as_fit(printed: Printed, report: Report) -> None:
    narrow, wide = (
        [line for line in printed(many(report, 50), columns) if line.startswith("  failed on 16 of 50: ")]
        for columns in (80, 200)
    )
    assert narrow == [f"  failed on 16 of 50: {name(1)} and 15 more"]
    assert wide[0].count("provider-") > 3


def test_quiet_is_a_line_a_target(printed: Printed, report: Report) -> None:
    assert len(printed(many(report, 50), 80, quiet=True)) == 51


def test_a_long_name_is_cut(printed: Printed, report: Report) -> None:
    long = copy.deepcopy(many(report, 3))
    old, new = name(1), "a-very-long-name-of-a-target." * 5
    long["targets"][1]["name"] = new
    for row in long["requirements"]:
        row["targets"][new] = row["targets"].pop(old)
    lines = printed(long, 80)
    assert [line for line in lines if len(line) > 80] == []
    assert lines[2].split()[1] == "deviates"


def test_what_probably_has_one_cause_takes_a_line_more(printed: Printed, report: Report) -> None:
    made = copy.deepcopy(report)
    broken = next(each for each in made["requirements"] if each["findings"])
    place: Any = {"path": None, "missing": None, "members": [], "header": "allow", "status": False, "offsets": []}
    broken["findings"][0]["place"] = place
    for number in range(3):
        other = copy.deepcopy(broken)
        made["requirements"].append({**other, "id": f"usage.other-{number}"})
    lines = printed(made, 200)
    assert sum("curl" in line for line in lines) == 1
    said = [line for line in lines if line.startswith("  probably the same: MUST usage.other-")]
    assert len(said) == 3
