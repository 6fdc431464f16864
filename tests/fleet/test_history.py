"""The database: rows are added once, other kits' files are understood or refused, and everybody can read it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import cast

import duckdb
import pytest
from attrs import evolve

from alphaedge_conformance.errors import ConfigurationError
from alphaedge_conformance.fleet import changes
from alphaedge_conformance.fleet.history import History, Last
from alphaedge_conformance.fleet.history.schema import STEPS, TABLES, migrate
from alphaedge_conformance.fleet.outcome import Outcome
from alphaedge_conformance.fleet.work import Unit, judged

from .simulated import IDS, history, judge_all, lanes, report

AT = datetime(2026, 5, 4, 12)


def outcome(run: str, target: str, status: str = "passed") -> Outcome:
    (lane,) = lanes([target])
    made = report(target, AT, dict.fromkeys(IDS, status))
    files = {"report.json": json.dumps(made).encode(), "exchanges.har": b"{}"}
    return judged(run, Unit(lane.entries[0], lane.name, 8, None, None), lambda ids: (made, files))


def rows(kept: History, table: str) -> int:
    with kept.opened() as connection:
        found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert found is not None
    return int(found[0])


def test_what_comes_twice_is_written_once(tmp_path: Path) -> None:
    kept = history(tmp_path)
    one, other = outcome("run", "one"), outcome("run", "other")
    assert kept.record([one], {}) == [one]
    assert kept.record([one, other, other], {}) == [other]
    assert rows(kept, "judgings") == 2
    assert rows(kept, "verdicts") == 2 * len(IDS)
    assert kept.judged("run") == {"one", "other"}


def test_a_write_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    kept = history(tmp_path)
    wrong = outcome("run", "wrong")
    wrong = evolve(wrong, rows=(evolve(wrong.rows[0], level=cast(str, None)), *wrong.rows[1:]))
    with pytest.raises(duckdb.ConstraintException):
        kept.record([outcome("run", "one"), wrong], {})
    assert rows(kept, "judgings") == rows(kept, "verdicts") == 0
    assert kept.record([outcome("run", "one")], {})


def test_a_report_is_kept_by_its_digest_and_the_next_run_that_is_alike_names_it(tmp_path: Path) -> None:
    kept, last = history(tmp_path), dict[str, Last]()
    first = outcome("run-1", "one")
    kept.record([first], last)
    name = sha256(first.kept["report.json"]).hexdigest()
    assert (kept.reports / name / "report.json").read_bytes() == first.kept["report.json"]
    assert last["one"].report == name
    kept.record([evolve(outcome("run-2", "one"), kept={})], last)
    assert last["one"] == kept.last()["one"]
    assert (last["one"].run, last["one"].report) == ("run-2", name)


def test_a_file_of_an_older_kit_gets_its_new_tables_and_keeps_its_rows(tmp_path: Path) -> None:
    kept = history(tmp_path)
    kept.record([outcome("run", "one")], {})
    newer = (*STEPS, "ALTER TABLE judgings ADD COLUMN region VARCHAR; CREATE TABLE regions (region VARCHAR)")
    with duckdb.connect(kept.path) as connection:
        migrate(connection, kept.path, newer)
        migrate(connection, kept.path, newer)  # nothing is left to do
        assert connection.execute("SELECT target, region FROM judgings").fetchall() == [("one", None)]
        assert connection.execute("SELECT version FROM versions ORDER BY version").fetchall() == [
            (number,) for number in range(1, len(newer) + 1)
        ]


def test_a_file_of_a_newer_kit_is_refused(tmp_path: Path) -> None:
    kept = history(tmp_path)
    with duckdb.connect(kept.path) as connection:
        migrate(connection, kept.path, (*STEPS, "SELECT 1"))
    with pytest.raises(ConfigurationError, match=f"version {len(STEPS) + 1}, and this one knows {len(STEPS)}"):
        kept.judged("run")


def test_a_step_that_fails_leaves_the_version_before(tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / "history.duckdb") as connection:
        with pytest.raises(duckdb.CatalogException):
            migrate(connection, tmp_path, (*STEPS, "CREATE TABLE half (x INTEGER); ALTER TABLE nowhere RENAME TO x"))
        connection.rollback()
        assert connection.execute("SELECT max(version) FROM versions").fetchall() == [(len(STEPS),)]
        assert ("half",) not in connection.execute("SHOW TABLES").fetchall()


def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    kept = history(tmp_path)
    with pytest.raises(ConfigurationError, match="no such history"):
        changes.read(kept, AT)
    kept.path.write_text("something else")
    with pytest.raises(ConfigurationError, match=r"history\.duckdb: "):
        kept.judged("run")


def test_every_table_is_exported_as_parquet(tmp_path: Path) -> None:
    kept = history(tmp_path)
    kept.begin("run", 1, "")
    kept.record([outcome("run", "one")], {})
    made = kept.export(tmp_path / "parquet")
    assert [path.name for path in made] == [f"{table}.parquet" for table in TABLES]
    found = duckdb.sql(f"SELECT target, count(*) FROM '{tmp_path}/parquet/verdicts.parquet' GROUP BY target").fetchall()
    assert found == [("one", len(IDS))]


def test_a_new_kit_or_contract_begins_a_baseline_and_changes_nothing(tmp_path: Path) -> None:
    kept, fleet = history(tmp_path), lanes(["one", "other"])
    judge_all(kept, "run-1", AT, fleet, lambda target, id: "passed")
    newer = {"kit": {"name": "alphaedge", "version": "2.0"}, "contract": {"version": "2", "digest": "d" * 64}}
    judge_all(kept, "run-2", AT + timedelta(hours=6), fleet, lambda target, id: "failed", **newer)
    judge_all(kept, "run-3", AT + timedelta(hours=12), fleet, lambda target, id: "failed", **newer)
    found = changes.read(kept, AT)
    assert found["changes"] == []
    assert found["flaky"] == []
    assert found["baselines"] == [
        {
            "at": "2026-05-04T18:00:00Z",
            "targets": 2,
            "kit": "2.0",
            "contract": "d" * 64,
            "was_kit": "1.0",
            "was_contract": "c" * 64,
        }
    ]
    assert not changes.has_failures(found)
    judge_all(kept, "run-4", AT + timedelta(hours=18), fleet, lambda target, id: "passed", **newer)
    assert {each["now"] for each in changes.read(kept, AT)["changes"]} == {"passed"}


def test_a_target_that_is_not_judged_is_told_since_when(tmp_path: Path) -> None:
    kept, fleet = history(tmp_path), lanes(["one", "other"])
    judge_all(kept, "run-1", AT, fleet, lambda target, id: "passed")
    for number in (2, 3):
        gone = {"verdict": "inconclusive", "reason": "nothing listens there"}
        at = AT + timedelta(hours=number)
        judge_all(kept, f"run-{number}", at, fleet[:1], lambda target, id: "inconclusive", **gone)
    found = changes.read(kept, AT)
    assert found["changes"] == []
    assert found["unjudged"] == [
        {
            "target": "one",
            "verdict": "inconclusive",
            "reason": "nothing listens there",
            "since": "2026-05-04T14:00:00Z",
        }
    ]
    judge_all(kept, "run-4", AT + timedelta(hours=4), fleet[:1], lambda target, id: "passed")
    found = changes.read(kept, AT)
    assert found["unjudged"] == []
    assert found["changes"] == []


@pytest.mark.parametrize("text", ["7", "7y", "-1d", "yesterday", ""])
def test_since_what(text: str) -> None:
    with pytest.raises(ConfigurationError, match="expected 7d, 24h"):
        changes.moment(text)


def test_a_moment_is_in_utc() -> None:
    assert changes.moment("2026-05-04T12:00+02:00") == datetime(2026, 5, 4, 10)
    assert changes.moment("2026-05-04") == datetime(2026, 5, 4)
    assert changes.moment("24h") - changes.moment("7d") >= timedelta(days=5, hours=23)
