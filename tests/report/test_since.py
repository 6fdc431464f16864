"""What has changed since an earlier run: in the data, in every view, and in the exit code."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.maintain.kill_matrix import trial
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.mock.faults import BY_HAND
from alphaedge_conformance.report import document, render, since
from alphaedge_conformance.report.document import Report, Requirement
from alphaedge_conformance.run.suite import Suite

from ..helpers import KEY, Conform, read_report


@pytest.fixture(scope="module")
def report(suite: Suite) -> Report:
    return document.build_report(
        trial(suite, Mock, ["usage.type", "usage.total-is-the-sum", "usage.total-tokens-type"])
    )


def edited(report: Report, **statuses: tuple[str, int, int]) -> Report:
    """A run with other results, by the last word of each id."""
    made = copy.deepcopy(report)
    for word, (status, failed, of) in statuses.items():
        each = one(made, word)
        each.update({"status": status, "failed": failed, "of": of})
    return made


def one(report: Report, word: str) -> Requirement:
    return next(each for each in report["requirements"] if each["id"].endswith(word))


def kinds(found: Any) -> dict[str, list[str]]:
    return {kind: [each["id"] for each in found[kind]] for kind in ("new", "fixed", "unjudged", "prevalence")}


@pytest.mark.parametrize(
    ("was", "now", "kind"),
    [
        (("passed", 0, 40), ("failed", 3, 40), "new"),
        (("inconclusive", 0, 0), ("failed", 3, 40), "new"),
        (("waived", 3, 40), ("failed", 3, 40), "new"),
        (("failed", 3, 40), ("passed", 0, 40), "fixed"),
        (("failed", 3, 40), ("inconclusive", 0, 0), "unjudged"),
        (("passed", 0, 40), ("inconclusive", 0, 0), "unjudged"),
        (("failed", 2, 40), ("failed", 30, 40), "prevalence"),
        (("failed", 30, 40), ("failed", 2, 40), "prevalence"),
        (("failed", 3, 40), ("failed", 4, 40), None),  # chance
        (("failed", 1, 1), ("failed", 1, 1), None),
        (("failed", 3, 40), ("waived", 3, 40), None),
        (("passed", 0, 40), ("passed", 0, 39), None),
        (("inconclusive", 0, 0), ("passed", 0, 40), None),
    ],
)
def test_what_kind_of_change_it_is(
    report: Report, was: tuple[str, int, int], now: tuple[str, int, int], kind: str | None
) -> None:
    found = since.since(edited(report, sum=now), edited(report, sum=was))
    expected = {each: ["usage.total-is-the-sum"] if each == kind else [] for each in kinds(found)}
    assert kinds(found) == expected
    assert found["can_fail"] == (kind == "new")


def test_a_requirement_that_the_earlier_run_did_not_have(report: Report) -> None:
    earlier = copy.deepcopy(report)
    earlier["requirements"] = [each for each in earlier["requirements"] if each["id"] != "usage.total-is-the-sum"]
    found = since.since(edited(report, sum=("failed", 1, 40)), earlier)
    assert [each["was"] for each in found["new"]] == [None]
    assert since.since(report, earlier)["new"] == []


def test_what_is_only_reported_cannot_fail(report: Report) -> None:
    now = edited(report, sum=("failed", 1, 40))
    one(now, "sum")["scored"] = False
    assert not since.since(now, report)["can_fail"]


def test_latency_and_cost(report: Report) -> None:
    slow = copy.deepcopy(report)
    assert slow["latency"]
    slow["latency"]["whole"]["p50"] = 12.5
    slow["cost"].update({"prompt_tokens": 7, "completion_tokens": 3, "price": {"amount": 0.5, "currency": "EUR"}})
    priced = copy.deepcopy(report)
    priced["cost"]["price"] = {"amount": 0.25, "currency": "EUR"}
    said = {name: (was, now) for name, was, now in since.figures(since.since(slow, priced))}
    assert said["p50"][1] == "12.5 s"
    assert said["tokens"][1] == "10"
    assert said["price"] == ("0.2500 EUR", "0.5000 EUR")
    assert list(since.figures(since.since(report, report))) == []


def test_an_older_report_is_read(report: Report) -> None:
    """One without latency, cost and what came later."""
    old: Any = copy.deepcopy(report)
    del old["latency"], old["cost"]["price"]
    assert since.since(report, old)["was"]["whole_p50"] is None


def test_a_run_since_yesterday(conform: Conform, contract: Contract, tmp_path: Path) -> None:
    few = ("-k", "usage")
    yesterday, today = tmp_path / "yesterday", tmp_path / "today"
    with serve(Mock(contract, KEY)) as right, serve(BY_HAND["total-is-the-prompt"].make(contract, KEY)) as wrong:
        conform(right, *few, "--report", str(yesterday), key=KEY)
        done = conform(wrong, *few, "--report", str(today), "--since", str(yesterday), key=KEY)
        assert done.returncode == 1
        first, second = done.stdout.splitlines()[:2]
        assert first.startswith("since ")
        assert first.endswith(": 1 new failure")
        assert second.startswith("  new         MUST usage.total-is-the-sum, ")
        assert kinds(read_report(today)["since"])["new"] == ["usage.total-is-the-sum"]
        assert conform(wrong, *few, "--since", str(yesterday), "--only-new", key=KEY).returncode == 1
        again = conform(wrong, *few, "--since", str(today / "report.json"), "--only-new", "-q", key=KEY)
        assert again.returncode == 0
        assert again.stdout.startswith("DEVIATES: ")
        assert " · no new failure since 2" in again.stdout
        assert conform(wrong, *few, "--since", str(today), key=KEY).returncode == 1


def test_two_finished_reports(conform: Conform, report: Report, tmp_path: Path) -> None:
    for name, made in (("old", report), ("new", edited(report, sum=("failed", 1, 40)))):
        (tmp_path / name).mkdir()
        made["verdict"] = "deviates" if name == "new" else "conforms"
        made["requirements"] = copy.deepcopy(made["requirements"])
        (tmp_path / name / "report.json").write_text(json.dumps(made), "utf-8")
    new, old = str(tmp_path / "new" / "report.json"), str(tmp_path / "old")
    done = conform("report", new, "--since", old, "-q")
    assert done.returncode == 1
    assert "1 new failure since" in done.stdout
    assert conform("report", new, "--since", str(tmp_path / "new"), "--only-new", "-q").returncode == 0
    assert conform("report", new, "--since", old, "--only-new", "-q").returncode == 1
    assert "What has changed" in (tmp_path / "new" / "report.html").read_text("utf-8")


def test_the_page_says_it_first(report: Report, tmp_path: Path) -> None:
    now = edited(report, sum=("failed", 3, 40))
    render({**now, "since": since.since(now, report)}, tmp_path)
    page = (tmp_path / "report.html").read_text("utf-8")
    assert page.index("What has changed") < page.index('id="summary"')
    assert "1 new failure" in page
    assert "0 of " in page
    assert "→ 3 of 40" in page


def test_several_targets(conform: Conform, contract: Contract, tmp_path: Path) -> None:
    """Each is compared with the one of its name; one that is new has nothing to be compared with."""
    with serve(Mock(contract, KEY)) as one, serve(BY_HAND["total-is-the-prompt"].make(contract, KEY)) as other:
        file = tmp_path / "targets.toml"
        table = '[{}]\nurl = "{}"\nkey_variable = "ALPHAEDGE_API_KEY"\n'
        file.write_text(table.format("a", one) + table.format("b", one))
        assert conform(str(file), "-k", "usage", "--report", str(tmp_path / "old"), key=KEY).returncode == 0
        file.write_text(table.format("a", one) + table.format("b", other))
        options = ("-k", "usage", "--report", str(tmp_path / "new"), "--since", str(tmp_path / "old"), "--only-new")
        done = conform(str(file), *options, key=KEY)
        assert done.returncode == 1
        found = json.loads((tmp_path / "new" / "comparison.json").read_text("utf-8"))
        assert [kinds(target["since"])["new"] for target in found["targets"]] == [[], ["usage.total-is-the-sum"]]
        again = conform(
            "report", str(tmp_path / "new" / "comparison.json"), "--since", str(tmp_path / "new"), "--only-new"
        )
        assert again.returncode == 0, again.stdout
        file.write_text(table.format("a", one) + table.format("c", other))
        assert conform(str(file), *options[:2], "--since", str(tmp_path / "new"), "--only-new", key=KEY).returncode == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--only-new",), "--only-new goes with --since"),
        (("--since", "/nowhere"), "/nowhere: "),
        (("report", "x.json", "--only-new"), "--only-new goes with --since"),
    ],
)
def test_wrong_usage(conform: Conform, arguments: tuple[str, ...], says: str) -> None:
    done = conform(*arguments)
    assert done.returncode == 4
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_without_a_report(conform: Conform, tmp_path: Path) -> None:
    done = conform("--since", str(tmp_path))
    assert done.returncode == 4
    assert "expected a folder with the report.json or comparison.json of a run" in done.stderr
