"""The completion that the chunks of a stream make together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


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
        return {**whole, "choices": [self._choices[index] for index in sorted(self._choices, key=str)]}

    def _choice(self, choice: dict[str, Any]) -> str:
        index = choice.get("index", 0)
        index = index if isinstance(index, int) else 0
        whole = self._choices.setdefault(index, {"index": index, "message": {"content": ""}, "finish_reason": None})
        whole.update({name: value for name, value in choice.items() if name != "delta" and value is not None})
        message, delta = whole["message"], choice.get("delta")
        for name, value in delta.items() if isinstance(delta, dict) else ():
            before = message.get(name)
            if isinstance(value, str) and isinstance(before, str) and name != "role":
                message[name] = before + value
            elif value is not None:
                message[name] = value
        text = delta.get("content") if isinstance(delta, dict) else None
        return text if index == 0 and isinstance(text, str) else ""
