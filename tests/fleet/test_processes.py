"""`alphaedge-conform fleet` as a user runs it, and what is left where one of its processes is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from alphaedge_conformance.contract import Contract

from ..helpers import PATIENCE, some, until
from .real import EXPRESSION, PLANTED, VARIABLE, Fleet, expected, fleet, verdict_maps
from .simulated import history

HOSTS = 4


@pytest.fixture
def found(contract: Contract, tmp_path: Path) -> Iterator[Fleet]:
    with fleet(contract, tmp_path, HOSTS, latency=0.1) as made:
        yield made


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [str(Path(sys.executable).with_name("alphaedge-conform")), "fleet", "targets.toml", "--workers", "2"]
    command += ["--history", "history.duckdb", "--effort", "quick", "-k", EXPRESSION, *arguments]
    environment = os.environ | {VARIABLE: PLANTED}
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def children(process: subprocess.Popen[str]) -> list[int]:
    """The workers."""
    command = ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(process.pid)]
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    return [int(line.split()[0]) for line in lines if "resource_tracker" not in line]


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout


def test_a_worker_that_is_killed_costs_nothing_but_time(found: Fleet, tmp_path: Path) -> None:
    process = start(tmp_path)
    until(lambda: found.requests > 3)
    os.kill(children(process)[0], signal.SIGKILL)
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    assert "8 targets: 6 conforms, 2 deviates" in said
    assert verdict_maps(history(tmp_path)) == expected(HOSTS)
    assert PLANTED not in said


@pytest.mark.parametrize("number", some([signal.SIGKILL, signal.SIGTERM], 2))
def test_a_coordinator_that_is_killed_is_resumed_to_the_same_result(
    found: Fleet, tmp_path: Path, number: signal.Signals
) -> None:
    process = start(tmp_path)
    until(lambda: found.requests > 3)
    workers = children(process)
    assert len(workers) == 2
    os.kill(process.pid, number)
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == (2 if number == signal.SIGTERM else -signal.SIGKILL), said
    assert ("continue with --resume" in said) == (number == signal.SIGTERM)
    until(lambda: not any(map(is_there, workers)))  # nobody goes on asking the targets
    resumed = start(tmp_path, "--resume")
    said, _ = resumed.communicate(timeout=PATIENCE)
    assert resumed.returncode == 0, said
    kept = history(tmp_path)
    assert verdict_maps(kept) == expected(HOSTS)
    with kept.opened() as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchall() == [(1,)]
        assert connection.execute("SELECT count(*) FROM ends").fetchall() == [(1,)]
