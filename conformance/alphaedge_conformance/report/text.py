"""Lines of text for people: a finding, and how often it was seen."""

from __future__ import annotations

from collections.abc import Iterator

from .document import Finding, Requirement


def safe(text: str) -> str:
    """Text of a server with everything made visible that a terminal would obey: control and direction characters."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def duration(seconds: float) -> str:
    """Seconds in words, with three digits."""
    if seconds == 0:
        return "0"
    milli = f"{1000 * seconds:.3g} ms"
    return milli if seconds < 0.9995 else f"{seconds:.3g} s" if seconds < 1000 else f"{seconds:.0f} s"


def prevalence(requirement: Requirement) -> str:
    """How often a requirement was broken; with the interval, where that is not always."""
    text = f"{requirement['failed']} of {requirement['of']} exchanges"
    if requirement["interval"] is None or requirement["failed"] == requirement["of"]:
        return text
    low, high = requirement["interval"]
    return f"{text} ({100 * low:.0f} to {100 * high:.0f} %)"


def noticed(finding: Finding) -> Iterator[str]:
    """What was expected and what came, and what a program notices of it."""
    yield f"{safe(finding['probe'])}: {safe(finding['message'])}"
    if finding.get("only_concurrent"):
        yield "only under concurrent requests: it passed when it was repeated alone"
    if finding["impact"] is not None:
        yield f"in a program, {safe(finding['impact'])}"


def findings(requirement: Requirement) -> str:
    """A failed requirement: its sentence, how often it was broken, the first time, and how to see it again."""
    head = f"{requirement['level']} {requirement['id']}, {prevalence(requirement)}"
    first = requirement["findings"][0]
    return "\n".join([head, requirement["title"], *noticed(first), safe(first["curl"])])
