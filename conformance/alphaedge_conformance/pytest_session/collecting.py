"""What pytest collects: the contract as a file of requirements, each an item."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Protocol

import pytest

from ..contract import Contract
from ..contract.requirements import Requirement
from ..report import document
from ..report.text import findings


class Judgements(Protocol):
    """What items ask of the plugin that made them."""

    @property
    def contract(self) -> Contract: ...

    @property
    def names(self) -> list[str]:
        """Of the targets."""

    def items(self, parent: pytest.Collector, target: str) -> Iterable[RequirementItem]:
        """The requirements of a target."""

    def judged(self, item: RequirementItem) -> document.Requirement:
        """What the run says of an item."""

    def scores(self, item: RequirementItem) -> bool:
        """Whether an item can fail the run."""


class RequirementItem(pytest.Item):
    """One requirement of one target."""

    def __init__(self, *, requirement: Requirement, target: str, plugin: Judgements, **rest: Any) -> None:
        super().__init__(**rest)
        self.requirement, self.target, self.plugin = requirement, target, plugin
        self.user_properties += [("level", str(requirement.level)), ("source", str(requirement.source))]
        self.add_marker(requirement.level.lower())

    def setup(self) -> None:
        judged = self.plugin.judged(self)
        status, reason = judged["status"], judged["reason"] or ""
        if status in ("not-applicable", "waived"):
            pytest.skip(reason if status == "not-applicable" else f"waived {reason}")
        if status == "kit-error":
            pytest.fail(reason, pytrace=False)
        if status == "inconclusive":
            if not self.plugin.scores(self):
                pytest.skip(f"{self.requirement.level}, reported only: {reason}")
            pytest.fail(reason, pytrace=False)  # an error of the item's set-up: neither a failure nor a skip

    def runtest(self) -> None:
        judged = self.plugin.judged(self)
        if judged["findings"]:
            text = findings(judged)
            if not self.plugin.scores(self):
                pytest.xfail(f"{self.requirement.level}, reported only: {text}")
            pytest.fail(text, pytrace=False)

    def reportinfo(self) -> tuple[os.PathLike[str], int, str]:
        return self.path, self.plugin.contract.line(self.requirement.pointer) - 1, self.name


class TargetNode(pytest.Collector):
    """One of several targets, as a group of requirements."""

    plugin: Judgements

    def collect(self) -> Iterable[RequirementItem]:
        return self.plugin.items(self, self.name)


class ContractFile(pytest.File):
    """The contract as a file of requirements, or of several targets with theirs."""

    plugin: Judgements

    def collect(self) -> Iterable[TargetNode | RequirementItem]:
        names = self.plugin.names
        if len(names) == 1:
            return self.plugin.items(self, names[0])
        nodes = [TargetNode.from_parent(self, name=name) for name in names]
        for node in nodes:
            node.plugin = self.plugin
        return nodes
