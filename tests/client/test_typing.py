"""The client under the type checkers, as the people who use it run them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ..helpers import strict_mypy
from .conftest import ROOT

pytestmark = pytest.mark.xdist_group("installs pyright")  # once, not once a worker

HERE = Path(__file__).with_name("typing")
INSTALLED = ROOT / ".bench" / "pyright"
WRONG = [
    number for number, line in enumerate((HERE / "wrong.py").read_text().splitlines(), 1) if line.endswith("# wrong")
]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs in a folder of their own, away from the configuration of this kit."""
    folder = tmp_path_factory.mktemp("program")
    for name in ("sample.py", "wrong.py"):
        shutil.copy(HERE / name, folder)
    return folder


@pytest.fixture(scope="module")
def pyright() -> list[str]:
    """pyright, installed once from its lock."""
    lock = (HERE / "package-lock.json").read_bytes()
    stamp = INSTALLED / "installed"
    if not stamp.exists() or stamp.read_bytes() != lock:
        if not shutil.which("npm") and "CI" not in os.environ:
            pytest.skip("npm is not installed")
        INSTALLED.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, INSTALLED)
        command = ["npm", "ci", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(command, cwd=INSTALLED, check=True, timeout=120)
        stamp.write_bytes(lock)
    script = str(INSTALLED / "node_modules" / "pyright" / "index.js")
    return ["node", script, "--pythonpath", sys.executable]


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def lines(output: str) -> list[int]:
    return sorted({int(line) for line in re.findall(r"wrong\.py:(\d+):.*error", output)})


CLIENT = str(ROOT / "generated" / "alphaedge")


def assert_only_wrong_usage_is_found(done: subprocess.CompletedProcess[str]) -> None:
    """Nothing in the client, nothing in a program that uses it rightly, and each wrong line of the other."""
    errors = [line for line in done.stdout.splitlines() if re.search(r"\berror\b.*[:)\]]", line)]
    assert [line for line in errors if "wrong.py:" not in line] == [], done.stdout + done.stderr
    assert lines(done.stdout) == WRONG, done.stdout + done.stderr


def test_mypy_finds_wrong_usage_alone(program: Path) -> None:
    assert_only_wrong_usage_is_found(run(strict_mypy("client", "sample.py", "wrong.py", CLIENT), program))


@pytest.mark.slow
def test_pyright_finds_wrong_usage_alone(program: Path, pyright: list[str]) -> None:
    assert_only_wrong_usage_is_found(run([*pyright, "sample.py", "wrong.py", CLIENT], program))
