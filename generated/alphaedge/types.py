"""The dicts that arguments are made of, for the type checker; at run time they are plain dicts."""

from __future__ import annotations

from typing import TypedDict

from .models import (
    ChatMessageRole,
)


class ChatMessageParam(TypedDict):
    """One message of the conversation."""

    role: ChatMessageRole
    """Who speaks. One of system, user, assistant. Source: the page."""
    content: str
    """What is said; any Unicode text, and possibly none. Source: the page."""
