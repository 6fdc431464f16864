"""What several tests share, fixtures apart."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pytest
from _pytest.mark import ParameterSet
from starlette.requests import Request
from starlette.responses import Response

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.mock import Mock

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))
import typescript_package

ROOT = Path(__file__).resolve().parent.parent

KEY = "sk-the-secret-key-of-the-tests-0123456789"
PATIENCE = 60
"""Seconds for what comes sooner or later."""


class Counting(Mock):
    """A mock that counts the requests for a completion."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.lock, self.requests = threading.Lock(), 0

    async def respond(self, http: Request) -> Response:
        with self.lock:
            self.requests += http.url.path == self.contract.path
        return await super().respond(http)


Conform = Callable[..., subprocess.CompletedProcess[str]]
"""Runs `alphaedge-conform`; takes its arguments, the key of the environment as `key`, and more of the environment as
`environment`."""
Main = Callable[[list[str]], int]


def environment_with(key: str | None, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This environment, with no key but the given one."""
    kept = {name: value for name, value in os.environ.items() if name != "ALPHAEDGE_API_KEY"}
    return {**kept, **({} if key is None else {"ALPHAEDGE_API_KEY": key}), **(more or {})}


def in_this_process(
    main: Main, arguments: Sequence[str], environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """What a process that runs this command would print, and how it would end. An error that escapes is raised."""
    with (
        TemporaryFile("w+", encoding="utf-8") as output,
        TemporaryFile("w+", encoding="utf-8") as errors,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name in os.environ.keys() - environment.keys():
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        with redirect_stdout(output), redirect_stderr(errors):
            try:
                code = main(list(arguments))
            except SystemExit as ended:
                assert isinstance(ended.code, int)
                code = ended.code
        said = []
        for stream in (output, errors):
            stream.seek(0)
            said.append(stream.read())
    return subprocess.CompletedProcess(arguments, code, *said)


def in_a_process(arguments: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """`alphaedge-conform` as a user starts it."""
    command = [str(Path(sys.executable).with_name("alphaedge-conform")), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def some(items: Iterable[Any], every: int) -> list[ParameterSet]:
    """Parameters of a test, of which `make test` takes the first of so many, and `make slow` the others."""
    return [pytest.param(item, marks=pytest.mark.slow if at % every else ()) for at, item in enumerate(items)]


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it never came to it"
        time.sleep(0.02)


def read_report(folder: Path) -> dict[str, Any]:
    """The report.json of a run."""
    found: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
    return found


def strict_mypy(cache: str, *arguments: str) -> list[str]:
    """The command that checks programs of a user, without this repository's settings; `cache` names its cache."""
    folder = str(ROOT / ".mypy_cache" / cache)
    return [sys.executable, "-m", "mypy", "--strict", "--config-file", "", "--cache-dir", folder, *arguments]


def accepted_by_tsc(contract: Contract, program: str, folder: Path) -> None:
    """Whether TypeScript takes a program of a user beside the client of a contract."""
    import generate

    (folder / "made").mkdir()
    typescript_package.generate(contract, generate.rendering(contract.document), "0.0.0", folder / "made")
    (folder / "program.mts").write_text(program, "utf-8")
    tsc = str(ROOT / "scripts/typescript/node_modules/typescript/bin/tsc")
    options = ["--strict", "--noEmit", "--module", "node16", "--target", "es2022"]
    command = ["node", tsc, *options, "program.mts"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def copy_scripts(folder: Path) -> None:
    """The generator for a copy of the repository, with the tools that are installed here."""
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    shutil.copy(ROOT / "LICENSE", folder)
    if typescript_package.is_possible():
        typescript_package.install()
        tools = "scripts/typescript/node_modules"
        (folder / tools).symlink_to(ROOT / tools)
