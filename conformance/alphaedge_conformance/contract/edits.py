"""One change of an instance."""

from __future__ import annotations

import copy
import json
from typing import Any

from attrs import frozen

from .document import tokens

ABSENT: Any = type("Absent", (), {"__repr__": lambda self: "absent"})()


@frozen
class Edit:
    """One change of an instance: the value at a path, or its absence."""

    path: tuple[str | int, ...]
    value: Any

    def __str__(self) -> str:
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path).removeprefix(".")
        if self.value is ABSENT:
            return f"{place} absent"
        return f"{place or 'body'} = {json.dumps(self.value, ensure_ascii=False)}"

    def apply(self, instance: Any) -> Any:
        if not self.path:
            return self.value
        edited = copy.deepcopy(instance)
        here = edited
        for part in self.path[:-1]:
            here = here[part]
        if self.value is ABSENT:
            del here[self.path[-1]]
        else:
            here[self.path[-1]] = self.value
        return edited


def path_of(instance: Any, pointer: str) -> tuple[str | int, ...]:
    """The path that a JSON pointer into an instance stands for."""
    path: list[str | int] = []
    for token in tokens(pointer):
        step = int(token) if isinstance(instance, list) else token
        path.append(step)
        instance = instance[step]
    return tuple(path)


def has(instance: Any, path: tuple[str | int, ...]) -> bool:
    """Whether an instance has a value at a path."""
    try:
        value_at(instance, path)
    except (KeyError, IndexError, TypeError):
        return False
    return True


def value_at(instance: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        instance = instance[step]
    return instance
