"""What to send: the plan of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import evolve, frozen

from ..checks import Check
from ..contract import Contract, tokens
from ..exchange import CONTROL, Expect, Key, Probe, encode
from ..requirements import Requirement
from . import boundaries, conversations, meaning


@frozen
class Plan:
    """The requests of a run, in the order of sending. The first is the control: the one that every other differs from,
    and that has to be accepted before anything can be judged."""

    probes: tuple[Probe, ...]
    unsent: tuple[Probe, ...] = ()
    """What a budget cut away."""

    def cut(self, most: int | None) -> Plan:
        """At most so many of the requests."""
        return self if most is None else Plan(self.probes[:most], self.probes[most:])

    @property
    def completion_tokens(self) -> int:
        """The most that may be generated, where every request that the contract accepts is accepted, and no other."""
        return sum(probe.request.get("max_tokens", 0) for probe in self.probes if probe.expect is Expect.ACCEPTED)

    @property
    def unlimited(self) -> int:
        """How many accepted requests carry no `max_tokens`, so that the model decides how much it generates."""
        return sum("max_tokens" not in probe.request for probe in self.probes if probe.expect is Expect.ACCEPTED)


def everything(contract: Contract, requirements: Mapping[str, Requirement], model: str, seed: int) -> Plan:
    """All probes worth sending to a server that serves `model`; the seed is that of the generated ones alone."""
    control = meaning.control(contract, model)
    edges = list(boundaries.probes(contract, requirements, control))
    drawn = list(conversations.probes(contract, control, seed))
    last_of_each_theme = {probe.theme: probe for probe in drawn}.values()
    twins = [*_worth_streaming(edges, requirements), *last_of_each_theme]
    probes = [*meaning.probes(contract, control), *edges, *drawn, *map(streamed, twins)]
    unique: dict[tuple[object, ...], Probe] = {}
    for probe in probes:
        same = (probe.method, probe.body, probe.media_type, probe.key)
        known = unique.setdefault(same, probe)
        unique[same] = evolve(known, about=known.about | probe.about)
    return Plan(tuple(unique.values()))


def select(plan: Plan, checks: Mapping[str, Check], wanted: Iterable[str], has_key: bool) -> Plan:
    """The part of a plan that these requirements need, and its controls; without a key, no probe that is about keys."""
    wanted = set(wanted)
    named = {id for probe in plan.probes for id in probe.about}
    kinds = {kind for id in wanted - named for kind in checks[id].kinds}
    chosen = [probe for probe in plan.probes if probe.about & wanted or probe.kind in kinds]
    chosen = [probe for probe in chosen if has_key or probe.key is Key.RIGHT]
    needed = {CONTROL} | {probe.name for probe in chosen} | {probe.control for probe in chosen}
    return Plan(tuple(probe for probe in plan.probes if probe.name in needed))


def streamed(probe: Probe) -> Probe:
    """The same request as a stream."""
    refused = probe.expect is Expect.REFUSED
    return evolve(
        probe,
        name=f"{probe.name}, streamed",
        why=f"{probe.why} As a stream.",
        body=encode({**probe.request, "stream": True}),
        about=frozenset({"stream.refused-by-status"}) if refused else probe.about,
    )


def _worth_streaming(probes: Iterable[Probe], requirements: Mapping[str, Requirement]) -> Iterable[Probe]:
    """Every accepted boundary, and one refusal for each keyword."""
    keywords: set[str] = set()
    for probe in probes:
        if not probe.request or "stream" in probe.request:
            continue
        if probe.expect is Expect.ACCEPTED:
            yield probe
        elif probe.expect is Expect.REFUSED:
            keyword = {tokens(requirements[id].pointer.replace("/required/", "/"))[-1] for id in probe.about}
            if not keyword & keywords:
                keywords |= keyword
                yield probe
