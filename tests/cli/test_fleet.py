"""`alphaedge-conform fleet` and `alphaedge-conform history`: options, exit codes, and where they write."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from alphaedge_conformance.cli.conform import main
from alphaedge_conformance.cli.fleet import _matches
from alphaedge_conformance.fleet.history import History
from alphaedge_conformance.fleet.work import now

from ..fleet.simulated import IDS, history, judge_all, lanes


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> History:
    """A history of one target, where the commands look for it; it came to fail an hour ago."""
    monkeypatch.chdir(tmp_path)
    made = history(tmp_path)
    for run, at in enumerate((now() - timedelta(days=3), now() - timedelta(hours=1))):

        def status(target: str, id: str, run: int = run) -> str:
            return "failed" if run and id == IDS[0] else "passed"

        judge_all(made, f"run-{run}", at, lanes(["one"]), status)
    return made


@pytest.mark.parametrize(("since", "code"), [("7d", 1), ("2h", 1), ("30m", 0)])
def test_changes_exit_with_1_where_something_came_to_fail(
    kept: History, capsys: pytest.CaptureFixture[str], since: str, code: int
) -> None:
    assert main(["history", "changes", "--since", since]) == code
    assert (f"MUST {IDS[0]}" in capsys.readouterr().out) == bool(code)
    assert main(["history", "changes", "--since", since, "--json"]) == code
    assert len(json.loads(capsys.readouterr().out)["changes"]) == code


@pytest.mark.parametrize(("kind", "begins"), [("page", "<!doctype html>"), ("metrics", "# TYPE"), ("ctrf", '{"report')])
def test_a_view_is_written_or_printed(
    kept: History, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, begins: str
) -> None:
    assert main(["history", kind]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(begins)
    assert main(["history", kind, "--output", "made"]) == 0
    assert capsys.readouterr().out == ""
    assert (tmp_path / "made").read_text("utf-8")[:10] == printed[:10]
    assert {path.name for path in tmp_path.iterdir()} == {"history.duckdb", "made"}  # nothing half-written


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["history", "changes", "--since", "soon"], "--since soon: expected 7d"),
        (["history", "changes", "--history", "none.duckdb"], "none.duckdb: no such history"),
        (["history", "page", "--output", "nowhere/page.html"], "nowhere/page.html: No such file"),
        (["history", "statement", "two"], "has no report of target 'two'"),
        (["history", "export", "history.duckdb/parquet"], "history.duckdb/parquet: "),
        (["fleet", "none.toml", "--history", "h.duckdb"], "none.toml: No such file"),
        (
            ["fleet", "targets.toml", "--history", "h.duckdb", "--workers", "0"],
            "--workers 0: expected a number of at least 1",
        ),
        (["fleet", "targets.toml", "--history", "h.duckdb", "-k", "nothing-has-this"], "no requirement matches"),
        (["fleet", "targets.toml", "--history", "h.duckdb", "-k", "and"], "-k and: "),
        (["fleet", "targets.toml", "--history", "nowhere/h.duckdb"], "nowhere/h.duckdb: "),
        (["fleet", "targets.toml", "--history", "h.duckdb", "--scheduler", "x"], "--scheduler x: "),
    ],
)
def test_wrong_usage_is_told(
    kept: History, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    (tmp_path / "targets.toml").write_text('[one]\nurl = "http://127.0.0.1:9"\n')
    assert main(arguments) == 4
    said = capsys.readouterr().err
    assert said.startswith("alphaedge-conform: ")
    assert says in said


@pytest.mark.parametrize("arguments", [["fleet", "targets.toml", "--history", "h.duckdb"], ["history", "changes"]])
def test_without_the_extra_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    monkeypatch.setattr("alphaedge_conformance.cli.extras.find_spec", lambda name: None)
    assert main(arguments) == 4
    assert "run pip install '.[conformance,fleet]'" in capsys.readouterr().err


def test_an_expression_is_read_as_pytest_reads_it() -> None:
    assert _matches(None, "usage.total-is-the-sum")
    assert _matches("usage and not growth", "usage.total-is-the-sum")
    assert not _matches("stream or (usage and not total)", "usage.total-is-the-sum")
    assert _matches("TOTAL", "usage.total-is-the-sum")
