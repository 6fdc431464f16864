"""A run that is ended from outside keeps what it has, and what it has can be judged again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from starlette.requests import Request
from starlette.responses import Response

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.mock.faults import BY_HAND

from ..helpers import KEY, Conform, some


class Stuck(Mock):
    """Answers thirty requests, and no other."""

    answered = 0

    async def respond(self, http: Request) -> Response:
        if self.answered >= 30:
            await asyncio.sleep(30)
        self.answered += 1
        return await super().respond(http)


@contextmanager
def midway(contract: Contract, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A run that has thirty answers and waits for more."""
    mock = Stuck(contract, KEY)
    command = [str(Path(sys.executable).with_name("alphaedge-conform"))]
    environment = os.environ | {"ALPHAEDGE_API_KEY": KEY}
    with serve(mock) as url:
        command += [url, "--report", str(folder)]
        with subprocess.Popen(command, env=environment, stdout=-1, stderr=-1, text=True) as process:
            until = time.monotonic() + 30
            while mock.answered < 30 or len(entries(folder)) < 25:
                assert time.monotonic() < until
                time.sleep(0.05)
            yield process
            process.kill()


def entries(folder: Path) -> list[Any]:
    found: list[Any] = json.loads((folder / "exchanges.har").read_bytes())["log"]["entries"]
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_writes_what_there_is(contract: Contract, tmp_path: Path, number: signal.Signals) -> None:
    with midway(contract, tmp_path) as process:
        process.send_signal(number)
        output, errors = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "Traceback" not in output + errors
    assert output.splitlines()[-1].startswith("INCONCLUSIVE: ")
    assert f"interrupted by {number.name} · " in output.splitlines()[-1]
    found = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert found["verdict"] == "inconclusive"
    assert {each["status"] for each in found["requirements"]} == {"passed", "inconclusive"}
    cases = ElementTree.parse(tmp_path / "junit.xml").getroot().iter("testcase")
    assert len(list(cases)) == len(found["requirements"])
    assert len(entries(tmp_path)) >= 25


def test_the_second_signal_stops_at_once(contract: Contract, tmp_path: Path) -> None:
    script = (
        "import signal, time; from alphaedge_conformance.run.interrupts import interruptible\n"
        "with interruptible(print):\n    print('ready', flush=True)\n    time.sleep(30)\n    time.sleep(30)"
    )
    with subprocess.Popen([sys.executable, "-uc", script], stdout=-1, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted by SIGINT\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == -signal.SIGINT


def test_what_a_killed_run_leaves_is_judged(conform: Conform, contract: Contract, tmp_path: Path) -> None:
    with midway(contract, tmp_path) as process:
        process.kill()
        process.wait(timeout=10)
    done = conform("--from-har", str(tmp_path / "exchanges.har"), "--report", str(tmp_path / "again"))
    assert done.returncode == 2
    assert "were not sent: the recording does not have them" in done.stdout
    found = json.loads((tmp_path / "again" / "report.json").read_text("utf-8"))
    assert {each["status"] for each in found["requirements"]} == {"passed", "inconclusive"}


@pytest.mark.parametrize("name", some(["total-is-the-prompt", "shows-the-key", None, "stays-open"], 2))
def test_a_recording_says_the_same(conform: Conform, contract: Contract, tmp_path: Path, name: str | None) -> None:
    make = BY_HAND[name].make if name in BY_HAND else Mock
    with serve(make(contract, KEY, tokens_per_second=400)) as url:
        live = conform(url, "--report", str(tmp_path), key=KEY)
    again = conform("--from-har", str(tmp_path / "exchanges.har"), "--report", str(tmp_path / "again"))
    assert again.returncode == live.returncode

    def verdicts(folder: Path) -> Any:
        found = json.loads((folder / "report.json").read_text("utf-8"))["requirements"]
        return [(each["id"], each["status"], each["failed"], each["of"]) for each in found]

    assert verdicts(tmp_path / "again") == verdicts(tmp_path)


def test_an_archive_that_was_cut(conform: Conform, tmp_path: Path) -> None:
    conform("--report", str(tmp_path), "-k", "usage and sum")
    whole = (tmp_path / "exchanges.har").read_bytes()
    (tmp_path / "cut.har").write_bytes(whole[:-200])
    assert conform("--from-har", str(tmp_path / "cut.har"), "-k", "usage and sum").returncode == 2


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff", b'{"log": {"entries": []}}', b"[" * 100_000])
def test_rejects_an_invalid_archive(conform: Conform, tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "x.har").write_bytes(content)
    done = conform("--from-har", str(tmp_path / "x.har"))
    assert done.returncode == 4
    assert len(done.stderr.splitlines()) == 1
