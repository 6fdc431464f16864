"""What several tests share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.session import Suite

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests neither find what a user's runs have drawn nor leave anything there."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def contract() -> Contract:
    return Contract.load()


@pytest.fixture(scope="session")
def suite(contract: Contract) -> Suite:
    return Suite.of(contract)


Conform = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def conform() -> Conform:
    """Runs `alphaedge-conform` as a user does; `key` is the API key in its environment."""

    def run(*arguments: str, key: str | None = None) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if name != "ALPHAEDGE_API_KEY"}
        if key is not None:
            environment["ALPHAEDGE_API_KEY"] = key
        command = [str(Path(sys.executable).with_name("alphaedge-conform")), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    return run
