"""The command `alphaedge-conform gateway`: what is wrong is found, what is harmless is not accused."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.contract.overlays import shipped
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.judging.verdicts import Status
from alphaedge_conformance.live.gateway.cases import Case
from alphaedge_conformance.live.gateway.catalogue import requirements
from alphaedge_conformance.live.gateway.checks import CHECKS
from alphaedge_conformance.live.gateway.run import judge
from alphaedge_conformance.live.gateway.sending import send_all
from alphaedge_conformance.live.gateway.upstream import Upstream
from alphaedge_conformance.mock import serve
from alphaedge_conformance.sending.settings import Settings

from ..helpers import read_report, some
from ..pages import free_port
from .gateways import FAULTY, HARMLESS, KEY, UPSTREAM_KEY, Chunks, Gateway

SLOW = {f"gateway-stream.{id}" for id in ("not-held-back", "each-piece-passed-on", "ends-when-the-client-leaves")}

OF_PROFILES = ("gateway-request.profile-members-as-sent", "gateway-answer.profile-members-as-made")


def is_slow(case: Case) -> bool:
    """Whether a case takes a second or more."""
    return case.script.pause > 0


def report(contract: Contract, make: type[Gateway], slow: bool = True) -> dict[str, dict[str, Any]]:
    """What is said of each requirement."""
    upstream = Upstream(contract)
    with serve(upstream) as direct, serve(make(direct)) as url:
        target = build_target(contract, url, None, KEY)
        seen = send_all(contract, target, upstream, UPSTREAM_KEY, Settings(), lambda case: slow or not is_slow(case))
    made, _ = judge(contract, target, 0, seen, time.time(), Settings())
    return {each["id"]: dict(each) for each in made["requirements"]}


def failed(found: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    return {
        id: [finding["message"] for finding in each["findings"]]
        for id, each in found.items()
        if each["status"] == Status.FAILED
    }


def test_each_requirement_has_a_check_and_a_gateway_that_breaks_it() -> None:
    assert set(CHECKS) == set(requirements())
    broken = {id for kind in FAULTY.values() for id in kind.breaks}
    assert set(requirements()) == broken
    assert (len(FAULTY) >= 20, len(HARMLESS) >= 10) == (True, True)


@pytest.mark.parametrize("name", some(FAULTY, 4))
def test_a_faulty_gateway(name: str) -> None:
    kind = FAULTY[name]
    found = report(Contract.load(None, kind.profiles), kind, slow=not SLOW.isdisjoint(kind.breaks))
    assert failed(found).keys() == FAULTY[name].breaks, failed(found)


@pytest.mark.parametrize("name", some(HARMLESS, 4))
def test_a_harmless_gateway(contract: Contract, name: str) -> None:
    found = report(contract, HARMLESS[name])
    assert failed(found) == {}
    reasons = {id: each["reason"] for id, each in found.items() if each["status"] != Status.PASSED}
    assert reasons == dict.fromkeys(OF_PROFILES, "no claimed profile has it")


@pytest.mark.parametrize("kind", some([Chunks, Gateway], 2))
def test_a_good_gateway_with_all_profiles(kind: type[Gateway]) -> None:
    found = report(Contract.load(None, shipped()), kind, slow=False)
    assert failed(found) == {}
    assert {
        id: each["reason"] for id, each in found.items() if each["status"] != Status.PASSED and id not in SLOW
    } == {}


@pytest.mark.parametrize("profile", some(["reasoning", "models"], 2))
def test_a_profile_that_adds_no_member_to_requests(profile: str) -> None:
    found = report(Contract.load(None, [profile]), Gateway, slow=False)
    assert failed(found) == {}
    asked, answered = (found[id]["status"] for id in OF_PROFILES)
    shown = Status.PASSED if profile == "reasoning" else Status.NOT_APPLICABLE
    assert (asked, answered) == (Status.NOT_APPLICABLE, shown)


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("ALPHAEDGE_")}
    program = [str(Path(sys.executable).with_name("alphaedge-conform")), "gateway", *arguments]
    return subprocess.run(program, env=ours | environment, capture_output=True, text=True, timeout=120, check=False)


def test_the_command(tmp_path: Path) -> None:
    port = free_port()
    keys = {"ALPHAEDGE_API_KEY": KEY, "ALPHAEDGE_UPSTREAM_KEY": UPSTREAM_KEY}
    with serve(FAULTY["ShowsTheKey"](f"http://127.0.0.1:{port}")) as url:
        done = command(url, "--upstream-port", str(port), "--report", str(tmp_path), **keys)
    assert done.returncode == 1, done.stderr
    assert "MUST gateway-key.upstream-key-not-leaked" in done.stdout
    assert "requests arrived behind the gateway; a piece of a stream took " in done.stdout
    found = read_report(tmp_path)
    assert found["behind"]["requests"] >= 30
    written = done.stdout + "".join(path.read_text("utf-8") for path in tmp_path.iterdir())
    assert KEY not in written
    assert UPSTREAM_KEY not in written


def test_a_gateway_that_forwards_nowhere(tmp_path: Path) -> None:
    with serve(Gateway("http://127.0.0.1:9")) as url:
        done = command(url, "--upstream-port", str(free_port()), ALPHAEDGE_API_KEY=KEY)
    assert done.returncode == 2
    assert "nothing arrived at" in done.stdout


def test_nothing_listens_at_the_gateway() -> None:
    done = command(f"http://127.0.0.1:{free_port()}", "--upstream-port", str(free_port()))
    assert done.returncode == 2
    assert "nothing listens there" in done.stdout


def test_an_upstream_port_in_use() -> None:
    with serve(Gateway("http://127.0.0.1:9")) as url:
        done = command(url, "--upstream-port", url.rpartition(":")[2])
    assert done.returncode == 4
    assert "in use" in done.stderr
