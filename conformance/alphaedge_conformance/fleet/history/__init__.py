"""What was found of every target in every run, in DuckDB: rows are added, and none is ever changed or taken away.

The file is opened for a moment each time, so that others can look into it while a fleet is being judged.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
from attrs import frozen

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
            raise ConfigurationError(f"{self.path}: there is no history; `alphaedge-conform fleet` writes one")
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
        """Writes what came of some targets, each once, however often it comes; gives those that it wrote."""
        with self.opened() as connection:
            return [each for each in outcomes if self._record(connection, each, last)]

    def _record(self, connection: duckdb.DuckDBPyConnection, outcome: Outcome, last: dict[str, Last]) -> bool:
        before = last.get(outcome.target)
        report = self._keep(outcome) if outcome.kept else before.report if before is not None else None
        facts = {"run": outcome.run, "target": outcome.target, "lane": outcome.lane, "report": report, **outcome.facts}
        names, values = ", ".join(facts), ", ".join("?" * len(facts))
        connection.begin()
        done = connection.execute(
            f"INSERT INTO judgings ({names}) VALUES ({values}) ON CONFLICT DO NOTHING RETURNING run",
            list(facts.values()),
        ).fetchall()
        if done and outcome.rows:
            connection.execute(INSERT, [outcome.run, outcome.target, *_columns(outcome)])
        connection.commit()
        if done and outcome.rows:
            found = outcome.facts
            last[outcome.target] = Last(outcome.run, found["kit"], found["contract"], found["statuses"], report)
        return bool(done)

    def _keep(self, outcome: Outcome) -> str:
        """Writes the files of a report; its folder has the digest of report.json as its name."""
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
            raise ConfigurationError(f"--resume: the last run was begun with {found[1]}; give these, or leave it out")
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
                    "SELECT target, requirement, settled, last, streak FROM verdicts "
                    "WHERE run = ? AND list_contains(?::VARCHAR[], target)",
                    [run, names],
                ).fetchall()
                for target, id, settled, status, streak in rows:
                    states[target][id] = State(
                        None if settled is None else Settled(settled),
                        None if status is None else Status(status),
                        streak,
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


INSERT = """
INSERT INTO verdicts SELECT ?, ?, unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::BOOLEAN[]),
  unnest(?::VARCHAR[]), unnest(?::INTEGER[]), unnest(?::INTEGER[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[]),
  unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::INTEGER[])
"""


def _columns(outcome: Outcome) -> list[list[Any]]:
    """The rows of an outcome, as columns of verdicts."""
    rows = outcome.rows
    return [
        [each.requirement for each in rows],
        [each.level for each in rows],
        [each.scored for each in rows],
        [each.status for each in rows],
        [each.failed for each in rows],
        [each.of for each in rows],
        [each.finding for each in rows],
        [" ".join(each.again) or None for each in rows],
        [each.was for each in rows],
        [each.state.settled for each in rows],
        [each.state.last for each in rows],
        [each.state.streak for each in rows],
    ]
