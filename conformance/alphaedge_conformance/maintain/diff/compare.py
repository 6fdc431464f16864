"""The whole comparison: every change with its line, its requirements and its judgements."""

from __future__ import annotations

from attrs import evolve

from ...contract import Contract
from ...contract.requirements import Requirement, catalogue
from ...errors import ConfigurationError
from . import operations, sentences
from .change import Change
from .judging import Judge


def compare(old: Contract, new: Contract) -> tuple[list[Change], list[str]]:
    """Every change, those that break first, and what was left out. Raises ConfigurationError for a contract whose parts
    cannot be found."""
    left_out: list[str] = []
    for contract in (old, new):
        for here, wrong in contract.malformed():
            raise contract.error(here, f"{here} is not a valid JSON Schema: {wrong}; correct it there")
    known = [_requirements(contract, left_out) for contract in (old, new)]
    comparison, judge = operations.Comparison(old, new), Judge()
    try:
        comparison.run()
        found = [*comparison.changes, *judge.changes(comparison.sites)]
        found += [*sentences.changes(old, new), *operations.of_the_document(old, new)]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"{new.source}: a part of it or of {old.source} does not have the form that OpenAPI requires "
            f"({type(error).__name__}: {error}); run `alphaedge-contract lint` on both"
        ) from error
    if not judge.searches:
        left_out.append("values: too much changed to check all of it with drawn values; compare in steps")
    found = [placed(change, old, new, known) for change in found]
    found.sort(key=lambda change: (-max(change.clients.rank, change.servers.rank), change.cosmetic, change.line))
    return found, left_out


def _requirements(contract: Contract, left_out: list[str]) -> list[Requirement]:
    try:
        return list(catalogue(contract).values())
    except (ConfigurationError, AttributeError, KeyError, TypeError, ValueError) as error:
        left_out.append(f"requirement ids of {contract.source}: {error}")
        return []


def placed(change: Change, old: Contract, new: Contract, known: list[list[Requirement]]) -> Change:
    """With its line and the requirements that it touches."""
    contract = old if change.removed else new
    touched = [id for requirements in reversed(known) for id in _touched(change, requirements)]
    ids = dict.fromkeys((*change.requirements, *touched))
    return evolve(change, line=contract.line(change.pointer), requirements=tuple(ids))


def _touched(change: Change, requirements: list[Requirement]) -> list[str]:
    """Those at its place or below, those of the keyword whose level it is, and the sentences about its schema."""
    if change.requirements:
        return []
    if change.cosmetic and change.rule not in ("x-quote", "x-subject"):
        return []
    here = change.pointer
    around = here.rpartition("/required/" if change.rule == "required" else "/")[0]
    if change.rule == "x-levels":
        around, _, keyword = here.partition("/x-levels")
        return [
            requirement.id
            for requirement in requirements
            if requirement.pointer == f"{around}{keyword}" or requirement.id.endswith(_member_required(around, keyword))
        ]
    if change.cosmetic:
        here = around
    return [
        requirement.id
        for requirement in requirements
        if (requirement.pointer + "/").startswith(here + "/")
        or (requirement.pointer == around and requirement.kind in ("stated", "accepted"))
    ]


def _member_required(around: str, keyword: str) -> str:
    """How the id of the requirement ends that a member is there, whose level stands at the member."""
    from ...contract.requirements import kebab

    return f"{kebab(around.rpartition('/')[2])}-required" if keyword == "/required" else "\0"
