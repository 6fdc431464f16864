"""``pytest openapi.yaml --conform=…`` beside tests of a user's own: nothing turns green by accident."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.mock import serve
from alphaedge_conformance.mock.faults import BY_HAND

from ..helpers import KEY, Counting

OWN = {"passes": "def test_own():\n    pass\n", "fails": "def test_own():\n    assert False\n"}


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "/dev/null", f"--rootdir={folder}"]
    environment = {"PATH": "/usr/bin:/bin", "ALPHAEDGE_API_KEY": KEY}
    return subprocess.run(
        [*command, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def own(tmp_path: Path) -> Path:
    for name, text in OWN.items():
        (tmp_path / f"test_{name}.py").write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("test", "fault", "code"),
    [
        ("passes", None, 0),
        ("fails", None, 1),
        ("passes", "total-is-the-prompt", 1),
        ("fails", "no-finish-reason", 1),
    ],
)
def test_the_exit_code_is_the_worse_of_both(
    own: Path, contract: Contract, counting: tuple[Counting, str], test: str, fault: str | None, code: int
) -> None:
    kind = BY_HAND[fault].make if fault else Counting
    with serve(kind(contract, KEY)) as url:
        done = run(own, f"test_{test}.py", str(contract.source), f"--conform={url}", "-k", "own or sum")
    assert done.returncode == code, done.stdout


def test_an_own_failure_is_not_lowered_to_inconclusive(own: Path, contract: Contract) -> None:
    conform = "--conform=http://127.0.0.1:9 -k sum"
    assert run(own, "test_passes.py", str(contract.source), conform).returncode == 2
    assert run(own, "test_fails.py", str(contract.source), conform, "-k", "own or sum").returncode == 1


def test_without_the_contract_nothing_is_judged(own: Path) -> None:
    done = run(own, "test_passes.py", "--conform=http://127.0.0.1:9")
    assert done.returncode == 4
    assert "nothing was judged: expected the contract among the files, as in `pytest openapi.yaml`" in done.stderr


def test_several_processes_are_refused(own: Path, contract: Contract, counting: tuple[Counting, str]) -> None:
    mock, url = counting
    done = run(own, "-n", "2", str(contract.source), f"--conform={url}")
    assert done.returncode == 4
    assert "--conform sends its requests from one process; leave -n and --dist out" in done.stderr
    assert mock.requests == 0
