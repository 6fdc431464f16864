"""The profile of embeddings: no vector of a server is a mistake of the kit."""

from __future__ import annotations

from typing import Any

import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.exchange.strict_json import Json
from alphaedge_conformance.judging.verdicts import Conclusion
from alphaedge_conformance.maintain.kill_matrix import trial
from alphaedge_conformance.mock import Mock
from alphaedge_conformance.mock.profiles.embeddings import Embeddings
from alphaedge_conformance.run.suite import Suite


@pytest.fixture(scope="module")
def embeddings() -> Suite:
    return Suite.of(Contract.load(None, ["embeddings"]))


@pytest.mark.parametrize("number", [10**400, 1e308, True, 0], ids=["of 401 digits", "huge", "boolean", "zero"])
def test_an_odd_number(embeddings: Suite, number: Any) -> None:
    class Odd(Embeddings):
        def embeddings(self, request: Json) -> list[Json]:
            made = super().embeddings(request)
            return [{**each, "embedding": [number] * len(each["embedding"])} for each in made]

    wanted = [id for id in embeddings.requirements if "embeddings." in id]
    run = trial(embeddings, type("Own", (Mock,), {"instead": (Odd,)}), wanted)
    assert run.conclusion is not Conclusion.KIT_ERROR
