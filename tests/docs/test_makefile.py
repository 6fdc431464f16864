"""The Makefile where there is no Python, or too old a one: one clear line."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from ..helpers import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (None, "no python-of-the-test found; install Python 3.11 or newer, or name one with PYTHON="),
        ("[ $1 = --version ] && echo Python 3.9.2; exit 1", "Python 3.9.2 is too old; install Python 3.11 or newer"),
    ],
)
def test_a_python_that_will_not_do(folder: Path, script: str | None, says: str) -> None:
    name = "python-of-the-test"
    if script is not None:
        (folder / name).write_text(f"#!/bin/sh\n{script}\n", "utf-8")
        (folder / name).chmod(0o755)
        name = f"./{name}"
    done = subprocess.run(
        ["make", "conform", f"PYTHON={name}"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / ".venv").exists()


def test_what_make_test_leaves_out_runs_every_night() -> None:
    left_out = ("slow", "explorations", "live-faults", "growth", "profiles", "mutants")

    def commands(target: str) -> list[str]:
        """Without those that make .venv."""
        done = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=True)
        return [line for line in done.stdout.splitlines() if re.match(r"\.venv/bin/python -m (pytest|alphaedge)", line)]

    assert commands("nightly") == [line for target in ("test", *left_out) for line in commands(target)]
    assert "-m slow" in commands("slow")[0]
    (job,) = yaml.safe_load((ROOT / ".github" / "workflows" / "nightly.yml").read_text("utf-8"))["jobs"].values()
    ran = [step["run"] for step in job["steps"] if "run" in step]
    assert ran == [".ci/run", f"make --keep-going {' '.join(left_out)}"]
    assert "\nmake test\n" in (ROOT / ".ci" / "run").read_text("utf-8")


def test_the_shell_sees_one_word(tmp_path: Path) -> None:
    """Whatever stands in a variable is an argument, never a command."""
    words = ("it's", 'a "b" c', "`touch made`")
    for name, word in zip(("URL", "MODEL", "REPORT"), words, strict=True):
        done = subprocess.run(
            ["make", "--no-print-directory", "-n", "conform", f"{name}={word}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        line = done.stdout.replace(".venv/bin/alphaedge-conform", "printf '[%s]\\n'")
        said = subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        assert f"[{word}]" in said
    assert not (tmp_path / "made").exists()


def test_no_index_host_and_no_path_of_a_machine_in_what_is_tracked() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert lock.count("--hash=sha256:") > 100
    for forbidden in ("http://", "https://", "index-url", "file:", "/simple"):
        assert forbidden not in lock
