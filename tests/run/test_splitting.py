"""Several values in one request: where it is refused, the finding names the one that is to blame."""

from __future__ import annotations

from typing import Any

from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.judging.verdicts import Status
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.run.run import Run
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.sending.settings import Settings

from .unplanned import Refuses


class NoTwo(Refuses):
    def is_bad(self, request: Any) -> bool:
        return bool(request.get("temperature") == 2)


class NoTwoAmongMany(Refuses):
    """The values are refused together, and accepted alone."""

    def is_bad(self, request: Any) -> bool:
        return bool(request.get("temperature") == 2 and len(request["messages"]) > 8)


def judged(suite: Suite, kind: type[Mock], **settings: Any) -> Run:
    with serve(kind(suite.contract, "sk-key")) as url:
        target = build_target(suite.contract, url, None, "sk-key")
        return suite.run(list(suite.requirements), target, Settings(**settings))


def findings(run: Run) -> dict[str, list[str]]:
    found = {id: [each.exchange.probe.name for each in verdict.findings] for id, verdict in run.verdicts.items()}
    return {id: names for id, names in found.items() if names}


def test_the_finding_is_of_one_value(suite: Suite) -> None:
    run = judged(suite, NoTwo)
    assert findings(run) == {"request.temperature-accepted": ["temperature = 2", "temperature = 2, streamed"]}
    refused = [each for each in run.exchanges if each.probe.parts and not each.accepted]
    assert len(run.exchanges) == len(run.plan.probes) + sum(len(each.probe.parts) for each in refused)


def test_values_that_are_refused_together_alone_are_a_finding_of_their_request(suite: Suite) -> None:
    run = judged(suite, NoTwoAmongMany)
    found = findings(run)
    assert set(found) == {"request.messages-accepted"}
    assert all("temperature = 2 + " in name for name in found["request.messages-accepted"])
    judged_once = [run.verdicts[id].judged for id in ("error.json", "error.error-message-type")]
    assert judged_once == [judged(suite, Mock).verdicts["error.json"].judged + 2] * 2


def test_what_the_budget_leaves_open_is_inconclusive(suite: Suite) -> None:
    planned = len(judged(suite, Mock).plan.probes)
    run = judged(suite, NoTwo, max_requests=planned)
    verdict = run.verdicts["request.temperature-accepted"]
    assert verdict.status is Status.INCONCLUSIVE
    assert "a request with several values was refused" in (verdict.reason or "")
    assert findings(run) == {}
