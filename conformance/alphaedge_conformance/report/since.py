"""What has changed since an earlier run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..judging.verdicts import Conclusion, Status, wilson
from .comparison import WORST_FIRST, Compared, Comparison, is_one
from .document import Change, Figures, Often, Report, Requirement, Since
from .text import duration

JUDGED = (Status.PASSED, Status.FAILED, Status.WAIVED)


def since(report: Report, earlier: Report) -> Since:
    before = {each["id"]: each for each in earlier["requirements"]}
    found: dict[str, list[Change]] = {"new": [], "fixed": [], "unjudged": [], "prevalence": []}
    can_fail = False
    for each in report["requirements"]:
        was = before.get(each["id"])
        if (kind := _kind(each, was)) is not None:
            found[kind].append(_change(each, was))
            can_fail |= kind == "new" and each["scored"]
    return {
        "started": earlier["started"],
        "contract": earlier["contract"],
        "can_fail": can_fail,
        "new": found["new"],
        "fixed": found["fixed"],
        "unjudged": found["unjudged"],
        "prevalence": found["prevalence"],
        "was": _figures(earlier),
        "now": _figures(report),
    }


def exit_code(document: Report | Comparison, only_new: bool) -> int:
    """That of the verdict; with `only_new`, failures that an earlier run had do not count."""
    verdict = Conclusion(document["verdict"])
    if not only_new:
        return verdict.exit_code
    if not is_one(document):
        return _of_what_is_new(document).exit_code
    if document["against"] is not None and verdict is not Conclusion.DEVIATES:
        return verdict.exit_code
    conclusions = {_of_what_is_new(target) for target in document["targets"]}
    return next(each for each in WORST_FIRST if each in conclusions).exit_code


def _of_what_is_new(target: Report | Compared) -> Conclusion:
    verdict, changes = Conclusion(target["verdict"]), target.get("since")
    if verdict is Conclusion.DEVIATES and changes and not changes["can_fail"] and not target["problems"]:
        return Conclusion.CONFORMS
    return verdict


def headline(changes: Since) -> str:
    """How many of each kind, in words."""
    counts = {
        "new failure": len(changes["new"]),
        "fixed": len(changes["fixed"]),
        "no longer judged": len(changes["unjudged"]),
        "changed in prevalence": len(changes["prevalence"]),
    }
    said = [
        f"{count} {what}{'s' if what == 'new failure' and count > 1 else ''}" for what, count in counts.items() if count
    ]
    return ", ".join(said) if changes["new"] else ", ".join(["no new failure", *said])


def lines(changes: Since) -> Iterator[tuple[str, str]]:
    """A line for each change, with its kind."""
    for each in changes["new"]:
        was = "not judged by this requirement" if each["was"] is None else each["was"]
        yield "new", f"{each['level']} {each['id']}, {_often(each['often_now'])}; was {was}"
    for each in changes["fixed"]:
        yield "fixed", f"{each['level']} {each['id']}, was {_often(each['often_was'])}"
    for each in changes["unjudged"]:
        yield "unjudged", f"{each['level']} {each['id']}, was {each['was']}"
    for each in changes["prevalence"]:
        yield "prevalence", f"{each['level']} {each['id']}, {_often(each['often_was'])} → {_often(each['often_now'])}"


def figures(changes: Since) -> Iterator[tuple[str, str, str]]:
    """What a run took then and now, where it is not the same: its name, and both in words."""
    for name, was, now in zip(
        (
            "first byte, p50",
            "whole answer, p50",
            "whole answer, p95",
            "tokens per second",
            "requests",
            "tokens",
            "price",
        ),
        _in_words(changes["was"]),
        _in_words(changes["now"]),
        strict=True,
    ):
        if was and now and was != now:
            yield name, was, now


def _in_words(figures: Figures) -> Iterator[str]:
    for time in (figures["first_byte_p50"], figures["whole_p50"], figures["whole_p95"]):
        yield "" if time is None else duration(time)
    pace, price = figures["tokens_per_second"], figures["price"]
    yield "" if pace is None else f"{pace:g}"
    yield str(figures["requests"])
    yield str(figures["tokens"])
    yield "" if price is None else f"{price['amount']:.4f} {price['currency']}"


def _kind(now: Requirement, was: Requirement | None) -> str | None:
    """What kind of change it is."""
    if now["status"] == Status.FAILED:
        if was is None or was["status"] != Status.FAILED:
            return "new"
        return "prevalence" if _differ(_count(now), _count(was)) else None
    if was is not None and was["status"] == Status.FAILED and now["status"] == Status.PASSED:
        return "fixed"
    if was is not None and was["status"] in JUDGED and now["status"] == Status.INCONCLUSIVE:
        return "unjudged"
    return None


def _differ(one: Often, other: Often) -> bool:
    (low, high), (other_low, other_high) = (wilson(each["failed"], each["of"] or 1) for each in (one, other))
    return high < other_low or other_high < low


def _change(now: Requirement, was: Requirement | None) -> Change:
    return {
        "id": now["id"],
        "level": now["level"],
        "title": now["title"],
        "was": None if was is None else was["status"],
        "now": now["status"],
        "often_was": {"failed": 0, "of": 0} if was is None else _count(was),
        "often_now": _count(now),
    }


def _count(requirement: Requirement) -> Often:
    return {"failed": requirement["failed"], "of": requirement["of"]}


def _often(often: Often) -> str:
    return f"{often['failed']} of {often['of']} exchange{'s' if often['of'] != 1 else ''}"


def _figures(report: Report) -> Figures:
    cost, latency = report["cost"], report.get("latency")
    return {
        "requests": cost["requests"],
        "tokens": cost["prompt_tokens"] + cost["completion_tokens"],
        "price": cost.get("price"),
        "first_byte_p50": None if latency is None else latency["first_byte"]["p50"],
        "whole_p50": None if latency is None else latency["whole"]["p50"],
        "whole_p95": None if latency is None else latency["whole"]["p95"],
        "tokens_per_second": None if latency is None else latency["tokens_per_second"],
    }


def with_changes(reports: Mapping[str, Report], earlier: Mapping[str, Report]) -> dict[str, Report]:
    """The reports with what has changed in each; a single one is compared with a single one of any name."""
    if len(reports) == len(earlier) == 1:
        earlier = dict(zip(reports, earlier.values(), strict=True))
    return {
        name: {**report, "since": since(report, earlier[name]) if name in earlier else None}
        for name, report in reports.items()
    }
