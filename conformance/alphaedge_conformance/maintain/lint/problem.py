"""What a rule of the linter says: a problem at a line, or why the rule was left out."""

from __future__ import annotations

from attrs import frozen

from ...contract import Contract


@frozen
class Problem:
    """What is wrong, where, and what to do."""

    rule: str
    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.text}"


@frozen
class LeftOut:
    """A rule that could not be asked, and why."""

    rule: str
    why: str


def problem(contract: Contract, rule: str, pointer: str, text: str) -> Problem:
    """A problem at a part of the contract."""
    file, line = contract.place(pointer)
    return Problem(rule, str(file), line, text)
