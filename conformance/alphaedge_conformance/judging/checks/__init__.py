"""The check of each requirement: one module a subject."""

from __future__ import annotations

from ...contract import Contract
from ...contract.requirements import Requirement
from ...exchange import ExpectedAnswer
from . import authorization, completion, endpoint, errors, keywords, own_request, requests, stream, usage
from .check import STATED, Check
from .profiles import PROFILES

__all__ = ["STATED", "Check", "checks_for"]
SUBJECTS = (authorization, completion, endpoint, errors, own_request, requests, stream, usage, *PROFILES)
"""Each registers its checks in STATED when it is imported."""


def checks_for(contract: Contract, requirements: dict[str, Requirement]) -> dict[str, Check]:
    """The check of each requirement; raises ConfigurationError for a requirement without one."""
    found = {}
    for requirement in requirements.values():
        if requirement.kind not in ("stated", "key"):
            kinds = keywords.kinds_of(contract, requirement)
            found[requirement.id] = Check(
                keywords.check_of(requirement), kinds, of_each_event=kinds == {ExpectedAnswer.STREAMED}
            )
        elif requirement.statement in STATED:
            found[requirement.id] = STATED[requirement.statement]
        else:
            message = f"{requirement.statement} has no check; add one to alphaedge_conformance/judging/checks"
            raise contract.error(requirement.pointer, message)
    return found
