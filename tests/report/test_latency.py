"""How long answers took, and what their tokens cost, as data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.exchange import Chunk, Exchange, Probe
from alphaedge_conformance.exchange.target import Price
from alphaedge_conformance.maintain.kill_matrix import trial
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.report import document
from alphaedge_conformance.report.comparison import compare
from alphaedge_conformance.report.latency import EDGES, measure
from alphaedge_conformance.run.suite import Suite

from ..helpers import Conform, read_report


def took(first: float, whole: float, **other: Any) -> Exchange:
    probe = Probe("p", "Why.", b"{}")
    return evolve(Exchange(1, probe, "http://x", 0.0, 200, (), (Chunk(first, b"{}"),), whole), **other)


def test_of_a_hundred_answers_the_fiftieth_and_the_ninety_fifth() -> None:
    found = measure([took(number / 1000, number / 100) for number in range(1, 101)], [30.0, 10.0, 20.0])
    assert found is not None
    assert found["answers"] == 100
    assert found["first_byte"] == {"p50": 0.05, "p95": 0.095, "longest": 0.1}
    assert found["whole"] == {"p50": 0.5, "p95": 0.95, "longest": 1.0}
    assert found["tokens_per_second"] == 20.0
    assert sum(bucket["first_byte"] for bucket in found["histogram"]) == 100
    assert sum(bucket["whole"] for bucket in found["histogram"]) == 100
    assert [bucket["to"] for bucket in found["histogram"]] == [edge for edge in EDGES if edge <= 1.0]
    assert found["histogram"][0] == {"to": 0.001, "first_byte": 1, "whole": 0}


def test_an_answer_beyond_all_buckets_is_in_the_last() -> None:
    found = measure([took(0.5, 2 * EDGES[-1])], [])
    assert found is not None
    assert found["histogram"][-1] == {"to": None, "first_byte": 0, "whole": 1}
    assert found["tokens_per_second"] is None


def test_refusals_and_recordings_without_times_say_nothing() -> None:
    assert measure([took(0.1, 0.2, status=400), took(0.0, 0.2), took(0.1, 0.2, timed_out=True)], []) is None


def test_a_run_has_it(suite: Suite) -> None:
    run = trial(suite, Mock, ["usage.type"])
    report = document.build_report(run)
    latency = report["latency"]
    assert latency is not None
    assert latency["answers"] == sum(each.accepted for each in run.exchanges)
    assert 0 < latency["first_byte"]["p50"] <= latency["whole"]["p50"] <= latency["whole"]["longest"]
    assert latency["tokens_per_second"]
    assert compare([report, report], 1.0)["targets"][0]["latency"] == latency
    assert report["cost"]["price"] is None


def test_a_price_gives_a_cost(suite: Suite) -> None:
    run = trial(suite, Mock, ["usage.type"])
    run = evolve(run, target=evolve(run.target, price=Price(1000.0, 3000.0, "EUR")))
    cost = document.build_report(run)["cost"]
    amount = (cost["prompt_tokens"] + 3 * cost["completion_tokens"]) / 1000
    assert cost["price"] == {"amount": pytest.approx(amount), "currency": "EUR"}


def test_prices_of_a_file(conform: Conform, contract: Contract, tmp_path: Path) -> None:
    with serve(Mock(contract)) as url:
        file = tmp_path / "targets.toml"
        file.write_text(f'[a]\nurl = "{url}"\nprompt_price = 2\ncompletion_price = 6.0\n')
        done = conform(str(file), "-k", "usage", "--report", str(tmp_path / "out"))
    cost = read_report(tmp_path / "out")["cost"]
    amount = (2 * cost["prompt_tokens"] + 6 * cost["completion_tokens"]) / 1_000_000
    assert cost["price"] == {"amount": pytest.approx(amount, abs=1e-6), "currency": "USD"}
    assert f", {amount:.4f} USD, " in done.stdout


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("prompt_price = 1", "expected completion_price and prompt_price, found prompt_price alone"),
        ("prompt_price = '1'\ncompletion_price = 1", "prompt_price: expected a price per million tokens, found '1'"),
        ("prompt_price = 1\ncompletion_price = -1", "completion_price: expected a price"),
        ("prompt_price = true\ncompletion_price = nan", "prompt_price: expected a price"),
    ],
)
def test_prices_that_are_none(conform: Conform, tmp_path: Path, lines: str, says: str) -> None:
    file = tmp_path / "targets.toml"
    file.write_text(f'[a]\nurl = "http://127.0.0.1:9"\n{lines}\n')
    done = conform(str(file))
    assert done.returncode == 4
    assert says in done.stderr
