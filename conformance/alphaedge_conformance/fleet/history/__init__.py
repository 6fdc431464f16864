"""What was found of every target in every run, in DuckDB: rows are added, and none is ever changed or taken away.

The file is opened for a moment each time, so that others can look into it while a fleet is being judged.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
from attrs import asdict, frozen

from ...errors import ConfigurationError
from ...judging.verdicts import Status
from ..outcome import Outcome
from ..settling import Settled, State
from ..work import Known, now
from .schema import TABLES, migrate

PATIENCE = 60.0
"""Seconds that a file is waited for which another process has open."""
MEMORY = "128MB"


@frozen
class Last:
    """What the last run that judged a target left of it."""

    run: str
    kit: str
    contract: str
    statuses: str
    """The digest of what the report said of each requirement."""
    report: str | None
    """The folder of the report that was kept."""


@frozen
class History:
    path: Path

    @property
    def reports(self) -> Path:
        """The folder of the reports that were kept."""
        return self.path.with_suffix(".reports")

    @contextmanager
    def opened(self, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """The database, with the tables that this kit knows. Raises ConfigurationError."""
        if read_only and not self.path.exists():
            raise ConfigurationError(f"{self.path}: no such history; `alphaedge-conform fleet` creates one")
        connection = self._connect()
        try:
            migrate(connection, self.path)
            yield connection
        finally:
            connection.close()

    def _connect(self) -> duckdb.DuckDBPyConnection:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return duckdb.connect(self.path, config={"memory_limit": MEMORY, "threads": 1})
            except duckdb.IOException as error:
                if "lock" not in str(error).lower() or time.monotonic() > until:
                    raise ConfigurationError(f"{self.path}: {str(error).splitlines()[0]}") from None
                time.sleep(0.05)

    # Writing

    def begin(self, run: str, targets: int, options: str) -> None:
        with self.opened() as connection:
            connection.execute("INSERT INTO runs VALUES (?, ?, ?, ?)", [run, now(), targets, options])

    def end(self, run: str) -> None:
        with self.opened() as connection:
            connection.execute("INSERT INTO ends VALUES (?, ?) ON CONFLICT DO NOTHING", [run, now()])

    def record(self, outcomes: Sequence[Outcome], last: dict[str, Last]) -> list[Outcome]:
        """Writes what came of some targets, all of it or nothing, and each target once, however often it comes; gives
        those that it wrote. `last` is what the runs before left, and what this one leaves."""
        reports = {each.target: self._report(each, last.get(each.target)) for each in outcomes}
        distinct = {(each.run, each.target): each for each in outcomes}
        judgings = [
            {"run": each.run, "target": each.target, "lane": each.lane, "report": reports[each.target], **each.facts}
            for each in distinct.values()
        ]
        with self.opened() as connection:
            connection.begin()
            new = set(_insert(connection, "judgings", judgings, "ON CONFLICT DO NOTHING RETURNING run, target"))
            written = [each for key, each in distinct.items() if key in new]
            _insert(connection, "verdicts", [row for each in written for row in _rows(each)])
            connection.commit()
        for each in written:
            if each.rows:
                facts = each.facts
                last[each.target] = Last(
                    each.run, facts["kit"], facts["contract"], facts["statuses"], reports[each.target]
                )
        return written

    def _report(self, outcome: Outcome, last: Last | None) -> str | None:
        """The folder of a target's report: of a new one, whose files are written, or of the one before."""
        if not outcome.kept:
            return last.report if last is not None else None
        name = sha256(outcome.kept["report.json"]).hexdigest()
        folder = self.reports / name
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in outcome.kept.items():
            (folder / file).write_bytes(content)
        return name

    # Reading

    def unfinished(self, options: str) -> str | None:
        """The last run, where it has not come to its end. Raises ConfigurationError where it had other options."""
        with self.opened() as connection:
            found = connection.execute(
                "SELECT run, options FROM runs ANTI JOIN ends USING (run) "
                "WHERE started = (SELECT max(started) FROM runs)"
            ).fetchone()
        if found is not None and found[1] != options:
            raise ConfigurationError(
                f"--resume: the last run was started with {found[1]}; give the same options, or leave --resume out"
            )
        return found[0] if found is not None else None

    def judged(self, run: str) -> set[str]:
        """The targets that a run has judged."""
        with self.opened() as connection:
            return {
                name for (name,) in connection.execute("SELECT target FROM judgings WHERE run = ?", [run]).fetchall()
            }

    def last(self) -> dict[str, Last]:
        """By the names of the targets."""
        with self.opened() as connection:
            found = connection.execute(
                "SELECT target, run, kit, contract, statuses, report FROM judgings WHERE statuses IS NOT NULL "
                "QUALIFY row_number() OVER (PARTITION BY target ORDER BY started DESC, run DESC) = 1"
            ).fetchall()
        return {target: Last(*rest) for target, *rest in found}

    def known(self, targets: Sequence[str], last: dict[str, Last]) -> dict[str, Known]:
        """What is known of some targets."""
        of_runs: dict[str, list[str]] = {}
        for name in targets:
            if name in last:
                of_runs.setdefault(last[name].run, []).append(name)
        states: dict[str, dict[str, State]] = {name: {} for name in targets}
        with self.opened() as connection:
            for run, names in of_runs.items():
                rows = connection.execute(
                    "SELECT target, requirement, settled, firm, last, streak, is_new FROM verdicts "
                    "WHERE run = ? AND list_contains(?::VARCHAR[], target)",
                    [run, names],
                ).fetchall()
                for target, id, settled, firm, status, streak, is_new in rows:
                    states[target][id] = State(
                        settled and Settled(settled),
                        firm and Settled(firm),
                        status and Status(status),
                        streak,
                        is_new,
                    )
        return {
            name: Known(last[name].kit, last[name].contract, states[name], last[name].statuses)
            for name in targets
            if name in last
        }

    def export(self, folder: Path) -> list[Path]:
        """Writes every table as Parquet. Raises ConfigurationError where the folder cannot be written."""
        made = []
        with self.opened(read_only=True) as connection:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                for table in TABLES:
                    made.append(folder / f"{table}.parquet")
                    connection.table(table).write_parquet(str(made[-1]), compression="zstd")
            except (OSError, duckdb.IOException) as error:
                raise ConfigurationError(f"{folder}: {str(error).splitlines()[0]}") from None
        return made


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]], then: str = "") -> list[Any]:
    """Adds rows to a table, by the names of its columns. As JSON: a value at a time takes a hundred times as long."""
    types = {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE {table}").fetchall()}
    connection.execute(
        f"INSERT INTO {table} BY NAME SELECT unnest(from_json(?, '{json.dumps([types])}'), recursive := true) {then}",
        [json.dumps(rows, default=datetime.isoformat)],
    )
    return connection.fetchall()


def _rows(outcome: Outcome) -> Iterator[dict[str, Any]]:
    """Of verdicts."""
    for each in outcome.rows:
        row = asdict(each, recurse=False)
        state = asdict(row.pop("state"))
        yield {"run": outcome.run, "target": outcome.target, **row, **state, "again": " ".join(each.again) or None}
