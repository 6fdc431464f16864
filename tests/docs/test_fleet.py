"""What docs/fleet.md gives to schedulers is what they take, and runs a command that there is."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest
import yaml

from alphaedge_conformance.cli import fleet, history
from alphaedge_conformance.fleet.history.schema import migrate

from ..pages import blocks

PAGE = "docs/fleet.md"
BLOCKS = blocks(PAGE)


def file_of(name: str) -> str:
    (found,) = (block.text for block in BLOCKS if block.text.startswith(f"# {name}\n"))
    return found


def parsed(words: Sequence[str]) -> object:
    """What a command of the kit takes from its words; exits where it does not."""
    command, kind, *arguments = words
    assert command == "alphaedge-conform"
    return {"fleet": fleet.parser, "history": history.parser}[kind]().parse_args(arguments)


def test_the_cron_job_of_kubernetes() -> None:
    job = yaml.safe_load(file_of("fleet-cronjob.yaml"))
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "CronJob")
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    parsed(container["command"] + container["args"])
    assert {each["name"] for each in container["volumeMounts"]} == {each["name"] for each in pod["volumes"]}
    assert pod["restartPolicy"] in ("Never", "OnFailure")  # the API takes no other


def test_the_workflow_of_github() -> None:
    workflow = yaml.safe_load(file_of(".github/workflows/fleet.yml"))
    assert workflow[True]["schedule"] == [{"cron": "0 */6 * * *"}]  # YAML takes `on` for a boolean
    steps = workflow["jobs"]["fleet"]["steps"]
    commands = [shlex.split(step["run"]) for step in steps if step.get("run", "").startswith("alphaedge-conform")]
    assert len(commands) == 2
    for words in commands:
        parsed(words)


def test_the_line_of_cron() -> None:
    (line,) = (line for block in BLOCKS for line in block.text.splitlines() if re.match(r"0 \*/6", line))
    parsed(shlex.split(line.rpartition("&& ")[2]))


def test_the_units_of_systemd(tmp_path: Path) -> None:
    units = ("alphaedge-fleet.service", "alphaedge-fleet.timer")
    for name in units:
        (tmp_path / name).write_text(file_of(name))
    (command,) = re.findall(r"^ExecStart=/usr/bin/env (.*)$", file_of(units[0]), re.M)
    parsed(shlex.split(command))
    if (program := shutil.which("systemd-analyze")) is None:
        pytest.skip("systemd is not installed")
    done = subprocess.run(
        [program, "verify", "--man=no", *(str(tmp_path / name) for name in units)], capture_output=True, text=True
    )
    assert [line for line in done.stderr.splitlines() if str(tmp_path) in line] == []
    (calendar,) = re.findall(r"^OnCalendar=(.*)$", file_of(units[1]), re.M)
    subprocess.run([program, "calendar", calendar], check=True, capture_output=True)


def test_the_query(tmp_path: Path) -> None:
    (query,) = (block.text for block in BLOCKS if block.language == "sql")
    with duckdb.connect(tmp_path / "history.duckdb") as connection:
        migrate(connection, tmp_path)
        assert connection.execute(query).fetchall() == []
