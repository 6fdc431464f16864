"""report.html and comparison.html: a page in one file that loads nothing, for people to look at.

Everything a target said is untrusted: it is escaped, cut where it is long, and made visible where it would hide; a
policy in the page lets no script run but the page's own.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...contract import Contract
from ...exchange import Exchange
from ..comparison import Comparison
from ..document import Change, Report, Since
from ..since import figures, headline
from .contract import ContractText
from .environment import rendered
from .latency import histogram
from .matrix import Matrix
from .streams import folded, pictures
from .summary import Summary
from .wire import exchanges_of


def report_page(report: Report, exchanges: Mapping[int, Exchange], contract: Contract | None = None) -> str:
    """The page of one run; `exchanges` by their numbers, none where the run's archive is gone; `contract` where it is
    not the shipped one."""
    summary = Summary(report)
    streams = pictures(exchanges.values())
    streams.sort(
        key=lambda each: (not summary.breaks(each.exchange), not each.at_once, -each.gap, each.exchange.number)
    )
    return rendered(
        "report.html",
        report=report,
        summary=summary,
        wires=exchanges_of(report, exchanges),
        has_exchanges=bool(exchanges),
        streams=folded(streams, summary.breaks_as_a_stream),
        axis=max((each.end for each in streams), default=0.0),
        contract=ContractText.of(report, contract),
        changes=_changes(report.get("since")),
        latency=histogram(exchanges.values()),
    )


def _changes(found: Since | None) -> tuple[str, list[tuple[str, Change]], list[tuple[str, str, str]]] | None:
    """The changes since an earlier run: in a few words, each with its kind, and the figures."""
    if found is None:
        return None
    kinds = {
        "new": found["new"],
        "fixed": found["fixed"],
        "unjudged": found["unjudged"],
        "prevalence": found["prevalence"],
    }
    every = [(kind, change) for kind, changes in kinds.items() for change in changes]
    return headline(found), every, list(figures(found))


def comparison_page(comparison: Comparison) -> str:
    """The matrix of requirements and targets; each cell leads to the target's own page, in its folder beside this."""
    return rendered("comparison.html", comparison=comparison, matrix=Matrix(comparison))
