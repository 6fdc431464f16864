"""Lines of text for people: a finding, a curl line, a plan."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..exchange import Exchange, Key, Probe
from ..probes import UNLIMITED, Plan, ceiling
from ..secrets import partial
from ..settings import Target
from ..wire import WRONG_KEY

if TYPE_CHECKING:
    from .document import Finding, Requirement


def safe(text: str) -> str:
    """Text of a server with everything made visible that a terminal would obey: control and direction characters."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def prevalence(requirement: Requirement) -> str:
    """How often a requirement was broken; with the interval, where that is not always."""
    text = f"{requirement['failed']} of {requirement['of']} exchanges"
    if requirement["interval"] is None or requirement["failed"] == requirement["of"]:
        return text
    low, high = requirement["interval"]
    return f"{text} ({100 * low:.0f} to {100 * high:.0f} %)"


def curl(exchange: Exchange, target: Target) -> str:
    """The command that sends the same request, with the key from the environment."""
    probe = exchange.probe
    words = ["curl", "-sS"]
    if probe.streams:
        words.append("-N")
    if probe.method != "POST" or probe.body is None:
        words += ["-X", probe.method]
    words.append(shlex.quote(exchange.url))
    if probe.body is not None:
        words += ["-H", shlex.quote(f"Content-Type: {probe.media_type}" if probe.media_type else "Content-Type:")]
    if target.key is not None and probe.key is not Key.ABSENT:
        value = {
            Key.RIGHT: f"${target.key_variable}",
            Key.WRONG: WRONG_KEY,
            Key.PARTIAL: f'$(printf %.{len(partial(target.key))}s "${target.key_variable}")',
        }[probe.key]
        words += ["-H", f'"Authorization: Bearer {value}"']
    if probe.body is not None:
        words += ["--data-binary", shlex.quote(probe.body.decode("utf-8", "replace"))]
    return " ".join(words)


def noticed(finding: Finding) -> Iterator[str]:
    """What was expected and what came, and what a program notices of it."""
    yield f"{safe(finding['probe'])}: {safe(finding['message'])}"
    if finding["impact"] is not None:
        yield f"in a program, {safe(finding['impact'])}"


def findings(requirement: Requirement) -> str:
    """A failed requirement: its sentence, how often it was broken, the first time, and how to see it again."""
    head = f"{requirement['level']} {requirement['id']}, {prevalence(requirement)}"
    first = requirement["findings"][0]
    return "\n".join([head, requirement["title"], *noticed(first), safe(first["curl"])])


def plan(plan: Plan) -> str:
    """What would be sent, and the most that it can cost."""
    width = max((len(probe.name) for probe in plan.probes), default=0)
    lines = [f"{number:4}  {probe.name:{width}}  {probe.why}" for number, probe in enumerate(plan.probes, 1)]
    subjects: dict[str, list[Probe]] = {}
    for probe in plan.probes:
        subjects.setdefault(min(probe.about, default="any").partition(".")[0], []).append(probe)
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
    return "\n".join([*lines, "", total])


def costs(probes: Iterable[Probe]) -> tuple[int, int]:
    """The most prompt and completion tokens of some probes."""
    ceilings = [ceiling(probe) for probe in probes]
    return sum(prompt for prompt, _ in ceilings), sum(completion for _, completion in ceilings)
