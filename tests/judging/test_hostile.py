"""Whatever a server answers, judging ends with a verdict and never with a traceback."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.exchange import Chunk, Exchange, ExpectedAnswer, Probe
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.judging import client_impact
from alphaedge_conformance.judging.checks import Check
from alphaedge_conformance.judging.evidence import Evidence
from alphaedge_conformance.judging.verdicts import Judge, Verdict
from alphaedge_conformance.maintain.kill_matrix import trial
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.mock.faults import BY_HAND
from alphaedge_conformance.pytest_session.plugin import ConformancePlugin
from alphaedge_conformance.report import read, write
from alphaedge_conformance.report.document import build_report
from alphaedge_conformance.run import run as run_module
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.run.targets import folder
from alphaedge_conformance.sending.settings import Settings

from ..changing import JSON, places, replaced


@pytest.fixture(scope="module")
def good(suite: Suite) -> list[Exchange]:
    """What the mock answered, for spoiling: a completion, a stream, a refusal, and two that are compared."""
    wanted = {"control", "control, streamed", "wrong key", "cut at 2", "cut at 8", "temperature = 2.001, streamed"}
    found = [exchange for exchange in trial(suite, Mock).exchanges if exchange.probe.name in wanted]
    assert len(found) == len(wanted)
    return found


def spoiled(exchange: Exchange, where: int, value: Any) -> bytes:
    """The body with one value anywhere replaced by another."""
    text = exchange.body.decode()
    documents = [line.removeprefix("data: ") for line in text.split("\n") if line.startswith("data: {")] or [text]
    document = documents[where % len(documents)]
    found = places(json.loads(document))
    other = replaced(json.loads(document), found[where % len(found)], value)
    return text.replace(document, json.dumps(other)).encode()


STATUS = st.sampled_from([None, 200, 400, 500])


@settings(max_examples=300, deadline=None)
@given(which=st.integers(0, 5), where=st.integers(0, 999), value=JSON, status=STATUS)
def test_a_value_of_any_kind_anywhere(
    suite: Suite, good: list[Exchange], which: int, where: int, value: Any, status: int | None
) -> None:
    bodies = [exchange.body for exchange in good]
    bodies[which] = spoiled(good[which], where, value)
    judge_all(suite, good, bodies, status)


PARTS = [b"data: ", b"\n\n", b"\r", b"[DONE]", b"{", b"}", b'"', b"\xff", b"[" * 5000]


@settings(max_examples=150, deadline=None)
@given(parts=st.lists(st.sampled_from(PARTS) | st.binary(max_size=9), max_size=12), status=STATUS)
def test_bytes_of_any_kind(suite: Suite, good: list[Exchange], parts: list[bytes], status: int | None) -> None:
    judge_all(suite, good, [b"".join(parts)] * len(good), status)


def judge_all(suite: Suite, good: list[Exchange], bodies: list[bytes], status: int | None) -> None:
    exchanges = [
        evolve(exchange, status=status or exchange.status, chunks=(Chunk(0.1, body[:7]), Chunk(0.2, body[7:])))
        for exchange, body in zip(good, bodies, strict=True)
    ]
    assert judged(suite, exchanges).keys() == suite.requirements.keys()


def judged(suite: Suite, exchanges: list[Exchange]) -> dict[str, Verdict]:
    named = {id for exchange in exchanges for id in exchange.probe.requirement_ids}
    judge = Judge(suite.contract, suite.requirements.values(), suite.checks, named, "sk-key")
    for exchange in exchanges:
        judge.add(exchange)
    return judge.verdicts({})


def test_no_answer_at_all(suite: Suite) -> None:
    probe = Probe("control", "", b"{}")
    exchange = Exchange(1, probe, "http://127.0.0.1:1", 0.0, failure="the connection was reset")
    verdicts = judged(suite, [exchange])
    assert {verdict.status for verdict in verdicts.values()} == {"inconclusive"}
    probed = [
        verdict for verdict in verdicts.values() if verdict.requirement.kind not in ("accepted", "refused", "lenient")
    ]
    assert {verdict.reason for verdict in probed} == {"no answer to 'control': the connection was reset"}


# What once ended a run with a traceback, and took every verdict with it


FILES = {"report.json", "report.html", "badge.svg", "exchanges.har"}


def deep(levels: int) -> Any:
    return [deep(levels - 1)] if levels else 0


class Hostile(Mock):
    """Streams whose chunks are changed, in ASCII, so that half a surrogate pair is sent as an escape."""

    def dumps(self, value: Any) -> str:
        return json.dumps(value)

    def chunks(self, request: Any, reply: Any) -> list[Any]:
        chunks = super().chunks(request, reply)
        for chunk in chunks:
            self.change(chunk["choices"][0]["delta"] if chunk["choices"] else {}, chunk)
        return chunks

    def change(self, delta: Any, chunk: Any) -> None:
        """Changes a chunk, and its delta where it has one."""


class SurrogateInDelta(Hostile):
    def change(self, delta: Any, chunk: Any) -> None:
        delta["content"], chunk["object"] = "\ud83d", "\ud83d"


class SurrogateInBrokenAnswer(Hostile):
    def json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
        return super().json(status, {**value, "id": "\udead", "object": "\udead", "model": None}, headers)


class NoRoleAndAnObject(Hostile):
    def change(self, delta: Any, chunk: Any) -> None:
        delta.pop("role", None)
        delta["content"] = {"text": 1}


class NumberInDelta(Hostile):
    def change(self, delta: Any, chunk: Any) -> None:
        delta.pop("role", None)
        delta["content"] = 7


class CreatedWith401Digits(Hostile):
    def json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
        return super().json(status, {**value, "created": 10**400}, headers)


class FinishReasonIsAList(Hostile):
    def json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
        changed = {"choices": [{**each, "finish_reason": ["stop"]} for each in value.get("choices", ())]}
        return super().json(status, {**value, **changed} if "choices" in value else value, headers)

    def change(self, delta: Any, chunk: Any) -> None:
        for choice in chunk["choices"]:
            choice["finish_reason"] = choice["finish_reason"] and [choice["finish_reason"]]


class EventNested400Deep(Hostile):
    def change(self, delta: Any, chunk: Any) -> None:
        chunk["extra"], chunk["object"] = deep(400), 1


@pytest.mark.parametrize(
    ("make", "broken"),
    [
        (SurrogateInDelta, "chunk.object-const"),
        (SurrogateInBrokenAnswer, "completion.object-const"),
        (NoRoleAndAnObject, "delta.content-type"),
        (NumberInDelta, "delta.content-type"),
        (CreatedWith401Digits, "completion.created-now"),
        (EventNested400Deep, "chunk.object-type"),
        (FinishReasonIsAList, "finish-reason.type"),
    ],
)
def test_every_verdict_of_a_hostile_answer(suite: Suite, tmp_path: Path, make: type[Mock], broken: str) -> None:
    run = trial(suite, make, report=tmp_path)
    report = build_report(run)
    write([report], None, tmp_path)
    statuses = {each["id"]: each["status"] for each in report["requirements"]}
    assert "kit-error" not in statuses.values(), [each["reason"] for each in report["requirements"]]
    assert statuses["authorization.missing-key-refused"] == "passed"
    assert {name.name for name in tmp_path.iterdir()} >= FILES
    assert statuses[broken] == "failed"


def broken_check(plain: Exchange) -> None:
    raise KeyError(plain.status)


def broken_comparison(all_shown: Iterable[Evidence]) -> Iterator[tuple[Evidence, str]]:
    for evidence in all_shown:
        raise ZeroDivisionError(evidence.exchange.number)
    yield from ()


@pytest.fixture
def buggy(suite: Suite) -> Suite:
    """The suite with two checks that have a bug."""
    checks = {"completion.media-type": Check(broken_check, frozenset({ExpectedAnswer.PLAIN}))}
    checks["completion.id-unique"] = Check(
        broken_comparison, frozenset({ExpectedAnswer.PLAIN, ExpectedAnswer.STREAMED})
    )
    return Suite(suite.contract, suite.requirements, {**suite.checks, **checks})


def test_a_check_that_raises_leaves_all_other_verdicts(buggy: Suite, tmp_path: Path) -> None:
    run = trial(buggy, BY_HAND["total-is-the-prompt"].make, report=tmp_path)
    statuses = {id: str(verdict.status) for id, verdict in run.verdicts.items()}
    kit = {id for id, status in statuses.items() if status == "kit-error"}
    assert kit == {"completion.media-type", "completion.id-unique"}
    assert statuses["usage.total-is-the-sum"] == "failed"
    assert set(Counter(statuses.values())) == {"kit-error", "failed", "passed"}
    for id in kit:
        assert "on exchange 1, 'control' at test_hostile.py" in str(run.verdicts[id].reason)
    assert run.conclusion.exit_code == 3
    write([build_report(run)], None, tmp_path)
    document = read(tmp_path / "report.json")
    assert document["verdict"] == "kit-error"
    assert {each.name for each in tmp_path.iterdir()} >= FILES


def test_a_check_that_raises_leaves_every_other_target(
    buggy: Suite, contract: Contract, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Run as the command does: both targets are judged, and all files are there."""
    with serve(Mock(contract)) as one, serve(BY_HAND["total-is-the-prompt"].make(contract)) as other:
        targets = [build_target(contract, url, None, "") for url in (one, other)]
        plugin = ConformancePlugin(buggy, Settings(report=tmp_path), targets, "usage or media-type")
        assert plugin.main() == 3
    said = capsys.readouterr().out
    assert "KIT-ERROR" in said
    compared = json.loads((tmp_path / "comparison.json").read_bytes())
    assert [each["verdict"] for each in compared["targets"]] == ["kit-error", "kit-error"]
    row = next(each for each in compared["requirements"] if each["id"] == "usage.total-is-the-sum")
    assert [cell["status"] for cell in row["targets"].values()] == ["passed", "failed"]
    for target in targets:
        assert {each.name for each in (tmp_path / folder(target.name)).iterdir()} >= FILES
    junit = (tmp_path / "junit.xml").read_text("utf-8")
    assert re.search(r'errors="2" failures="1"', junit)


def test_an_impact_that_raises_leaves_the_other_findings(
    suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = client_impact.observe

    def broken(exchange: Exchange) -> client_impact.Impact:
        if exchange.number == 1:
            raise KeyError(exchange.number)
        return original(exchange)

    monkeypatch.setattr(run_module, "observe", broken)
    report = build_report(trial(suite, BY_HAND["total-is-the-prompt"].make))
    found = {each["id"]: each for each in report["requirements"] if each["status"] != "passed"}
    assert [each["status"] for each in found.values()] == ["kit-error"]
    assert 1 not in {each["exchange"] for each in found["usage.total-is-the-sum"]["findings"]}
    assert len(found["usage.total-is-the-sum"]["findings"]) > 1
    assert report["verdict"] == "kit-error"


class NothingToCompare(Mock):
    """No usable ids, and no usage in streams."""

    def json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
        return super().json(status, {**value, "id": "", "usage": None}, headers)

    def chunks(self, request: Any, reply: Any) -> list[Any]:
        return [{**chunk, "id": 1, "usage": None} for chunk in super().chunks(request, reply)]


def test_a_comparison_of_nothing_passes_nothing(suite: Suite) -> None:
    wanted = {"completion.id-unique", "usage.prompt-grows", "stream.agrees"}
    run = trial(suite, NothingToCompare, wanted)
    assert {str(verdict.status) for verdict in run.verdicts.values()} == {"inconclusive"}
    assert all(verdict.reason for verdict in run.verdicts.values())


def test_a_comparison_counts_what_it_compared(suite: Suite) -> None:
    wanted = {"completion.id-unique", "usage.prompt-grows", "stream.agrees", "finish-reason.length-when-cut"}
    run = trial(suite, Mock, wanted)
    assert {str(verdict.status) for verdict in run.verdicts.values()} == {"passed"}
    named = {id: sum(id in each.probe.requirement_ids for each in run.exchanges) for id in wanted}
    for id in ("usage.prompt-grows", "finish-reason.length-when-cut"):
        assert run.verdicts[id].judged == named[id] - 1  # pairs


class StackTraceIn500(Mock):
    """Fails at bad temperatures with a page that holds a stack trace."""

    def refuse(self, refusal: Any) -> Response:
        if refusal.param != "temperature":
            return super().refuse(refusal)
        return Response('Traceback (most recent call last):\n  File "a.py", line 1', 500, media_type="text/plain")


def test_the_body_of_a_500_is_judged(suite: Suite) -> None:
    run = trial(suite, StackTraceIn500, {"error.json", "error.no-stack-trace", "error.never-5xx"})
    assert {str(verdict.status) for verdict in run.verdicts.values()} == {"failed"}


class StreamsAre500(Mock):
    async def respond(self, http: Request) -> Response:
        if b'"stream": true' in await http.body():
            return Response("{}", 500, media_type="application/json")
        return await super().respond(http)


def test_a_reason_names_the_status(suite: Suite) -> None:
    run = trial(suite, StreamsAre500, {"stream.done"})
    assert run.verdicts["stream.done"].reason == "'control, streamed' was answered 500"


def test_a_may_alone_says_why_it_is_inconclusive(
    suite: Suite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serve(BY_HAND["crashes-on-null"].make(suite.contract)) as url:
        plugin = ConformancePlugin(
            suite, Settings(report=tmp_path), [build_target(suite.contract, url, None, "")], "null-undecided"
        )
        assert plugin.main() == 2
    said = capsys.readouterr().out
    assert "MAY failed" not in said and "1 MAY reported" in said
    assert json.loads((tmp_path / "report.json").read_bytes())["reason"] in said


def test_a_keyword_without_a_probe_is_not_judged(suite: Suite, good: list[Exchange]) -> None:
    control = next(exchange for exchange in good if exchange.probe.name == "control")
    verdict = judged(suite, [control])["request.temperature-maximum"]
    assert (verdict.status, verdict.judged) == ("inconclusive", 0)
    assert str(verdict.reason).startswith("the kit has no request")


def test_no_impact_of_a_request_that_no_client_sends(good: list[Exchange]) -> None:
    control = next(exchange for exchange in good if exchange.probe.name == "control")
    assert client_impact.observe(evolve(control, status=404)).first is not None
    assert client_impact.observe(evolve(control, status=404, probe=evolve(control.probe, method="GET"))).first is None


def test_an_inconclusive_run_says_why(suite: Suite, tmp_path: Path) -> None:
    run = trial(suite, StreamsAre500, {"stream.done", "usage.total-is-the-sum"})
    assert run.conclusion == "inconclusive"
    why = "1 of 2 requirements that can fail the run were not judged; the first: "
    assert build_report(run)["reason"] == f"{why}'control, streamed' was answered 500"


@pytest.mark.parametrize("limit", [1, 5, 40])
def test_a_run_that_its_budget_cut_says_why(suite: Suite, limit: int) -> None:
    with serve(Mock(suite.contract)) as url:
        target = build_target(suite.contract, url, None, "")
        run = suite.run(list(suite.requirements), target, Settings(max_requests=limit))
    assert run.conclusion == "inconclusive"
    assert build_report(run)["reason"]
