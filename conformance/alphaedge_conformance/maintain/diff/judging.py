"""Judges each difference of two schemas: by the rule of its keyword, then by values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import field, frozen

from ...contract import Contract, tokens
from . import counterexamples
from .change import BREAKING, OF_LEVEL, SAFE, UNCLEAR, Audience, Change, CounterExample, Judgement, worst
from .keywords import MAYBE, NO, YES, Answer
from .schemas import Difference, differences, place
from .tree import OPENNESS, Tree

CLIENTS, SERVERS = Audience.CLIENTS, Audience.SERVERS


@frozen
class Question:
    """Is there a value that one schema takes and the other does not, and who is hurt by it?"""

    name: str
    audience: Audience
    narrowing: bool
    """Whether it is one that OLD takes."""
    strict: bool
    """Whether a member that the other schema does not name counts against a value."""
    of_level: bool
    """Whether it hurts only as much as the level of the keyword says."""
    meaning: str


SENT = Question("sent", CLIENTS, True, True, False, "the old contract allows sending it, the new one does not")
ACCEPTED = Question(
    "accepted", SERVERS, False, True, False, "the new contract requires it to be accepted, the old one does not"
)
REFUSED = Question(
    "refused", SERVERS, True, False, True, "the new contract requires it to be refused, the old one accepted it"
)
RECEIVED = Question(
    "received", CLIENTS, False, False, False, "the new contract allows this answer, the old one did not"
)
ANSWERED = Question(
    "answered", SERVERS, True, False, True, "the old contract allowed this answer, the new one does not"
)

REQUEST, RESPONSE = (SENT, ACCEPTED, REFUSED), (RECEIVED, ANSWERED)

MEMBERS = {
    "added": {SENT: NO, ACCEPTED: YES, REFUSED: NO, RECEIVED: NO, ANSWERED: NO},
    "removed": {SENT: YES, ACCEPTED: NO, REFUSED: NO, RECEIVED: MAYBE, ANSWERED: NO},
}
"""Of a member that a schema names, or no longer names; what it does not name is undecided or ignored."""


@frozen
class Site:
    """Two schemas of one request or response, and where they are used."""

    names: tuple[str, ...]
    request: bool
    old: Tree
    new: Tree
    contracts: tuple[Contract, Contract]
    pointers: tuple[str, str]

    @property
    def questions(self) -> tuple[Question, ...]:
        return REQUEST if self.request else RESPONSE

    @property
    def name(self) -> str:
        return self.names[0] if len(self.names) == 1 else f"{', '.join(self.names[:3])}{' …' * (len(self.names) > 3)}"


@frozen
class Found:
    """A difference at one site, judged."""

    site: Site
    difference: Difference
    judgements: dict[Audience, Judgement] = field(factory=dict)
    examples: tuple[CounterExample, ...] = ()


class Judge:
    """Judges sites within a number of searches, so that a rewritten contract ends as well."""

    def __init__(self, searches: int = 400) -> None:
        self.searches = searches

    def changes(self, sites: list[Site]) -> list[Change]:
        """What changed at all sites, each change once however many sites use it."""
        found: dict[tuple[Any, ...], list[Found]] = {}
        for site in sites:
            for each in self._judged(site):
                same = each.difference
                found.setdefault((same.keyword, same.pointer, same.removed, same.text), []).append(each)
        return [_merged(group) for group in found.values()]

    def _judged(self, site: Site) -> Iterator[Found]:
        if site.old.form == site.new.form and not _differs(site):
            return
        answered: set[Question] = set()
        alone = 0
        for difference in differences(site.old, site.new):
            alone += difference.edit is not None
            if difference.chunk is not None:
                old, new = difference.chunk
                names = tuple(_content_of(name) for name in site.names)
                yield from self._judged(Site(names, site.request, old, new, site.contracts, (old.pointer, new.pointer)))
                continue
            yield self._difference(site, difference, answered)
        if alone > 1:  # else there is no more to it
            yield from self._unexplained(site, answered)

    def _difference(self, site: Site, difference: Difference, answered: set[Question]) -> Found:
        if difference.keyword == "default":
            return Found(site, difference, _of_default(site, difference))
        if difference.levels is not None:
            return Found(site, difference, _of_levels(site, *difference.levels))
        judgements: dict[Audience, Judgement] = {}
        examples = []
        for question in site.questions:
            answer, example = self._answer(site, difference, question)
            if answer is YES:
                answered.add(question)
            judged = _judgement(answer, question, difference.level)
            judgements[question.audience] = worst([judgements.get(question.audience, SAFE), judged])
            if example is not None and judged is not SAFE:
                examples.append(example)
        return Found(site, difference, judgements, tuple(examples))

    def _answer(self, site: Site, difference: Difference, question: Question) -> tuple[Answer, CounterExample | None]:
        prior = _prior(site, difference, question)
        if difference.edit is None:
            return prior, None
        alone = difference.edit(site.old)
        if difference.provable and _proven(site.old, alone, question):
            return NO, None
        if difference.provable and difference.whole is not None:
            together = site.old.with_(difference.owner, difference.whole)
            if _proven(site.old, together, question):
                return NO, None
        example = self._example(site, alone, question)
        return (prior, None) if example is None else (YES, example)

    def _example(self, site: Site, alone: Tree, question: Question) -> CounterExample | None:
        """The smallest value that this change alone, and all changes together, judge differently."""
        if not self.searches:
            return None
        self.searches -= 1
        if question.narrowing:
            inside, outside = [site.old.closed], [_against(alone, question), _against(site.new, question)]
        else:
            inside, outside = [alone.closed, site.new.closed], [_against(site.old, question)]
        found = counterexamples.search(inside, outside, lambda value: _confirmed(site, question, value))
        if found is None:
            return None
        return CounterExample(question.audience, site.name, found.value, question.meaning)

    def _unexplained(self, site: Site, answered: set[Question]) -> Iterator[Found]:
        """What all changes together do and none of them does alone."""
        for question in site.questions:
            if question in answered or _proven(site.old, site.new, question):
                continue
            example = self._example(site, site.new, question)
            if example is None:
                continue
            level, at = "MUST", site.pointers[1]
            refusing = site.contracts[question.narrowing].violations(site.pointers[question.narrowing], example.value)
            if question.narrowing and refusing:
                at, level = refusing[0].pointer, _level(site.contracts[1], refusing[0].pointer)
            text = "several changes together change the judgement of a value"
            difference = Difference("values", text, at, level=level)
            judged = _judgement(YES, question, level)
            if judged is not SAFE:
                yield Found(site, difference, {question.audience: judged}, (example,))


def _content_of(name: str) -> str:
    return f"chunk{name.removeprefix('event')}" if name.startswith("event ") else f"the content of {name}"


def _differs(site: Site) -> bool:
    return any(True for _ in differences(site.old, site.new))


def _prior(site: Site, difference: Difference, question: Question) -> Answer:
    """What the rules say."""
    if difference.member is not None:
        return MEMBERS[difference.member][question]
    narrowed, widened = difference.effect
    if difference.keyword in OPENNESS and site.request and NO in difference.effect:
        # Members that a request schema does not name are undecided, whether it is silent about them or allows them.
        return {SENT: min(narrowed, MAYBE), ACCEPTED: NO, REFUSED: narrowed}[question]
    return narrowed if question.narrowing else widened


def _judgement(answer: Answer, question: Question, level: str) -> Judgement:
    if answer is NO:
        return SAFE
    most = OF_LEVEL[level] if question.of_level else BREAKING
    return most if answer is YES else min(most, UNCLEAR, key=lambda each: each.rank)


def _against(tree: Tree, question: Question) -> dict[str, Any]:
    return tree.closed if question.strict else tree.schema


def _proven(old: Tree, new: Tree, question: Question) -> bool:
    """Whether provably no value answers a question with yes."""
    if not (old.whole and new.whole):
        return False
    wide, narrow = (new, old) if question.narrowing else (old, new)
    return counterexamples.covers(_against(wide, question), narrow.closed)


def _confirmed(site: Site, question: Question, value: Any) -> bool:
    """Whether the contracts themselves agree, where a schema that leads back into itself was cut."""
    if site.old.whole and site.new.whole:
        return True
    taken, refused = (0, 1) if question.narrowing else (1, 0)
    kept = not site.contracts[taken].violations(site.pointers[taken], value)
    return kept and bool(site.contracts[refused].violations(site.pointers[refused], value))


def _of_default(site: Site, difference: Difference) -> dict[Audience, Judgement]:
    """What it means to leave a member out; no value tells."""
    if not site.request:
        return {}
    if difference.removed:
        return {CLIENTS: UNCLEAR}
    return {CLIENTS: BREAKING if YES in difference.effect else UNCLEAR, SERVERS: UNCLEAR}


def _of_levels(site: Site, was: str, now: str) -> dict[Audience, Judgement]:
    order = list(OF_LEVEL)
    if order.index(now) < order.index(was):
        return {SERVERS: OF_LEVEL[now]}
    return {} if site.request else {CLIENTS: OF_LEVEL[was]}


def _level(contract: Contract, pointer: str) -> str:
    """Of the keyword at a pointer."""
    *around, keyword = tokens(pointer)
    holder = pointer.rpartition("/")[0]
    if around and around[-1] == "required":
        member = contract.at(pointer)
        holder, keyword = f"{holder.rpartition('/')[0]}/properties/{member}", "required"
    node = contract.at(holder) if contract.has(holder) else None
    levels = node.get("x-levels", {}) if isinstance(node, dict) else {}
    return str(levels.get(keyword, "MUST"))


def _merged(group: list[Found]) -> Change:
    """One change, wherever it is used."""
    difference = group[0].difference
    places = dict.fromkeys(_place(each) for each in group)
    listed = list(places)[:3] + ([f"{len(places) - 3} more"] if len(places) > 3 else [])
    examples: dict[Audience, CounterExample] = {}
    for example in (example for each in group for example in each.examples):
        examples.setdefault(example.audience, example)
    return Change(
        rule=difference.keyword,
        text=f"{'; '.join(listed)}: {difference.text}",
        pointer=difference.pointer,
        line=0,
        clients=worst(each.judgements.get(CLIENTS, SAFE) for each in group),
        servers=worst(each.judgements.get(SERVERS, SAFE) for each in group),
        removed=difference.removed,
        cosmetic=difference.cosmetic and difference.keyword != "values",
        examples=tuple(examples.values()),
    )


def _place(found: Found) -> str:
    at = place(found.difference.value)
    return f"{found.site.name}, `{at}`" if at else found.site.name
