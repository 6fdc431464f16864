"""Usage in a stream, on request alone."""

from __future__ import annotations

from ...exchange.strict_json import Json
from ..reply import Reply
from .behaviour import Behaviour


class StreamUsage(Behaviour):
    """The last chunk has the usage, and every other says null, where `stream_options.include_usage` is true."""

    def chunks(self, request: Json, reply: Reply, chunks: list[Json]) -> list[Json]:
        options = request.get("stream_options") or {}
        if not options.get("include_usage"):
            return [chunk for chunk in chunks if "usage" not in chunk]
        return [{"usage": None, **chunk} for chunk in chunks]
