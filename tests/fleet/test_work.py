"""What a worker does, with mocks."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.fleet import changes
from alphaedge_conformance.fleet import work as working
from alphaedge_conformance.fleet.coordinator import Coordinator
from alphaedge_conformance.fleet.history import History
from alphaedge_conformance.fleet.outcome import Outcome
from alphaedge_conformance.fleet.work import Unit, work
from alphaedge_conformance.fleet.workers import threads
from alphaedge_conformance.mock import serve
from alphaedge_conformance.mock.faults.profiles import UsageUnasked
from alphaedge_conformance.run.targets import Entry

from ..helpers import Conform, Counting
from .real import PLANTED, VARIABLE, expected, fleet, task, verdict_maps
from .simulated import history


class Moody(Counting):
    """Leaves out the end of a stream, as often as it is told to."""

    wrong = 0

    def event(self, data: str) -> bytes:
        if self.wrong and data == "[DONE]":
            self.wrong -= 1
            return b""
        return super().event(data)


ALWAYS = 10**6
DONE = "stream.done"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, PLANTED)


@pytest.fixture
def moody(contract: Contract) -> Iterator[tuple[Moody, Unit]]:
    mock = Moody(contract, PLANTED)
    with serve(mock) as url:
        yield mock, Unit(Entry("[moody]", "moody", url, None, VARIABLE, None, None), "lane", 8, None, None)


def judge(kept: History, run: str, unit: Unit) -> Outcome:
    """One run of one target, written."""
    last = kept.last()
    known = kept.known([unit.entry.name], last).get(unit.entry.name)
    (outcome,) = work(task(run), [evolve(unit, known=known)])
    assert kept.record([outcome], last) == [outcome]
    return outcome


def row(outcome: Outcome, id: str = DONE) -> tuple[str, tuple[str, ...], str | None]:
    (found,) = (each for each in outcome.rows if each.requirement == id)
    return found.status, found.again, found.state.settled


def test_a_flip_is_judged_again_by_its_probes_alone_twice(tmp_path: Path, moody: tuple[Moody, Unit]) -> None:
    (mock, unit), kept = moody, history(tmp_path)
    assert row(judge(kept, "run-1", unit)) == ("passed", (), "passed")
    whole, mock.requests = mock.requests, 0
    assert row(judge(kept, "run-2", unit)) == ("passed", (), "passed")
    assert mock.requests == whole
    mock.wrong, mock.requests = ALWAYS, 0
    assert row(judge(kept, "run-3", unit)) == ("failed", ("failed", "failed"), "failed")
    assert whole < mock.requests < 3 * whole  # what was not in doubt is not asked again
    mock.requests = 0
    assert row(judge(kept, "run-4", unit)) == ("failed", (), "failed")
    assert mock.requests == whole + 1  # any run repeats alone what failed beside others
    (found,) = changes.read(kept, changes.moment("1h"))["changes"]
    assert (found["requirement"], found["was"], found["now"], found["scored"]) == (DONE, "passed", "failed", True)


def test_a_claimed_profile_is_judged(tmp_path: Path, conform: Conform) -> None:
    only = "stream-usage.only-on-request"
    targets, kept = tmp_path / "targets.toml", tmp_path / "history.duckdb"
    with serve(UsageUnasked(Contract.load(None, ["stream-usage"]))) as url:
        targets.write_text(f'[one]\nurl = "{url}"\n', "utf-8")
        claimed = ("--profile", "stream-usage", "-k", "stream-usage", "--effort", "quick", "--workers", "1")
        done = conform("fleet", str(targets), "--history", str(kept), *claimed)
    assert done.returncode == 0, done.stderr
    history = History(kept)
    states = history.known(["one"], history.last())["one"].states
    assert {id for id, state in states.items() if state.settled == "failed"} == {only}


def test_what_flickers_is_flaky_and_no_change(tmp_path: Path, moody: tuple[Moody, Unit]) -> None:
    (mock, unit), kept = moody, history(tmp_path)
    judge(kept, "run-1", unit)
    mock.wrong = 1
    assert row(judge(kept, "run-2", unit)) == ("failed", ("passed", "passed"), "flaky")
    found = changes.read(kept, changes.moment("1h"))
    assert found["changes"] == []
    assert [(each["requirement"], each["failed_runs"], each["runs"]) for each in found["flaky"]] == [(DONE, 1, 2)]


def test_a_report_is_kept_where_it_differs_from_the_one_before(tmp_path: Path, moody: tuple[Moody, Unit]) -> None:
    (mock, unit), kept = moody, history(tmp_path)
    first, second = judge(kept, "run-1", unit), judge(kept, "run-2", unit)
    mock.wrong = ALWAYS
    third = judge(kept, "run-3", unit)
    assert set(first.kept) == set(third.kept) == {"report.json", "exchanges.har", "report.html"}
    assert second.kept == {}
    assert len(list(kept.reports.iterdir())) == 2
    assert kept.last()["moody"].report in {path.name for path in kept.reports.iterdir()}


def test_no_key_is_in_a_task_a_log_the_history_or_a_kept_report(
    contract: Contract, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """The last host says the key in its answers, and refuses it."""

    class Telling(Counting):
        def completion(self, request: Any, reply: Any) -> Any:
            made = super().completion(request, reply)
            made["choices"][0]["message"]["content"] = f"your key is {PLANTED}"
            return made

    sent: list[bytes] = []

    def spy(*arguments: Any) -> list[Outcome]:
        sent.append(pickle.dumps(arguments))
        made = work(*arguments)
        sent.append(pickle.dumps(made))
        return made

    kept = history(tmp_path)
    with caplog.at_level(logging.DEBUG), fleet(contract, tmp_path) as found, serve(Telling(contract, PLANTED)) as url:
        telling = Entry("[telling]", "telling", url, None, VARIABLE, None, None)
        lane = evolve(found.lanes[0], name="telling", entries=(telling,))
        wanted = evolve(task("run"), wanted=(*task("run").wanted, "authorization.key-not-echoed"))
        Coordinator(wanted, kept, threads(2), work=spy).run([*found.lanes, lane])
    assert {
        name: {id: status for id, status in each.items() if "key" not in id}
        for name, each in verdict_maps(kept).items()
    } == {
        **expected(),
        "telling": expected()["t00"],
    }
    assert verdict_maps(kept)["telling"]["authorization.key-not-echoed"] == "failed"
    written = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert len(written) > 10
    for where, data in [
        *written.items(),
        *enumerate(sent),
        ("log", caplog.text.encode()),
        ("output", str(capfd.readouterr()).encode()),
    ]:
        assert PLANTED.encode() not in data, where


def test_a_worker_without_the_key_says_which_variable_it_wants(
    moody: tuple[Moody, Unit], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    (outcome,) = work(task("run"), [moody[1]])
    assert outcome.facts["verdict"] == "inconclusive"
    assert outcome.facts["reason"] == f"[moody]: the environment variable {VARIABLE}, which holds its key, is not set"
    assert outcome.rows == ()


def test_what_breaks_the_kit_breaks_one_target_and_tells_no_key(
    moody: tuple[Moody, Unit], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge_one = working._judge

    def breaks(*arguments: Any) -> Any:
        if arguments[3].entry.name == "other":
            raise RuntimeError(f"about {PLANTED}")
        return judge_one(*arguments)

    monkeypatch.setattr(working, "_judge", breaks)
    unit = moody[1]
    other = evolve(unit, entry=evolve(unit.entry, name="other"), lane="other")
    right, wrong = work(task("run"), [unit, other])
    assert right.facts["verdict"] == "conforms"
    assert wrong.facts["verdict"] == "kit-error"
    assert wrong.facts["reason"].startswith("RuntimeError: about ")
    assert PLANTED not in wrong.facts["reason"]
