"""`make live-faults`: every fault of the mock that the traffic of an application can show is found in it (minutes).

A fault can be shown where it breaks something that is judged on answers to requests that applications send; what needs
a request of a special kind is named here, with the reason.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.mock.faults import all_faults
from alphaedge_conformance.run.suite import Suite

from .ordinary import shown_by_traffic

BATCH = 12
CONTRACT = Contract.load()
FAULTS = all_faults(CONTRACT)
ANSWERS = (
    "completion.",
    "choice.",
    "assistant-message.",
    "finish-reason.",
    "usage.",
    "chunk.",
    "chunk-choice.",
    "delta.",
)
SUBJECTS = (*ANSWERS, "chunk.", "chunk-choice.", "delta.", "stream.", "max-tokens.", "error.")
SPECIAL: dict[str, str] = {}
"""Faults that show only where a request is of a kind that applications seldom send, and which one."""

SHOWN = [
    name
    for name, fault in FAULTS.items()
    if name not in SPECIAL and any(id.startswith(SUBJECTS) and id != "error.never-5xx" for id in fault.breaks)
]


@pytest.mark.parametrize("start", range(0, len(SHOWN), BATCH))
def test_found_by_traffic(suite: Suite, tmp_path: Path, start: int) -> None:
    names = SHOWN[start : start + BATCH]
    found = shown_by_traffic(suite, [FAULTS[name].make for name in names], tmp_path)
    missed = [name for name, each in zip(names, found, strict=True) if not each]
    accused = {name: set(each) - FAULTS[name].breaks for name, each in zip(names, found, strict=True)}
    assert (missed, {name: each for name, each in accused.items() if each}) == ([], {})


def test_what_is_special_is_there() -> None:
    assert set(SPECIAL) <= set(FAULTS)
