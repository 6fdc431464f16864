"""The profile of models: a model that is listed is not the one that is missing."""

from __future__ import annotations

import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.exchange.strict_json import Json
from alphaedge_conformance.judging.verdicts import Status
from alphaedge_conformance.maintain.kill_matrix import trial
from alphaedge_conformance.mock import Mock
from alphaedge_conformance.run.suite import Suite

SERVED = "models.listed-is-served"


class Lists(Mock):
    """Lists these, and has one."""

    ids: tuple[str, ...] = ()

    @property
    def models_listed(self) -> Json:
        return {"object": "list", "data": [{"id": id, "object": "model"} for id in self.ids]}


@pytest.fixture(scope="module")
def models() -> Suite:
    return Suite.of(Contract.load(None, ["models"]))


REAL = "alphaedge-large-3-2512"


@pytest.mark.parametrize(
    ("ids", "asked", "status"),
    [
        ((REAL,), [REAL], Status.PASSED),
        ((REAL, REAL), [REAL], Status.PASSED),
        ((REAL, "gone", "a/b:c", "fourth"), [REAL, "gone", "a/b:c"], Status.FAILED),
        ((), [], Status.INCONCLUSIVE),
    ],
)
def test_at_most_three_of_the_list_are_asked_for(
    models: Suite, ids: tuple[str, ...], asked: list[str], status: Status
) -> None:
    run = trial(models, type("Some", (Lists,), {"ids": ids}), [SERVED])
    sent = [each.probe.request["model"] for each in run.exchanges if SERVED in each.probe.requirement_ids]
    assert sorted(sent) == sorted([*asked, "no-such-model-b1946ac9"])
    verdict = run.verdicts[SERVED]
    assert (verdict.status, len(verdict.findings)) == (status, len(set(asked) - {REAL}))
