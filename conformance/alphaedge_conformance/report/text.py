"""Lines of text for people: a finding, a curl line, a plan."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from ..exchange import Exchange, Key, Probe
from ..probes import UNLIMITED, Plan, ceiling
from ..secrets import partial
from ..session import Run
from ..settings import KEY_VARIABLE, Target
from ..verdict import Finding, Verdict
from ..wire import WRONG_KEY


def safe(text: str) -> str:
    """Text of a server with everything made visible that a terminal would obey: control and direction characters."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def prevalence(verdict: Verdict) -> str:
    return f"{len(verdict.findings)} of {verdict.judged}"


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
            Key.RIGHT: f"${KEY_VARIABLE}",
            Key.WRONG: WRONG_KEY,
            Key.PARTIAL: f'$(printf %.{len(partial(target.key))}s "${KEY_VARIABLE}")',
        }[probe.key]
        words += ["-H", f'"Authorization: Bearer {value}"']
    if probe.body is not None:
        words += ["--data-binary", shlex.quote(probe.body.decode("utf-8", "replace"))]
    return " ".join(words)


def finding(run: Run, found: Finding) -> str:
    """What was expected, what came, and how to see it again."""
    exchange = found.exchange
    impact = run.impacts.get(exchange.number)
    noticed = f"in a program, {safe(impact)}\n" if impact is not None else ""
    return f"{safe(exchange.probe.name)}: {safe(found.message)}\n{noticed}{curl(exchange, run.target)}"


def findings(run: Run, verdict: Verdict) -> str:
    """A failed requirement: its sentence, how often it was broken, and the first time."""
    head = f"{verdict.requirement.level} {verdict.requirement.id}, {prevalence(verdict)} exchanges"
    return f"{head}\n{verdict.requirement.text}\n{finding(run, verdict.findings[0])}"


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
