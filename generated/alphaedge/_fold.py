"""The completion that the chunks of a stream make together."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, TypeGuard

WHOLE_STRINGS = ("role", "id", "type", "object")
"""Members that are sent whole each time; any other string is a piece of a text."""


class Fold:
    """Appends the text of each choice; of anything else, what came last holds."""

    def __init__(self) -> None:
        self._whole: dict[str, Any] = {}
        self._choices: dict[Any, dict[str, Any]] = {}

    def add(self, chunk: Mapping[str, Any]) -> str:
        """Takes a chunk as it came, and gives the new text of the first choice."""
        new = ""
        for name, value in chunk.items():
            if name == "choices":
                for choice in value if isinstance(value, list) else ():
                    new += self._choice(choice) if isinstance(choice, dict) else ""
            elif value is not None:
                self._whole[name] = value
        return new

    def whole(self) -> dict[str, Any]:
        """The completion as JSON."""
        whole = dict(self._whole)
        if isinstance(whole.get("object"), str):
            whole["object"] = whole["object"].removesuffix(".chunk")
        return {**whole, "choices": [self._choices[index] for index in sorted(self._choices)]}

    def _choice(self, choice: dict[str, Any]) -> str:
        index = choice.get("index", 0)
        index = index if isinstance(index, int) else 0
        whole = self._choices.setdefault(index, {"index": index, "message": {"content": ""}, "finish_reason": None})
        whole.update({name: value for name, value in choice.items() if name != "delta" and value is not None})
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            return ""
        merge(whole["message"], delta)
        text = delta.get("content")
        return text if index == 0 and isinstance(text, str) else ""


def merge(whole: dict[str, Any], piece: Mapping[str, Any]) -> None:
    """Adds a piece of an object: strings are appended, objects merged, and lists of objects merged by their `index`."""
    for name, value in piece.items():
        before = whole.get(name)
        if isinstance(value, str) and isinstance(before, str) and name not in WHOLE_STRINGS:
            whole[name] = None  # a string that nothing else holds grows in place, without a copy of what came before
            before += value
            whole[name] = before
        elif isinstance(value, dict) and isinstance(before, dict):
            merge(before, value)
        elif is_indexed(value) and (before is None or is_indexed(before)):
            whole[name] = merged_by_index(before or [], value)
        elif value is not None:
            whole[name] = copy.deepcopy(value) if isinstance(value, dict | list) else value


def is_indexed(value: Any) -> TypeGuard[list[dict[str, Any]]]:
    """Whether it is a list of objects that say which item they are a piece of, as those of `tool_calls` do."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, dict) and isinstance(item.get("index"), int) for item in value)
    )


def merged_by_index(before: list[dict[str, Any]], pieces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    items = {item["index"]: item for item in before}
    for piece in pieces:
        item = items.setdefault(piece["index"], {"index": piece["index"]})
        merge(item, {name: value for name, value in piece.items() if name != "index"})
    return [items[index] for index in sorted(items)]
