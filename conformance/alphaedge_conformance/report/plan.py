"""A plan in lines: what would be sent, and the most that it can cost."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..exchange import CONTROL, Probe
from ..probes import UNLIMITED, Plan, ceiling


def describe_plan(plan: Plan, wanted: Collection[str]) -> str:
    """What would be sent, the most that it can cost, and which of the wanted requirements it cannot show."""
    width = max((len(probe.name) for probe in plan.probes), default=0)
    lines = [f"{number:4}  {probe.name:{width}}  {probe.why}" for number, probe in enumerate(plan.probes, 1)]
    subjects: dict[str, list[Probe]] = {}
    for probe in plan.probes:
        first = "any" if probe.name == CONTROL else min(probe.requirement_ids, default="any")
        about = probe.operation_name or first.partition(".")[0]
        subjects.setdefault(about, []).append(probe)
    wide = max((len(subject) for subject in subjects), default=0)
    lines.append(f"\n{'subject':{wide}}  requests  prompt tokens  completion tokens, at most")
    for subject, probes in sorted(subjects.items()):
        prompt, completion = costs(probes)
        lines.append(f"{subject:{wide}}  {len(probes):8}  {prompt:13}  {completion:17}")
    prompt, completion = costs(plan.probes)
    total = f"{len(plan.probes)} requests, at most {prompt} prompt tokens and {completion} completion tokens"
    if plan.unlimited:
        total += f", {plan.unlimited} without a valid max_tokens counted as {UNLIMITED} each"
    if plan.unsent:
        total += f"; the budget cut {len(plan.unsent)} more requests"
    covered = {id for probe in (*plan.probes, *plan.unsent) for id in probe.requirement_ids}
    if left := [id for id in wanted if id in plan.named - covered]:
        total += f"\nnot covered by these requests: {', '.join(left)}"
    return "\n".join([*lines, "", total])


def costs(probes: Iterable[Probe]) -> tuple[int, int]:
    """The most prompt and completion tokens of some probes."""
    ceilings = [ceiling(probe) for probe in probes]
    return sum(prompt for prompt, _ in ceilings), sum(completion for _, completion in ceilings)
