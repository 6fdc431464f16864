"""What several tests share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import pytest

from alphaedge_conformance.cli.conform import main
from alphaedge_conformance.contract import SHIPPED, Contract
from alphaedge_conformance.contract.overlays import shipped
from alphaedge_conformance.mock import serve
from alphaedge_conformance.run.suite import Suite

from .helpers import KEY, ROOT, Conform, Counting, environment_with, in_a_process, in_this_process

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))
import typescript_package


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """An id is sent from process to process, and no reader wants megabytes of it."""
    return f"{argname}-of-{len(val)}" if isinstance(val, bytes | str) and len(val) > 200 else None


@pytest.fixture
def counting(contract: Contract) -> Iterator[tuple[Counting, str]]:
    mock = Counting(contract, KEY, tokens_per_second=400)
    with serve(mock) as url:
        yield mock, url


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests neither find what a user's runs have drawn nor leave anything there."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session", autouse=True)
def read_once() -> Iterator[None]:
    """In the tests' own process a contract is read once for each state of its file, and its requests are planned
    once."""
    read, of = Contract.load, Suite.of
    suites: dict[int, Suite] = {}

    @lru_cache(8)
    def at_this_time(source: Path, _state: tuple[int, int], profiles: tuple[str, ...]) -> Contract:
        return read(source, profiles)

    def load(cls: type[Contract], source: Path | None = None, profiles: Iterable[str] = ()) -> Contract:
        source, profiles = source or SHIPPED, tuple(profiles)
        if not source.is_file() or not set(profiles) <= set(shipped()):
            return read(source, profiles)
        about = source.stat()
        return at_this_time(source, (about.st_mtime_ns, about.st_size), profiles)

    def suite_of(cls: type[Suite], contract: Contract) -> Suite:
        if id(contract) not in suites:
            if len(suites) > 8:
                suites.clear()  # memory
            suites[id(contract)] = of(contract)
        return suites[id(contract)]  # which has that contract, so that its id stays its own

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Contract, "load", classmethod(load))
        patch.setattr(Suite, "of", classmethod(suite_of))
        yield


@pytest.fixture(scope="session", autouse=True)
def ctrl_c() -> None:
    """A shell starts what it puts into the background with SIGINT ignored, and children inherit that;
    those of the tests have to hear it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def contract() -> Contract:
    return Contract.load()


@pytest.fixture(scope="session")
def suite(contract: Contract) -> Suite:
    return Suite.of(contract)


@pytest.fixture
def conform() -> Conform:
    """Runs `alphaedge-conform` in this process: most tests are about what it says, not about starting it."""

    def run(
        *arguments: str, key: str | None = None, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return in_this_process(main, arguments, environment_with(key, environment))

    return run


@pytest.fixture
def conform_process() -> Conform:
    """Runs `alphaedge-conform` as a user does: for its exit codes, and that nothing else is printed."""

    def run(
        *arguments: str, key: str | None = None, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return in_a_process(arguments, environment_with(key, environment))

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
