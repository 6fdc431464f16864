"""What the mock says, in tokens."""

from __future__ import annotations

import re
import uuid
from typing import Any

from attrs import field, frozen

from ..exchange.strict_json import Json

TOKEN = re.compile(r"\s*[^\W_]{1,12}|\s*[\W_]|\s+")


def tokenize(text: str) -> list[str]:
    """The tokens of a text: words and signs, each with the white space before it, and long words in pieces; together
    they are the text."""
    return TOKEN.findall(text)


def text_of(content: Any) -> str:
    """What a message says: its text, or that of its parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") if isinstance(part, dict) else str(part) for part in content)
    return content if isinstance(content, str) else ""


@frozen
class Reply:
    """What the model says."""

    model: str
    tokens: tuple[str, ...]
    finish_reason: str
    prompt_tokens: int
    created: float
    """Unix seconds."""
    id: str = field(factory=lambda: f"chat-{uuid.uuid4().hex}")

    @property
    def text(self) -> str:
        return "".join(self.tokens)

    @property
    def usage(self) -> Json:
        used = len(self.tokens)
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": used,
            "total_tokens": self.prompt_tokens + used,
        }
