"""What breaks only beside other requests is said to, with a command that sends two."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from typing import cast

import pytest
from attrs import evolve
from starlette.responses import Response

from alphaedge_conformance.archive import har
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.maintain.kill_matrix import trial
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.mock.endpoint import Refusal
from alphaedge_conformance.mock.faults import BY_HAND
from alphaedge_conformance.report.document import Report, build_report
from alphaedge_conformance.report.text import findings
from alphaedge_conformance.run.concurrency import MOST
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.sending.settings import Settings

from ..helpers import KEY
from ..targets import Asked, Target, completion, response, serving

CUT = BY_HAND["cut-by-the-next-request"]


def failing(report: Report) -> dict[str, list[bool]]:
    return {
        each["id"]: [finding["only_concurrent"] for finding in each["findings"]]
        for each in report["requirements"]
        if each["findings"]
    }


def test_a_stream_cut_by_the_next_request(suite: Suite, tmp_path: Path) -> None:
    """One repeat shows it of all three requirements; its recording says the same."""
    run = trial(suite, CUT.make, report=tmp_path)
    report = build_report(run)
    found = failing(report)
    assert found.keys() == CUT.breaks
    assert all(all(marks) for marks in found.values())
    alone = [each for each in run.exchanges if each.probe.alone]
    assert 1 <= len(alone) <= len(CUT.breaks)
    assert all(each.body.endswith(b"data: [DONE]\n\n") for each in alone)
    broken = next(each for each in report["requirements"] if each["id"] == "stream.done")
    assert broken["of"] == sum(each.probe.streams and each.accepted for each in run.exchanges) - len(alone)
    assert "only under concurrent requests" in findings(broken)
    again = suite.replay(list(suite.requirements), har.read([tmp_path / har.ARCHIVE], suite.contract.path), Settings())
    assert failing(build_report(again)) == found


class FailsInsteadOfRefusing(Mock):
    """More requirements than a run repeats alone are broken by requests that cost less."""

    def refuse(self, refusal: Refusal) -> Response:
        return super().refuse(evolve(refusal, status=500))


def test_what_other_requests_explain_is_repeated_before_what_they_do_not(suite: Suite) -> None:
    """Of a valid request that breaks down beside others; llama-cpp-python has both."""
    run = trial(suite, type("Both", (FailsInsteadOfRefusing, cast(type[Mock], CUT.make)), {}))
    found = failing(build_report(run))
    assert sum(each.startswith(("request.", "message.", "body.")) for each in found) > MOST
    assert all(all(found[id]) for id in CUT.breaks)


def test_the_command_sends_two_requests_at_once(suite: Suite) -> None:
    run = trial(suite, CUT.make, ["stream.done"])
    with serve(CUT.make(suite.contract, tokens_per_second=20)) as url:
        report = build_report(run)
        (broken,) = report["requirements"]
        command = broken["findings"][0]["curl"].replace(report["target"]["url"], f"{url}/v1/chat/completions")
        assert command.count("curl -sS") == 2
        assert command.endswith(" & wait")
        for _ in range(5):  # which of the two comes first is the system's choice
            done = subprocess.run(
                ["bash", "-c", command],
                env={"PATH": "/usr/bin:/bin", "ALPHAEDGE_API_KEY": KEY},
                capture_output=True,
                text=True,
                check=True,
            )
            if done.stdout.count('"role": "assistant", "content": ""') > done.stdout.count("[DONE]"):
                return
        pytest.fail(done.stdout)


@pytest.mark.parametrize("name", ["no-done", "total-is-the-prompt", "stack-trace"])
def test_what_breaks_alone_too_is_not_said_to_need_others(suite: Suite, name: str) -> None:
    run = trial(suite, BY_HAND[name].make)
    found = failing(build_report(run))
    assert found.keys() == BY_HAND[name].breaks
    assert not any(any(marks) for marks in found.values())


def test_repeats_are_few_and_within_the_budget(suite: Suite) -> None:
    """A server that fails while it is busy breaks many requirements at once."""
    busy = 0

    async def fails_while_busy(asked: Asked) -> None:
        nonlocal busy
        busy += 1
        is_alone = busy == 1
        await asyncio.sleep(0.02)
        busy -= 1
        await asked.send(response(completion()) if is_alone else response(b"{}", status=b"500 Busy"))

    with serving(Target(fails_while_busy)) as url:
        target = build_target(suite.contract, url, None, "")
        run = suite.run(list(suite.requirements), target, Settings())
        assert 1 <= sum(each.probe.alone for each in run.exchanges) <= MOST
        limit = len(run.plan.probes)
        again = suite.run(list(suite.requirements), target, Settings(max_requests=limit))
        assert again.requests <= limit
