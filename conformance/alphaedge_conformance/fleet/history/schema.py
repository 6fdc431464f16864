"""The tables, and how a file of an older kit gets them."""

from __future__ import annotations

from pathlib import Path

import duckdb

from ...errors import ConfigurationError

TABLES = ("runs", "ends", "judgings", "verdicts")
STEPS = (
    """
    CREATE TABLE runs (run VARCHAR PRIMARY KEY, started TIMESTAMP NOT NULL, targets INTEGER NOT NULL, options VARCHAR);
    CREATE TABLE ends (run VARCHAR PRIMARY KEY, ended TIMESTAMP NOT NULL);
    CREATE TABLE judgings (
      run VARCHAR, target VARCHAR, lane VARCHAR NOT NULL, url VARCHAR NOT NULL, model VARCHAR NOT NULL,
      kit VARCHAR, contract VARCHAR, contract_version VARCHAR,
      started TIMESTAMP NOT NULL, seconds DOUBLE NOT NULL, verdict VARCHAR NOT NULL, reason VARCHAR,
      must_failed INTEGER, should_failed INTEGER, requests INTEGER, prompt_tokens BIGINT, completion_tokens BIGINT,
      price DOUBLE, currency VARCHAR, first_byte_p50 DOUBLE, whole_p50 DOUBLE, whole_p95 DOUBLE,
      tokens_per_second DOUBLE,
      statuses VARCHAR, report VARCHAR,
      PRIMARY KEY (run, target)
    );
    CREATE TABLE verdicts (
      run VARCHAR NOT NULL, target VARCHAR NOT NULL, requirement VARCHAR NOT NULL, level VARCHAR NOT NULL,
      scored BOOLEAN NOT NULL, status VARCHAR NOT NULL, failed INTEGER NOT NULL, "of" INTEGER NOT NULL, finding VARCHAR,
      again VARCHAR, was VARCHAR, settled VARCHAR, firm VARCHAR, last VARCHAR, streak INTEGER NOT NULL,
      is_new BOOLEAN NOT NULL
    );
    """,
)
"""Each makes of the tables of one version those of the next. A table of verdicts has no key: an index over all of them
would not fit into memory, and they come in one transaction with their judging, which has one."""


def migrate(connection: duckdb.DuckDBPyConnection, path: Path, steps: tuple[str, ...] = STEPS) -> None:
    """Brings a database to the version of this kit. Raises ConfigurationError for a newer one."""
    connection.execute("CREATE TABLE IF NOT EXISTS versions (version INTEGER PRIMARY KEY)")
    found = connection.execute("SELECT coalesce(max(version), 0) FROM versions").fetchone()
    version = found[0] if found is not None else 0
    if version > len(steps):
        raise ConfigurationError(
            f"{path}: written by a newer kit (version {version}, and this one knows {len(steps)}); use that kit"
        )
    for number, step in enumerate(steps[version:], version + 1):
        connection.begin()
        connection.execute(step)
        connection.execute("INSERT INTO versions VALUES (?)", [number])
        connection.commit()
