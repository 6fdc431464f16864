"""A request that takes the server down is found among those that were sent before the outage."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from alphaedge_conformance.archive import har
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.judging.verdicts import Conclusion, Status
from alphaedge_conformance.maintain.kill_matrix import trial
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.mock.faults import BY_HAND
from alphaedge_conformance.mock.unusual import UNUSUAL
from alphaedge_conformance.report.document import build_report
from alphaedge_conformance.run.outages import ROUNDS
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.sending.settings import Settings

from ..helpers import KEY

ID = "endpoint.stays-available"
HOT = b'"temperature": 2'


def test_the_finding_names_the_request(suite: Suite, tmp_path: Path) -> None:
    """The recording says the same, and holds each attempt."""
    run = trial(suite, BY_HAND["cold-after-a-hot-answer"].make, report=tmp_path)
    (broken,) = (each for each in build_report(run)["requirements"] if each["status"] == "failed")
    assert broken["id"] == ID
    (finding,) = broken["findings"]
    assert "temperature" in finding["message"]
    assert "expected an answer, got 503" in finding["message"]
    recording = har.read([tmp_path / har.ARCHIVE], suite.contract.path)
    again = suite.replay(list(suite.requirements), recording, Settings())
    assert again.verdicts[ID].status is Status.FAILED
    down = [each for each in run.exchanges if each.probe.turn and each.status == 503]
    assert len(down) == 1 + len(ROUNDS)


def test_no_outage_costs_nothing(suite: Suite) -> None:
    run = trial(suite, Mock)
    assert run.verdicts[ID].status is Status.PASSED
    assert run.requests == len(run.plan.probes)


@pytest.mark.slow
def test_what_is_lost_at_random_blames_no_request(suite: Suite) -> None:
    run = trial(suite, UNUSUAL["gateway-loses-every-seventh"])
    assert not [id for id, verdict in run.verdicts.items() if verdict.status is Status.FAILED]
    assert run.verdicts[ID].status is Status.PASSED


def test_a_server_that_ends_and_is_started_again(suite: Suite) -> None:
    """As a supervisor does: for a second nothing listens."""
    with restarted(suite) as url:
        target = build_target(suite.contract, url, None, KEY)
        run = suite.run(list(suite.requirements), target, Settings(concurrency=2))
    (finding,) = run.verdicts[ID].findings
    assert "temperature" in finding.message
    assert finding.exchange.refused_connection


def test_a_server_that_ends_for_good_is_not_said_to_stay(suite: Suite) -> None:
    """As Prism, which a deep JSON ends a moment after it was answered: what cannot be repeated accuses nobody."""
    ended = threading.Event()

    class Ends(Mock):
        async def respond(self, http: Request) -> Response:
            response = await super().respond(http)
            if b"[[[[" in await http.body():
                ended.set()
                await gone(url)
            return response

    with ExitStack() as stack:
        url = stack.enter_context(serve(Ends(suite.contract, KEY)))

        def end() -> None:
            ended.wait()
            stack.close()

        threading.Thread(target=end).start()
        target = build_target(suite.contract, url, None, KEY)
        run = suite.run(list(suite.requirements), target, Settings(concurrency=1))
        ended.set()
    verdict = run.verdicts[ID]
    assert verdict.status is Status.INCONCLUSIVE
    assert "the server did not come back after" in (verdict.reason or "")
    assert run.conclusion is Conclusion.INCONCLUSIVE


async def gone(url: str) -> None:
    """Waits until nothing listens any more."""
    port = int(url.rpartition(":")[2])
    with suppress(OSError):
        while True:
            socket.create_connection(("127.0.0.1", port)).close()
            await asyncio.sleep(0.01)


@contextmanager
def restarted(suite: Suite) -> Iterator[str]:
    """A server that ends with the highest temperature, at an address that stays the same. Nothing listens any more when
    that is answered, however long the end takes on a busy machine."""
    crashed, is_over = threading.Event(), threading.Event()
    addresses: list[str] = []

    class Ends(Mock):
        async def respond(self, http: Request) -> Response:
            response = await super().respond(http)
            if HOT in await http.body() and response.status_code == 200:
                crashed.set()
                await gone(addresses[0])
            return response

    def supervise() -> None:
        port = 0
        while not is_over.is_set():
            with serve(Ends(suite.contract, KEY), port) as url:
                addresses.append(url)
                port = int(url.rpartition(":")[2])
                crashed.wait()
                crashed.clear()
            time.sleep(1)

    supervisor = threading.Thread(target=supervise)
    supervisor.start()
    while not addresses:
        time.sleep(0.01)
    try:
        yield addresses[0]
    finally:
        is_over.set()
        crashed.set()
        supervisor.join()
