"""What can stop a run before it has a verdict."""

from __future__ import annotations

from pathlib import Path


class ConfigurationError(Exception):
    """The caller asked for something that cannot be done: wrong usage, exit code 4."""

    def __init__(self, text: str, file: Path | None = None, line: int | None = None) -> None:
        super().__init__(text if file is None else f"{file}:{line}: {text}")
        self.text, self.file, self.line = text, file, line
        """What is wrong, without its place; the place, if it is a line of a file."""


class DuplicateId(ConfigurationError):
    """Two requirements have the same id."""

    def __init__(self, id: str, file: Path, line: int) -> None:
        super().__init__(f"the id {id} is taken; give each its own", file, line)
        self.id = id


class Inconclusive(Exception):
    """The target gave nothing to judge: exit code 2, never green."""
