"""`--explore`: requests drawn from the whole schema find what the plan cannot, and are made small."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alphaedge_conformance.archive import har
from alphaedge_conformance.judging.verdicts import Conclusion
from alphaedge_conformance.maintain.kill_matrix import differences
from alphaedge_conformance.mock import Mock
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.sending.settings import Settings

from ..helpers import some
from .unplanned import FAULTS, HighTemperature, OddLimit, Refuses, ThreeMessages, explored, failed

SMALLEST: dict[type[Mock], str] = {
    HighTemperature: "drawn: temperature = 1.5",
    ThreeMessages: 'drawn: messages = [{"role": "system", "content": ""}, {"role": "system", "content": ""}, '
    '{"role": "system", "content": ""}]',
    OddLimit: "drawn: max_tokens = 17",
}


def test_nothing_is_found_in_a_server_that_conforms(suite: Suite, tmp_path: Path) -> None:
    run = explored(suite, Mock, tmp_path, 60)
    assert failed(run) == {}
    assert run.conclusion is Conclusion.CONFORMS
    assert len(run.plan.probes) + 30 < len(run.exchanges) <= len(run.plan.probes) + 60


@pytest.mark.parametrize("kind", some(SMALLEST, len(SMALLEST)), ids=lambda kind: kind.__name__)
def test_a_request_that_fails_is_as_small_as_it_can_be(suite: Suite, kind: type[Mock], tmp_path: Path) -> None:
    """Nothing in it differs from the control but what makes it fail; `make explorations` finds all ten."""
    run = explored(suite, kind, tmp_path, 300)
    assert failed(run) == {FAULTS[kind]: [SMALLEST[kind]]}


class LongTexts(Refuses):
    """The plan shows it too."""

    def is_bad(self, request: Any) -> bool:
        return any(message["content"] == "" or len(message["content"]) > 20 for message in request["messages"])


def test_what_is_refused_by_itself_is_held_against_nothing_beside_it(suite: Suite, tmp_path: Path) -> None:
    known = failed(explored(suite, LongTexts, tmp_path, 0)).keys()
    assert "message.content-accepted" in known
    assert failed(explored(suite, LongTexts, tmp_path, 150)).keys() == known


@pytest.mark.slow
def test_what_failed_is_tried_first_the_next_time(suite: Suite, tmp_path: Path) -> None:
    first = explored(suite, HighTemperature, tmp_path, 150)
    again = explored(suite, HighTemperature, tmp_path, 2)
    assert failed(again) == failed(first) == {"request.temperature-accepted": ["drawn: temperature = 1.5"]}
    assert failed(explored(suite, Mock, tmp_path, 2)) == {}
    assert failed(explored(suite, HighTemperature, tmp_path, 2)) == {}  # what no longer failed was forgotten


@pytest.mark.slow
def test_its_recording_says_the_same(suite: Suite, tmp_path: Path) -> None:
    """Requests on the way to the smallest are in it, and are not judged."""
    run = explored(suite, HighTemperature, tmp_path, 150)
    recording = har.read([tmp_path / har.ARCHIVE], suite.contract.path)
    again = suite.replay(list(suite.requirements), recording, Settings())
    assert differences(run, again) == []
    assert failed(again) == failed(run)
