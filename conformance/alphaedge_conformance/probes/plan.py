"""What to send: the plan of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import evolve, frozen

from ..contract import Contract, tokens
from ..contract.requirements import Level, Requirement
from ..exchange import CONTROL, Expect, ExpectedAnswer, Key, Probe, chat, encode
from . import boundaries, conversations, meaning
from .cache import drawn

UNLIMITED = 4096
"""Completion tokens that a request without a valid `max_tokens` is counted as."""


@frozen
class Plan:
    """The requests of a run, in the order of sending. The first is the control: the one that every other differs from,
    and that has to be accepted before anything can be judged."""

    probes: tuple[Probe, ...]
    unsent: tuple[Probe, ...] = ()
    """What a budget cut away."""

    def cut(self, requests: int | None, tokens: int | None) -> Plan:
        """At most so many requests, and at most so many tokens for all of them."""
        kept: list[Probe] = []
        for probe in self.probes if requests != 0 else ():
            cost = sum(ceiling(probe))
            if (requests is None or len(kept) < requests) and (tokens is None or cost <= tokens):
                kept.append(probe)
                tokens = None if tokens is None else tokens - cost
            elif not kept:
                break  # without the control nothing can be judged
        return Plan(tuple(kept), tuple(probe for probe in self.probes if probe not in set(kept)))

    @property
    def unlimited(self) -> int:
        """How many requests carry no valid `max_tokens`, so that the model decides how much it generates."""
        return sum(map(is_unlimited, self.probes))


def ceiling(probe: Probe) -> tuple[int, int]:
    """The most tokens that a probe can cost, of the prompt and of the completion, should the server accept it: a token
    is at least a byte, and a body that is not JSON is the control or less."""
    if not probe.body:
        return 0, 0
    limit = chat.token_limit(probe.request) if probe.request else meaning.MAX_TOKENS
    return len(probe.body), limit or UNLIMITED


def is_unlimited(probe: Probe) -> bool:
    """Whether the model decides how much it generates, should the server accept it."""
    return ceiling(probe)[1] == UNLIMITED


def everything(contract: Contract, requirements: Mapping[str, Requirement], model: str, seed: int) -> Plan:
    """All probes worth sending to a server that serves `model`; the seed is that of the generated ones alone."""
    control = meaning.control(contract, model)
    values = drawn(contract, seed)
    edges = list(boundaries.probes(contract, requirements, control, values.bodies))
    talks = list(conversations.probes(control, values.conversations))
    last_of_each_theme = {probe.theme: probe for probe in talks}.values()
    twins = [*_worth_streaming(edges, requirements), *last_of_each_theme]
    probes = [*meaning.probes(contract, control), *edges, *talks, *map(streamed, twins)]
    unique: dict[tuple[object, ...], Probe] = {}
    names: dict[str, str] = {}
    for probe in probes:
        same = (probe.method, probe.body, probe.media_type, probe.key)
        known = unique.setdefault(same, probe)
        ids = (known.requirement_ids | probe.requirement_ids).intersection(requirements)
        unique[same] = evolve(known, requirement_ids=ids)
        names.setdefault(probe.name, known.name)
    merged = (
        probe if probe.differs_from is None else evolve(probe, differs_from=names[probe.differs_from])
        for probe in unique.values()
    )
    return Plan(tuple(merged))


def select(plan: Plan, kinds: Mapping[str, frozenset[ExpectedAnswer]], wanted: Iterable[str], has_key: bool) -> Plan:
    """The part of a plan that these requirements need, and its controls; without a key, no probe that is about keys.
    `kinds` are those of the probes that can show each requirement."""
    wanted = set(wanted)
    named = {id for probe in plan.probes for id in probe.requirement_ids}
    able = {kind for id in wanted - named for kind in kinds[id]}
    chosen = [probe for probe in plan.probes if probe.requirement_ids & wanted or probe.kind in able]
    chosen = [probe for probe in chosen if has_key or probe.key is Key.RIGHT]
    by_name = {probe.name: probe for probe in plan.probes}
    needed: set[str | None] = {CONTROL}
    for probe in chosen:
        name: str | None = probe.name
        while name is not None and name not in needed:
            needed.add(name)
            name = by_name[name].control
    return Plan(tuple(probe for probe in plan.probes if probe.name in needed))


def most_telling_first(
    plan: Plan, requirements: Mapping[str, Requirement], kinds: Mapping[str, frozenset[ExpectedAnswer]]
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
        elif control.kind not in kinds[requirement.id]:
            firsts = [probe for probe in others if probe.kind in kinds[requirement.id]]
            needs += [(weight, frozenset(firsts[:1]))] if firsts else []
    order = {control: 0}
    while needs:
        _, best = max(needs, key=lambda need: sum(w for w, each in needs if each <= need[1]) / len(need[1]))
        for probe in others:
            if probe in best:
                order.setdefault(probe, len(order))
        needs = [(weight, left) for weight, each in needs if (left := each - order.keys())]
    return Plan((*order, *(probe for probe in others if probe not in order)))


def streamed(probe: Probe) -> Probe:
    """The same request as a stream."""
    refused = probe.expect is Expect.REFUSED
    return evolve(
        probe,
        name=f"{probe.name}, streamed",
        why=f"{probe.why} As a stream.",
        body=encode(chat.as_a_stream(probe.request)),
        requirement_ids=frozenset({"stream.refused-by-status"}) if refused else probe.requirement_ids,
        differs_from=None,
    )


def _worth_streaming(probes: Iterable[Probe], requirements: Mapping[str, Requirement]) -> Iterable[Probe]:
    """Every accepted boundary, and one refusal for each keyword."""
    keywords: set[str] = set()
    for probe in probes:
        if not probe.request or not chat.leaves_the_mode_open(probe.request):
            continue
        if probe.expect is Expect.ACCEPTED:
            yield probe
        elif probe.expect is Expect.REFUSED and probe.differs_from is None:
            keyword = {tokens(requirements[id].pointer.replace("/required/", "/"))[-1] for id in probe.requirement_ids}
            if not keyword & keywords:
                keywords |= keyword
                yield probe
