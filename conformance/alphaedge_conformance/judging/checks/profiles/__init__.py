"""The checks of the requirements that profiles state: one module a profile."""

from __future__ import annotations

from . import content_parts, embeddings, models, reasoning, sampling, stream_usage, structured_output, tools

__all__ = ["PROFILES"]
PROFILES = (content_parts, embeddings, models, reasoning, sampling, stream_usage, structured_output, tools)
"""Each registers its checks in STATED when it is imported."""
