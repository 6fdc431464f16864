"""Several targets side by side."""

from __future__ import annotations

from functools import cached_property

from attrs import define
from markupsafe import Markup

from ...contract.requirements import subject
from ...judging.verdicts import Status
from ..comparison import Cell, Comparison, Row
from .summary import GLYPHS, order
from .visible import attribute


@define(slots=False)
class Matrix:
    comparison: Comparison

    glyphs = GLYPHS

    @cached_property
    def names(self) -> list[str]:
        return [target["name"] for target in self.comparison["targets"]]

    @cached_property
    def statuses(self) -> list[Status]:
        found = {cell["status"] for row in self.comparison["requirements"] for cell in row["targets"].values()}
        return [status for status in Status if status in found]

    @cached_property
    def subjects(self) -> dict[str, list[Row]]:
        """The rows of each subject, the worst first."""
        found: dict[str, list[Row]] = {}
        for row in sorted(self.comparison["requirements"], key=_worst):
            found.setdefault(subject(row["id"]), []).append(row)
        return found

    def differs_from_base(self, row: Row, name: str) -> bool:
        """Whether a target is not like the one that all are held against."""
        against = self.comparison["against"]
        return against is not None and self._status(row, name) != self._status(row, against)

    def differing(self, rows: list[Row]) -> int:
        return sum(row["differs"] for row in rows)

    def count(self, name: str, status: str) -> int:
        return sum(self._status(row, name) == status for row in self.comparison["requirements"])

    def link(self, folder: str, row: Row) -> Markup:
        return Markup("{}/report.html#{}").format(attribute(folder), attribute(row["id"]))

    def words(self, cell: Cell) -> str:
        return f"{cell['status']}, {cell['failed']} of {cell['of']} exchanges" if cell["failed"] else cell["status"]

    def _status(self, row: Row, name: str) -> str | None:
        cell = row["targets"].get(name)
        return None if cell is None else cell["status"]


def _worst(row: Row) -> tuple[int, int]:
    return min((order(row["level"], cell["status"]) for cell in row["targets"].values()), default=(9, 9))
