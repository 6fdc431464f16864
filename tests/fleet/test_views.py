"""What other programs read of a fleet: OpenMetrics, CTRF, in-toto, and the lines and the JSON of the command."""

from __future__ import annotations

import io
import json
from collections import Counter
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.errors import ConfigurationError
from alphaedge_conformance.exchange import Effort
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.fleet import changes, ctrf, openmetrics
from alphaedge_conformance.fleet.history import History
from alphaedge_conformance.fleet.latest import latest
from alphaedge_conformance.fleet.statement import statement
from alphaedge_conformance.fleet.summary import Summary, summarize
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.mock.faults import BY_HAND
from alphaedge_conformance.report import write
from alphaedge_conformance.report.document import build_report
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.sending.settings import Settings

from .real import WANTED
from .simulated import IDS, history, judge_all, lanes

AT = datetime(2026, 5, 4, 12)
NAMES = ['on"e\\', "two"]
LATENCY = {
    "answers": 1,
    "first_byte": {"p50": 0.1, "p95": 0.2, "longest": 0.2},
    "whole": {"p50": 0.5, "p95": 0.75, "longest": 1.0},
    "tokens_per_second": 20.0,
    "histogram": [],
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Two runs: in the second one, a requirement of the first target fails, one of the second flickers."""
    made, fleet = history(tmp_path_factory.mktemp("history")), lanes(NAMES)
    judge_all(made, "run-1", AT, fleet, lambda target, id: "passed", latency=LATENCY)
    asked: Counter[str] = Counter()

    def status(target: str, id: str) -> str:
        asked[target + id] += 1
        if target == NAMES[0] and id == IDS[1]:
            return "failed"
        flickers = target == NAMES[1] and id == IDS[2] and asked[target + id] == 1
        return "failed" if flickers else "not-applicable" if id == IDS[3] else "passed"

    judge_all(made, "run-2", AT + timedelta(hours=6), fleet, status, latency=LATENCY)
    return made


def test_a_judging_belongs_to_the_run_that_began_in_its_second(kept: History) -> None:
    """A run begins at any fraction of a second, and a report says the whole one."""
    assert changes.read(kept, AT + timedelta(milliseconds=300))["runs"] == 2


def test_open_metrics_are_what_a_parser_of_the_format_takes(kept: History) -> None:
    text = openmetrics.text(latest(kept), changes.read(kept, AT))
    families = {family.name: family for family in text_string_to_metric_families(text)}  # type: ignore[no-untyped-call]
    samples = {
        name: {sample.labels.get("target") or sample.labels.get("now"): sample.value for sample in family.samples}
        for name, family in families.items()
    }
    assert samples["alphaedge_target_must_failed"] == {NAMES[0]: 1, "two": 1}
    assert samples["alphaedge_target_whole_p50_seconds"] == dict.fromkeys(NAMES, 0.5)
    assert families["alphaedge_target_whole_p50_seconds"].unit == "seconds"
    assert (
        samples["alphaedge_target_judged_timestamp_seconds"]["two"]
        == datetime.fromisoformat("2026-05-04T18:00Z").timestamp()
    )
    assert samples["alphaedge_changes"] == {"failed": 1, "passed": 0}
    verdicts = {
        (sample.labels["target"], sample.labels["alphaedge_target_verdict"]): sample.value
        for sample in families["alphaedge_target_verdict"].samples
    }
    assert verdicts["two", "deviates"] == 1
    assert sum(verdicts.values()) == 2
    assert families["alphaedge_flaky"].samples[0].value == 1


def test_ctrf_counts_what_it_lists(kept: History) -> None:
    file = io.StringIO()
    ctrf.write(kept, latest(kept), file)
    found: dict[str, Any] = json.loads(file.getvalue())
    results = found["results"]
    assert (found["reportFormat"], set(found), set(results)) == (
        "CTRF",
        {"reportFormat", "specVersion", "results"},
        {"tool", "tests", "summary"},
    )
    tests, summary = results["tests"], results["summary"]
    assert Counter(each["status"] for each in tests) == {"passed": 2 * len(IDS) - 4, "failed": 2, "skipped": 2}
    assert {name: summary[name] for name in ("tests", "passed", "failed", "skipped", "pending", "other", "flaky")} == {
        "tests": 2 * len(IDS),
        "passed": 2 * len(IDS) - 4,
        "failed": 2,
        "skipped": 2,
        "pending": 0,
        "other": 0,
        "flaky": 1,
    }
    assert summary["stop"] - summary["start"] == 2000
    flaky = [each for each in tests if each["flaky"]]
    assert [(each["name"], each["suite"], each["tags"]) for each in flaky] == [(f"two: {IDS[2]}", ["two"], ["MUST"])]
    assert flaky[0]["message"] == f"expected {IDS[2]}"


def test_ctrf_of_nothing_is_a_report_too(tmp_path: Path) -> None:
    kept, file = history(tmp_path), io.StringIO()
    kept.begin("run", 0, "")
    ctrf.write(kept, latest(kept), file)
    assert json.loads(file.getvalue())["results"]["summary"]["tests"] == 0


@pytest.mark.parametrize(("fault", "result"), [(None, "PASSED"), ("fractions", "FAILED")])
def test_a_statement_is_bound_to_the_report_and_the_archive(
    contract: Contract, suite: Suite, tmp_path: Path, fault: str | None, result: str
) -> None:
    make = BY_HAND[fault].make if fault else Mock
    with serve(make(contract)) as url:
        run = suite.run(WANTED, build_target(contract, url, None, ""), Settings(report=tmp_path, effort=Effort.QUICK))
    write([build_report(run)], None, tmp_path, contract)
    found = statement(tmp_path)
    assert (found["_type"], found["predicateType"]) == (
        "https://in-toto.io/Statement/v1",
        "https://in-toto.io/attestation/test-result/v0.1",
    )
    assert {each["name"]: each["digest"]["sha256"] for each in found["subject"]} == {
        name: sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("report.json", "exchanges.har")
    }
    predicate = found["predicate"]
    assert predicate["result"] == result
    assert predicate["configuration"] == [{"name": "openapi.yaml", "digest": {"sha256": contract.digest}}]
    assert predicate["failedTests"] == (["completion.created-type"] if fault else [])
    assert sorted(predicate["passedTests"] + predicate["failedTests"]) == sorted(WANTED)
    assert predicate["warnedTests"] == []


def test_a_comparison_is_not_stated(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"report\.json"):
        statement(tmp_path)


def test_changes_in_words(kept: History) -> None:
    assert list(changes.lines(changes.read(kept, AT))) == [
        f"failed    2026-05-04T18:00:00Z {NAMES[0]}: MUST {IDS[1]}, 1 of 4 exchanges; was passed",
        f"flaky     two: MUST {IDS[2]}, failed in 1 of 2 runs",
        "1 newly failed, 1 flaky; 2 targets in 2 runs since 2026-05-04T12:00:00Z",
    ]
    later = changes.read(kept, AT + timedelta(days=1))
    assert changes.headline(later) == "1 flaky; 0 targets in 0 runs since 2026-05-05T12:00:00Z"
    assert not changes.has_failures(later)


@pytest.mark.parametrize(
    ("verdicts", "has_failures", "code"),
    [
        ({"conforms": 3}, False, 0),
        ({"deviates": 3}, False, 0),  # as before
        ({"conforms": 2, "deviates": 1}, True, 1),
        ({"conforms": 2, "inconclusive": 1}, False, 0),
        ({"inconclusive": 3}, False, 2),
        ({}, False, 2),
        ({"conforms": 2, "kit-error": 1}, True, 3),
    ],
)
def test_the_exit_code_of_a_fleet(kept: History, verdicts: dict[str, int], has_failures: bool, code: int) -> None:
    found = changes.read(kept, AT if has_failures else AT + timedelta(days=1))
    assert Summary(verdicts, found).exit_code == code


def test_a_run_in_one_line(kept: History) -> None:
    assert summarize(kept, "run-2").headline == "2 targets: 2 deviates"
