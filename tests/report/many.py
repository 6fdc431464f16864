"""A comparison of as many targets as a test wants, made of one report."""

from __future__ import annotations

import copy

from alphaedge_conformance.report.comparison import Comparison, compare
from alphaedge_conformance.report.document import Report


def many(report: Report, count: int, against: str | None = None) -> Comparison:
    """The first target is right; of the others each breaks one requirement of its own and one that every third breaks;
    the last one was not judged."""
    reports = [_one(report, number, count) for number in range(count)]
    return compare(reports, 12.5, against)


def name(number: int) -> str:
    return f"provider-{number:02}.example.com"


def _one(report: Report, number: int, count: int) -> Report:
    made = copy.deepcopy(report)
    made["target"]["name"] = name(number)
    made["cost"]["price"] = {"amount": 0.0123 * number, "currency": "USD"} if number % 2 else None
    for each in made["requirements"]:
        each.update({"status": "passed", "failed": 0, "of": 40, "findings": [], "reason": None})
    if 0 < number == count - 1:
        made.update({"verdict": "inconclusive", "reason": f"https://{name(number)}: nothing listens there"})
        for each in made["requirements"]:
            each.update({"status": "inconclusive", "of": 0, "reason": made["reason"]})
        made["latency"] = None
        return made
    musts = [each for each in made["requirements"] if each["level"] == "MUST"]
    broken = [musts[number % 7], musts[-1]] if number % 3 == 1 else [musts[number % 7]] if number else []
    for each in broken:
        each.update({"status": "failed", "failed": 3})
    made["verdict"] = "deviates" if broken else "conforms"
    return made
