"""What is said while a run is under way."""

from __future__ import annotations

import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.report.progress import FEWEST, Progress, time_left
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.sending.settings import Settings

from ..helpers import KEY, Counting


def paced(seconds: float, count: int, first: float = 0.0) -> list[tuple[float, int]]:
    """The arrivals of answers that take so long each; the first one takes longer."""
    return [(0.0, 0), *((first + number * seconds, number) for number in range(1, count))]


@pytest.mark.parametrize(
    ("arrivals", "planned", "says"),
    [
        (paced(0.02, 40)[-30:], 100, "a few seconds left"),
        (paced(0.02, 40, first=12.0)[-30:], 100, "a few seconds left"),  # a model that had to be loaded
        (paced(1.0, 40), 100, "about 60 s left"),
        (paced(10.0, 40), 100, "about 10 min left"),
        (paced(0.02, FEWEST - 1), 100, ""),
        ([], 100, ""),
        (paced(1.0, 101), 100, ""),
        ([(0.0, 3)] * 20, 100, ""),
    ],
)
def test_the_time_left_is_that_of_the_last_answers(arrivals: list[tuple[float, int]], planned: int, says: str) -> None:
    assert time_left(arrivals, planned) == says


def test_it_says_what_is_waited_for() -> None:
    progress = Progress(False)
    waiting = {4: "control, streamed", 5: "temperature = 2"}
    progress(3, 100, 1, waiting)
    assert progress.line == "3 of 100 requests, 1 finding; waiting for 'control, streamed' and 1 more"
    waiting.pop(5)  # whatever happens after it was told
    assert progress.line == "3 of 100 requests, 1 finding; waiting for 'control, streamed'"
    progress(8, 50, 1, {}, of="the other")
    assert progress.line == "11 of 150 requests, 2 findings; waiting for 'control, streamed'"


def test_requests_beyond_the_plan_are_no_more_than_all() -> None:
    """What is repeated, split or discovered is in no plan."""
    progress = Progress(False)
    progress(48, 41, 0, {})
    assert progress.line == "48 of 48 requests, 0 findings"


def test_a_run_tells_it(suite: Suite, contract: Contract, counting: tuple[Counting, str]) -> None:
    _, url = counting
    heard: list[tuple[int, int, tuple[str, ...]]] = []
    run = suite.run(
        ["request.temperature-maximum"],
        build_target(contract, url, None, KEY),
        Settings(),
        lambda done, planned, findings, under_way, of="": heard.append((done, planned, tuple(under_way.values()))),
    )
    planned = len(run.plan.probes)
    assert heard[0] == (0, planned, ())
    assert heard[-1] == (planned, planned, ())
