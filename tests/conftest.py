"""What several tests share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.mock import serve
from alphaedge_conformance.run.suite import Suite

from .helpers import KEY, ROOT, Conform, Counting

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))
import typescript_package


@pytest.fixture
def counting(contract: Contract) -> Iterator[tuple[Counting, str]]:
    mock = Counting(contract, KEY, tokens_per_second=400)
    with serve(mock) as url:
        yield mock, url


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


@pytest.fixture(scope="session")
def npm() -> None:
    """Node and npm, with the tools of the TypeScript package. Only a machine that is not CI's may be without."""
    if not typescript_package.is_possible() and "CI" not in os.environ:
        pytest.skip("Node is not installed")
    typescript_package.install()


@pytest.fixture(scope="session")
def npm_package(npm: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that was empty, in which the npm package is now installed, as `npm pack` makes it."""
    folder = tmp_path_factory.mktemp("installed")
    packed = typescript_package.pack(ROOT / "generated" / "typescript", folder)
    typescript_package.npm(folder, "install", "--offline", "--no-save", f"./{packed.name}")
    return folder
