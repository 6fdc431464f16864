"""Several targets side by side."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from attrs import define, frozen
from markupsafe import Markup

from ...contract.requirements import Level, subject
from ...judging.verdicts import Conclusion, Status
from ..comparison import Cell, Compared, Comparison, Row, telling_rows
from ..document import Money
from ..latency import EDGES, Latency
from ..since import headline
from .summary import GLYPHS, order
from .visible import attribute

FEW = 6
"""Targets up to which each has a column that holds words."""


@frozen
class Bar:
    """A bucket of a small histogram, in per cent of the common axis and of the height."""

    x: float
    width: float
    height: float


@define(slots=False)
class Matrix:
    comparison: Comparison

    glyphs = GLYPHS

    @property
    def are_few(self) -> bool:
        return len(self.comparison["targets"]) <= FEW

    @cached_property
    def statuses(self) -> list[Status]:
        found = {cell["status"] for row in self.comparison["requirements"] for cell in row["targets"].values()}
        return [status for status in Status if status in found]

    @cached_property
    def subjects(self) -> list[str]:
        return list(dict.fromkeys(subject(row["id"]) for row in self.comparison["requirements"]))

    @cached_property
    def telling(self) -> set[str]:
        """The requirements that are seen at first: those that differ, or fail."""
        return {row["id"] for row in telling_rows(self.comparison)}

    @cached_property
    def levels(self) -> dict[str, list[Row]]:
        """The rows of each level: first what is telling, and of that what fails on the most targets."""
        rows = sorted(self.comparison["requirements"], key=lambda row: (row["id"] not in self.telling, *_worst(row)))
        found = {level: [row for row in rows if row["level"] == level] for level in Level}
        return {str(level): group for level, group in found.items() if group}

    def differs_from_base(self, row: Row, name: str) -> bool:
        """Whether a target is not like the one that all are held against."""
        against = self.comparison["against"]
        return against is not None and self._status(row, name) != self._status(row, against)

    def count(self, name: str, level: str, status: str) -> int:
        rows = self.comparison["requirements"]
        return sum(row["level"] == level and self._status(row, name) == status for row in rows)

    def passed(self, name: str) -> int:
        return sum(self._status(row, name) == Status.PASSED for row in self.comparison["requirements"])

    def gravity(self, target: Compared) -> int:
        """The worst verdict has the least."""
        worst = (Conclusion.KIT_ERROR, Conclusion.DEVIATES, Conclusion.INCONCLUSIVE, Conclusion.CONFORMS)
        return worst.index(Conclusion(target["verdict"]))

    @property
    def changed(self) -> list[tuple[Compared, str]]:
        """The targets that an earlier run had too, each with what has changed, in a few words."""
        return [(target, headline(found)) for target in self.comparison["targets"] if (found := target.get("since"))]

    @property
    def has_prices(self) -> bool:
        return any(self.price(target) for target in self.comparison["targets"])

    def price(self, target: Compared) -> Money | None:
        return target["cost"].get("price")

    def half(self, target: Compared) -> float | None:
        """The time that half of the answers took at most."""
        latency = target.get("latency")
        return None if latency is None else latency["whole"]["p50"]

    def link(self, folder: str, row: Row) -> Markup:
        return Markup("{}/report.html#{}").format(attribute(folder), attribute(row["id"]))

    def words(self, cell: Cell) -> str:
        return f"{cell['status']}, {cell['failed']} of {cell['of']} exchanges" if cell["failed"] else cell["status"]

    # Latency

    @cached_property
    def timed(self) -> list[tuple[Compared, Latency]]:
        """The targets whose answers have times."""
        return [(target, found) for target in self.comparison["targets"] if (found := target.get("latency"))]

    @cached_property
    def axis(self) -> tuple[int, int]:
        """The first bucket that any target has, and the one after the last."""
        places = [_place(bucket["to"]) for _, latency in self.timed for bucket in latency["histogram"]]
        return min(places), max(places) + 1

    @property
    def ends(self) -> tuple[float, float]:
        """The seconds at which the axis of all histograms begins and ends."""
        first, last = self.axis
        return EDGES[first - 1] if first else 0.0, EDGES[min(last - 1, len(EDGES) - 1)]

    def bars(self, latency: Latency, which: str) -> Iterator[Bar]:
        first, last = self.axis
        width = 100 / (last - first)
        counts = {
            _place(bucket["to"]): bucket["first_byte"] if which == "first_byte" else bucket["whole"]
            for bucket in latency["histogram"]
        }
        most = max(counts.values()) or 1
        for place, count in counts.items():
            if count:
                yield Bar(round((place - first) * width, 2), round(width, 2), round(100 * count / most, 1))

    def _status(self, row: Row, name: str) -> str | None:
        cell = row["targets"].get(name)
        return None if cell is None else cell["status"]


def _place(end: float | None) -> int:
    """Which of all buckets it is."""
    return len(EDGES) if end is None else EDGES.index(end)


def _worst(row: Row) -> tuple[int, int, int]:
    status, level = min((order(row["level"], cell["status"]) for cell in row["targets"].values()), default=(9, 9))
    return status, -sum(cell["status"] == Status.FAILED for cell in row["targets"].values()), level
