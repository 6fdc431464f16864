"""What to send: the plan of a run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from attrs import evolve, frozen

from ..contract import Contract, tokens
from ..contract.further import operations
from ..contract.requirements import Level, Requirement
from ..exchange import CONTROL, Effort, Expect, ExpectedAnswer, Key, Probe, chat, encode
from . import boundaries, conversations, further, lenient, meaning, packing, profiles, state, stated
from .cache import drawn

QUICK = 60
"""Requests of the quickest effort, at most."""
UNLIMITED = 4096
"""Completion tokens that a request without a valid `max_tokens` is counted as."""
AnswerKind = tuple[str | None, ExpectedAnswer]
"""The operation of an answer, and its kind."""
PADDED = 1000
PADDING = re.compile(rb" {%d}" % PADDED)
"""White space between the parts of JSON, as only a body that is large on purpose has it."""


@frozen
class Plan:
    """The requests of a run, in the order of sending. The first is the control: the one that every other differs from,
    and that has to be accepted before anything can be judged."""

    probes: tuple[Probe, ...]
    unsent: tuple[Probe, ...] = ()
    """What a budget cut away."""
    named: frozenset[str] = frozenset()
    """The requirements that are judged on the probes about them alone, whether or not one of these is left."""
    later: frozenset[str] = frozenset()
    """Those that only a larger effort judges."""

    def cut(self, requests: int | None, tokens: int | None) -> Plan:
        """At most so many requests, and at most so many tokens for all of them."""
        kept: list[Probe] = []
        for probe in self.probes if requests != 0 else ():
            most_tokens = sum(ceiling(probe))
            if (requests is None or len(kept) < requests) and (tokens is None or most_tokens <= tokens):
                kept.append(probe)
                tokens = None if tokens is None else tokens - most_tokens
            elif not kept:
                break  # without the control nothing can be judged
        begun = {probe.series for probe in kept if probe.turn == 0}
        kept = [probe for probe in kept if probe.turn == 0 or probe.series in begun]
        sent = set(kept)
        return evolve(self, probes=tuple(kept), unsent=tuple(probe for probe in self.probes if probe not in sent))

    @property
    def unlimited(self) -> int:
        """How many requests carry no valid `max_tokens`, so that the model decides how much it generates."""
        return sum(map(is_unlimited, self.probes))


def ceiling(probe: Probe) -> tuple[int, int]:
    """The most tokens that a probe can cost, of the prompt and of the completion, should the server accept it: a token
    is at least a byte, and a body that is not JSON is the control or less; white space that only pads it is none."""
    if not probe.body:
        return 0, 0
    if probe.operation is not None:
        return len(probe.body), 0
    limit = chat.token_limit(probe.request) if probe.request else meaning.MAX_TOKENS
    padding = len(PADDING.findall(probe.body)) * PADDED
    return len(probe.body) - padding, min(limit or UNLIMITED, UNLIMITED)


def is_unlimited(probe: Probe) -> bool:
    """Whether the model decides how much it generates, should the server accept it."""
    return ceiling(probe)[1] == UNLIMITED


def everything(
    contract: Contract,
    requirements: Mapping[str, Requirement],
    model: str,
    seed: int,
    effort: Effort = Effort.STANDARD,
) -> Plan:
    """All probes worth sending at this effort to a server that serves `model`; the seed is that of the generated ones
    alone."""
    control = meaning.control(contract, model)
    values = drawn(contract, seed)
    edges = list(boundaries.probes(contract, requirements, control, values.bodies))
    lenients = list(lenient.probes(contract, requirements, control))
    by_hand = list(meaning.probes(contract, control))
    left_out = frozenset[str]()
    if contract.profiles and effort is not Effort.THOROUGH:
        every = [*by_hand, *edges, *lenients]
        kept = list(profiles.most_telling(contract, requirements, control, every))
        left_out = frozenset(id for probe in every for id in probe.requirement_ids)
        by_hand, edges, lenients = ([each for each in of if each in set(kept)] for of in (by_hand, edges, lenients))
    talks = list(conversations.probes(control, values.conversations))
    last_of_each_theme = {probe.theme: probe for probe in talks}.values()
    twins = [*_worth_streaming(edges, requirements, effort), *last_of_each_theme]
    streams = [_twin(probe, requirements) for probe in twins]
    probes = [*by_hand, *stated.probes(contract, contract, control), *edges, *lenients, *talks, *streams]
    merged = packing.unique(probes, requirements, effort)
    # With time for it, each value is sent alone too: a server may look at one place of a request only.
    is_thorough = effort is Effort.THOROUGH
    planned = tuple(merged if is_thorough else _packed(contract, requirements, merged))
    others = [
        each for view in operations(contract) for each in further.probes(contract, view, requirements, model, effort)
    ]
    named = frozenset(id for probe in (*merged, *others) for id in probe.requirement_ids)
    return Plan((*planned, *others), named=named, later=left_out - named)


def _packed(contract: Contract, requirements: Mapping[str, Requirement], probes: Iterable[Probe]) -> Iterator[Probe]:
    """The same, with the values that must be accepted, and about which nothing else is asked, put together."""
    control, streamed_control, *others = probes
    values = frozenset(id for id, each in requirements.items() if each.kind == "accepted")
    controls = {probe.differs_from for probe in others}
    single = [
        probe
        for probe in others
        if not (probe.requirement_ids and probe.requirement_ids <= values) or probe.name in controls
    ]
    yield from (control, streamed_control)
    sent_alone = set(single)
    for base in (control, streamed_control):
        together = [probe for probe in others if probe not in sent_alone and probe.streams is base.streams]
        yield from packing.packed(contract, base, together)
    yield from single


def select(plan: Plan, kinds: Mapping[str, frozenset[AnswerKind]], wanted: Iterable[str], has_key: bool) -> Plan:
    """The part of a plan that these requirements need, and its controls; without a key, no probe that is about keys.
    `kinds` are those of the probes that can show each requirement."""
    wanted = set(wanted)
    able = {kind for id in wanted - plan.named for kind in kinds[id]}
    chosen = [each for each in plan.probes if each.requirement_ids & wanted or each.shows in able]
    if state.AVAILABLE in wanted:  # which any request may break
        own = {each for each in plan.probes if each.operation is None}
        chosen = [each for each in plan.probes if each in own.union(chosen)]
    chosen = [probe for probe in chosen if has_key or probe.key is Key.RIGHT]
    by_name = {probe.name: probe for probe in plan.probes}
    needed: set[str | None] = {CONTROL}
    left: list[str | None] = [probe.name for probe in chosen]
    while left:
        name = left.pop()
        if name is not None and name not in needed:
            needed.add(name)
            left += [by_name[name].control, *(each.source for each in by_name[name].takes)]
    series = {probe.series for probe in chosen} - {None}
    return evolve(plan, probes=tuple(each for each in plan.probes if each.name in needed or each.series in series))


def quick(plan: Plan, kinds: Mapping[str, frozenset[AnswerKind]], comparing: Collection[str]) -> Plan:
    """Of each requirement that no control shows one probe, or two where answers are compared, as far as the quickest
    effort goes; no series, which takes several."""
    control, streamed_control, *others = plan.probes
    by_controls = {control.shows, streamed_control.shows}
    missing = Counter({id: 2 if id in comparing else 1 for id in plan.named})
    missing += Counter(id for id, each in kinds.items() if id not in plan.named and not each & by_controls)
    chosen = [control, streamed_control]
    for probe in others:
        ids = probe.requirement_ids or {
            id for id, each in kinds.items() if id not in plan.named and probe.shows in each
        }
        if probe.series is None and any(missing[id] > 0 for id in ids) and len(chosen) < QUICK:
            chosen.append(probe)
            missing.subtract(ids)
    return evolve(plan, probes=tuple(chosen))


def most_telling_first(
    plan: Plan, requirements: Mapping[str, Requirement], kinds: Mapping[str, frozenset[AnswerKind]]
) -> Plan:
    """The control, then again and again what completes the most MUSTs for a request: a requirement is judged when all
    the probes that are about it were sent, or one that shows it where none is."""
    control, *others = plan.probes
    needs: list[tuple[int, frozenset[Probe]]] = []
    for requirement in requirements.values():
        weight = 1 if requirement.level is Level.MUST else 0
        about = frozenset(probe for probe in others if requirement.id in probe.requirement_ids)
        if about:
            needs.append((weight, about))
        elif control.shows not in kinds[requirement.id]:
            firsts = [probe for probe in others if probe.shows in kinds[requirement.id]]
            needs += [(weight, frozenset(firsts[:1]))] if firsts else []
    order = {control: 0}
    while needs:
        _, best = max(needs, key=lambda need: sum(w for w, each in needs if each <= need[1]) / len(need[1]))
        for probe in others:
            if probe in best:
                order.setdefault(probe, len(order))
        needs = [(weight, left) for weight, each in needs if (left := each - order.keys())]
    return evolve(plan, probes=(*order, *(probe for probe in others if probe not in order)))


def streamed(probe: Probe) -> Probe:
    """The same request as a stream."""
    refused = probe.expect is Expect.REFUSED
    return evolve(
        probe,
        parts=tuple(map(streamed, probe.parts)),
        name=f"{probe.name}, streamed",
        why=f"{probe.why} As a stream.",
        body=encode(chat.as_a_stream(probe.request)),
        requirement_ids=frozenset({"stream.refused-by-status"}) if refused else probe.requirement_ids,
        differs_from=None,
    )


def _twin(probe: Probe, requirements: Mapping[str, Requirement]) -> Probe:
    """As a stream. A server that takes what it SHOULD refuse breaks that alone, and no MUST by streaming its answer."""
    need_not = probe.expect is Expect.REFUSED and not any(
        requirements[id].level is Level.MUST for id in probe.requirement_ids
    )
    return evolve(streamed(probe), requirement_ids=probe.requirement_ids) if need_not else streamed(probe)


def _worth_streaming(
    probes: Iterable[Probe], requirements: Mapping[str, Requirement], effort: Effort
) -> Iterable[Probe]:
    """Every accepted boundary, and one refusal for each keyword, or each one where there is time for it."""
    keywords: set[str] = set()
    for probe in probes:
        if not probe.request or not chat.leaves_the_mode_open(probe.request):
            continue
        if probe.expect is Expect.ACCEPTED:
            yield probe
        elif probe.expect is Expect.REFUSED and probe.differs_from is None:
            keyword = {tokens(requirements[id].pointer.replace("/required/", "/"))[-1] for id in probe.requirement_ids}
            if effort is Effort.THOROUGH or not keyword & keywords:
                keywords |= keyword
                yield probe
