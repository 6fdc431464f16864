"""What has to hold of a contract that was edited: it is judged, mocked, broken by mutants and compared."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.contract.further import everywhere
from alphaedge_conformance.contract.requirements import Level, unjudged
from alphaedge_conformance.contract.samples import Sampler
from alphaedge_conformance.exchange.strict_json import Json
from alphaedge_conformance.judging.verdicts import Conclusion, Status
from alphaedge_conformance.maintain.diff.compare import compare
from alphaedge_conformance.maintain.kill_matrix import failed, trial
from alphaedge_conformance.mock import Mock
from alphaedge_conformance.mock.endpoint import merged
from alphaedge_conformance.mock.faults import derived
from alphaedge_conformance.mock.sampled import Sampled
from alphaedge_conformance.run.suite import Suite

from .edits import EDITS, Document, edited


def grown(names: Iterable[str]) -> Contract:
    """The shipped contract with these edits."""
    return contract_of(edited(Contract.load().document, [EDITS[name] for name in names]))


def contract_of(document: Document) -> Contract:
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    contract = Contract.parse(Path("openapi.yaml"), text)
    contract.check()
    return contract


class SparseSampled(Sampled):
    def filled(self, schema: str, value: Json) -> Json:
        filled: Json = merged(Sampler(self.contract).sample(schema), value)
        return filled


class Sparse(Mock):
    """Conforming but unusual: of what the contract added, only what is required is in an answer."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        for here, each in self.others.items():
            self.others[here] = SparseSampled(each.contract, each.key, each.known)

    def filled(self, schema: str, value: Json) -> Json:
        filled: Json = merged(Sampler(self.contract).sample(schema), value)
        return filled


def assert_judged(suite: Suite, old: Suite) -> None:
    """The mock conforms, with nothing inconclusive; every assertion has a probe or a reason; a server that leaves out
    what is optional is not accused."""
    run = trial(suite, Mock)
    good = (Status.PASSED, Status.NOT_APPLICABLE)  # a union in an answer has one branch at a time
    assert [v.requirement.id for v in run.verdicts.values() if v.status not in good] == []
    contract = suite.contract
    known = {each.pointer for each in suite.requirements.values()} | {each.pointer for each in unjudged(contract)}
    asserted = {
        keyword.pointer
        for operation in everywhere(contract)
        for root in (*((operation.request_schema,) if operation.has_body else ()), *operation.response_schemas)
        for keyword in operation.keywords(root)
    }
    assert asserted - known == set()
    named = {id for probe in run.plan.probes for id in probe.requirement_ids}
    of_requests = {id for id, each in suite.requirements.items() if each.kind in ("accepted", "refused")}
    assert of_requests - old.requirements.keys() - named == set()
    assert trial(suite, Sparse).conclusion is Conclusion.CONFORMS


def assert_killed(suite: Suite, old: Suite) -> None:
    """Each mutant of what is new breaks what it says, and nothing else."""
    new = suite.requirements.keys() - old.requirements.keys()
    faults = [fault for fault in derived.faults(suite.contract) if fault.breaks & new]
    levels = {id: suite.requirements[id].level for id in new}
    broken = {id for fault in faults for id in fault.breaks}
    assert {id for id, level in levels.items() if level is not Level.MAY} - broken == set()
    survived: dict[str, Any] = {}
    for fault in faults:
        found = failed(trial(suite, fault.make))
        if found != fault.breaks:
            survived[fault.name] = {"stated": sorted(fault.breaks), "failed": sorted(found)}
    assert survived == {}


def assert_compared(suite: Suite, old: Suite) -> None:
    """The comparison says whom the change breaks, in a sentence with a line."""
    changes, left_out = compare(old.contract, suite.contract)
    assert changes
    assert all(change.line and change.text for change in changes)
    assert [each for each in left_out if "requirement ids" in each] == []
