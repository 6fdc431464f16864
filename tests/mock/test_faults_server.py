"""All wrong servers at one address."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from urllib.request import urlopen

import httpx
import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.mock import serve
from alphaedge_conformance.mock.faults import all_faults
from alphaedge_conformance.mock.faults_server import CATALOGUE, FaultsServer
from alphaedge_conformance.mock.unusual import UNUSUAL

KEY = "sk-of-the-faults-server"


@pytest.fixture(scope="module")
def url(contract: Contract) -> Iterator[str]:
    with serve(FaultsServer(contract, KEY)) as address:
        yield address


def ask(contract: Contract, url: str, key: str = KEY) -> httpx.Response:
    return httpx.post(
        url + contract.path, json=contract.example_request, headers={"Authorization": f"Bearer {key}"}, trust_env=False
    )


def test_the_catalogue_lists_every_fault_and_every_unusual_server(contract: Contract, url: str) -> None:
    entries = {each["id"]: each for each in httpx.get(url + CATALOGUE, trust_env=False).json()}
    faults = all_faults(contract)
    assert entries.keys() == {"conforming", *UNUSUAL, *faults}
    for id, each in entries.items():
        assert each["kind"] == ("fault" if id in faults else "unusual" if id in UNUSUAL else "conforming")
        assert set(each["breaks"]) == (faults[id].breaks if id in faults else set())
        assert each["sentence"]
        assert each["url"] == f"{url}/{id}"
    assert KEY not in json.dumps(entries)


def test_each_server_answers_below_its_own_address(contract: Contract, url: str) -> None:
    assert ask(contract, f"{url}/conforming").json()["object"] == "chat.completion"
    assert ask(contract, f"{url}/conforming", "sk-wrong").status_code == 401
    assert ask(contract, f"{url}/any-key-will-do", "sk-wrong").status_code == 200
    assert httpx.get(f"{url}/conforming/v1/models", trust_env=False).status_code in (200, 401)


def test_what_it_does_not_have(contract: Contract, url: str) -> None:
    for path in ("/", "/nosuch/v1/chat/completions", "/conforming-and-more"):
        assert httpx.get(url + path, trust_env=False).status_code == 404


def test_servers_do_not_share_their_state(contract: Contract) -> None:
    app = FaultsServer(contract)
    with serve(app) as url:
        first = ask(contract, f"{url}/conforming").json()["id"]
        assert ask(contract, f"{url}/conforming").json()["id"] != first
    assert list(app._made) == ["conforming"]


def test_the_command_says_where_the_catalogue_is() -> None:
    command = [sys.executable, "-m", "alphaedge_conformance.mock", "--faults-server", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address, *_ = process.stdout.readline().split()
        with urlopen(address) as answer:
            assert json.load(answer)
        process.terminate()
