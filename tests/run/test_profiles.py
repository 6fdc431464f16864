"""What a target claims, what it offers, what it declares to ignore, and what only a capable model can show."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
import schemas  # tests/helpers.py has its folder on the path
from attrs import evolve

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.contract.overlays import shipped
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.judging.verdicts import Conclusion, Status
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.mock.endpoint import Refusal
from alphaedge_conformance.mock.faults.profiles import IgnoresTheSeed
from alphaedge_conformance.mock.profiles.tools import Tools
from alphaedge_conformance.mock.reply import Reply
from alphaedge_conformance.report.document import build_report
from alphaedge_conformance.report.page import report_page
from alphaedge_conformance.run.run import Run
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.sending.settings import Settings

from ..helpers import KEY

FEW = ["usage.total-is-the-sum", "completion.id-type"]
"""Requirements of the contract that one request shows."""


class Strict(Mock):
    """Refuses what the contract does not name."""

    def validate(self, request: Any) -> Refusal | None:
        known = {"model", "messages", "max_tokens", "temperature", "stream"}
        is_text = isinstance(request["messages"][0]["content"], str) if isinstance(request, dict) else False
        unknown = "" if isinstance(request, dict) and request.keys() <= known and is_text else "unknown"
        return Refusal(400, "This is not supported.") if unknown else super().validate(request)


def judged(
    suite: Suite, mock: Mock, wanted: list[str], settings: Settings, ignores: frozenset[str] = frozenset()
) -> Run:
    with serve(mock) as url:
        target = evolve(build_target(suite.contract, url, None, KEY), ignores=ignores)
        return suite.run(wanted, target, settings)


def offers(run: Run) -> dict[str, str]:
    return {offer.profile: offer.outcome for offer in run.offers}


@pytest.mark.parametrize("kind", [Mock, Strict])
def test_discovering_fails_nothing_and_counts_for_nothing(suite: Suite, kind: type[Mock]) -> None:
    run = judged(suite, kind(suite.contract, KEY), FEW, Settings(discover=True))
    without = judged(suite, kind(suite.contract, KEY), FEW, Settings())
    assert run.conclusion is Conclusion.CONFORMS
    assert [(v.status, v.judged) for v in run.verdicts.values()] == [
        (v.status, v.judged) for v in without.verdicts.values()
    ]
    assert run.requests == without.requests + len(shipped())
    assert set(offers(run)) == set(shipped())


def test_what_a_server_does_with_each_profile(suite: Suite) -> None:
    able = Mock(Contract.load(None, shipped()), KEY)
    assert set(offers(judged(suite, able, FEW, Settings(discover=True))).values()) == {"supported"}
    ignoring = offers(judged(suite, Mock(suite.contract, KEY), FEW, Settings(discover=True)))
    assert {ignoring[name] for name in ("sampling", "tools", "structured-output", "reasoning")} == {"ignored"}
    refusing = offers(judged(suite, Strict(suite.contract, KEY), FEW, Settings(discover=True)))
    assert {refusing[name] for name in shipped() if name not in ("models", "reasoning")} == {"refused"}
    assert (ignoring["models"], refusing["models"]) == ("supported", "supported")  # the mock lists them anyway


class NotImplementedHere(Mock):
    """Says that it has no tools, as llama-server says that it makes no embeddings."""

    def validate(self, request: Any) -> Refusal | None:
        has_tools = isinstance(request, dict) and "tools" in request
        return Refusal(501, "There are no tools.") if has_tools else super().validate(request)


def test_what_is_not_implemented_is_refused(suite: Suite) -> None:
    run = judged(suite, NotImplementedHere(suite.contract, KEY), FEW, Settings(discover=True))
    assert offers(run)["tools"] == "refused"


def test_a_budget_ends_discovering_too(suite: Suite) -> None:
    run = judged(suite, Mock(suite.contract, KEY), FEW, Settings(discover=True, max_requests=2))
    assert set(offers(run).values()) <= {"unknown", "supported", "ignored"}
    assert run.requests <= 2


def test_the_report_says_what_is_claimed_and_offered() -> None:
    suite = Suite.of(Contract.load(None, ["stream-usage"]))
    run = judged(suite, Mock(suite.contract, KEY), ["stream-usage.sent-on-request"], Settings(discover=True))
    report = build_report(run)
    jsonschema_rs.validate(schemas.schema(schemas.ROOTS["report"]), report)
    assert report["profiles"][0] == {"name": "stream-usage", "claimed": True, "outcome": "supported", "reason": None}
    assert {each["name"] for each in report["profiles"]} == set(shipped())
    assert report["requirements"][0]["source"] == "profile:stream-usage"


def test_what_a_target_declares_to_ignore_is_not_judged() -> None:
    suite = Suite.of(Contract.load(None, ["sampling"]))
    wanted = ["sampling.seed-repeats", "sampling.n-kept"]
    honest = judged(suite, IgnoresTheSeed(suite.contract, KEY), wanted, Settings(), frozenset({"seed"}))
    verdict = honest.verdicts["sampling.seed-repeats"]
    assert (verdict.status, verdict.reason) == (Status.NOT_APPLICABLE, "the target declares that it ignores `seed`")
    assert honest.verdicts["sampling.n-kept"].status is Status.PASSED
    silent = judged(suite, IgnoresTheSeed(suite.contract, KEY), wanted, Settings())
    assert silent.verdicts["sampling.seed-repeats"].status is Status.FAILED


class Babbles(Mock):
    """A model that follows nothing, no schema either; only what its server forces is as it should be."""

    class Anything(Tools):
        def arguments(self, function: Any) -> str:
            return '"lorem ipsum"'

    instead = (Anything,)

    def understood(self, request: Any) -> Any:
        if request.get("tool_choice") == "auto" or "tools" not in request:
            return {**request, "tool_choice": "none", "messages": [{"role": "user", "content": "lorem ipsum"}]}
        return request


def test_a_model_that_cannot_follow_is_not_the_servers_fault() -> None:
    suite = Suite.of(Contract.load(None, ["tools"]))
    wanted = [id for id, each in suite.requirements.items() if each.profile == "tools" and each.kind == "stated"]
    run = judged(suite, Babbles(suite.contract, KEY), wanted, Settings())
    found = {id: verdict for id, verdict in run.verdicts.items() if suite.requirements[id].needs_capable_model}
    assert found.pop("tools.arguments-are-json").status is Status.PASSED
    assert set(found) == {"tools.auto-calls-when-needed", "tools.arguments-valid", "tools.result-used"}
    assert {verdict.status for verdict in found.values()} == {Status.INCONCLUSIVE}
    assert all("asked to say 'pineapple'" in (verdict.reason or "") for verdict in found.values())
    assert run.verdicts["tools.forced-function-called"].status is Status.PASSED


class Forgetful(Mock):
    """A model that follows, and a server that loses what functions returned."""

    def reply(self, request: Any) -> Reply:
        reply = super().reply(request)
        is_result = request["messages"][-1]["role"] == "tool"
        return evolve(reply, tokens=("I", " cannot")) if is_result else reply


def test_with_a_model_that_follows_it_is() -> None:
    suite = Suite.of(Contract.load(None, ["tools"]))
    run = judged(suite, Forgetful(suite.contract, KEY), ["tools.result-used"], Settings())
    assert run.verdicts["tools.result-used"].status is Status.FAILED


def test_a_claimed_profile_that_is_refused_fails() -> None:
    suite = Suite.of(Contract.load(None, ["sampling"]))
    run = judged(suite, Strict(suite.contract, KEY), ["request.n-accepted", "sampling.n-kept"], Settings())
    assert run.verdicts["request.n-accepted"].status is Status.FAILED
    assert run.verdicts["sampling.n-kept"].status is Status.INCONCLUSIVE
    assert run.conclusion is Conclusion.DEVIATES


def test_the_page_shows_them() -> None:
    suite = Suite.of(Contract.load(None, ["stream-usage"]))
    run = judged(suite, Mock(suite.contract, KEY), ["stream-usage.sent-on-request"], Settings(discover=True))
    page = report_page(build_report(run), {})
    assert "stream-usage, claimed: supported" in page
    assert "sampling: ignored" in page
