"""Usage in a stream: one last chunk, with no choices, and only on request."""

from __future__ import annotations

from functools import partial

from ....exchange.strict_json import Json
from ...evidence import assume
from ...pieces import deltas
from ...places import Deviation, Place
from ..check import check
from ..keywords import as_json

of_stream_usage = partial(check, profile="stream-usage")
USAGE = Place(members=("usage",))


def _asks(request: Json) -> bool:
    options = request.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


@of_stream_usage("stream-usage.sent-on-request")
def sent_on_request(request: Json, chunks: list[Json]) -> None:
    assume(_asks(request))
    found = [chunk for chunk in chunks if chunk.get("usage") is not None]
    assert found, Deviation("expected a chunk with usage, got none", USAGE)


@of_stream_usage("stream-usage.only-on-request")
def only_on_request(request: Json, chunks: list[Json]) -> None:
    assume(not _asks(request))
    found = next((chunk["usage"] for chunk in chunks if chunk.get("usage") is not None), None)
    assert found is None, Deviation(f"expected no usage unless asked for, got {as_json(found)}", USAGE)


@of_stream_usage("stream-usage.in-the-last-chunk")
def in_the_last_chunk(request: Json, chunks: list[Json]) -> None:
    """Some servers count in each chunk; what they say last has no text beside it."""
    found = [chunk for chunk in chunks if chunk.get("usage") is not None]
    assume(_asks(request) and found)
    assert found[-1] is chunks[-1], Deviation("expected usage in the last chunk, got other chunks after it", USAGE)


@of_stream_usage("stream-usage.without-choices")
def without_choices(request: Json, chunks: list[Json]) -> None:
    found = [chunk for chunk in chunks if chunk.get("usage") is not None]
    assume(_asks(request) and found)
    choices = found[-1].get("choices")
    assert choices == [], Deviation(
        f"expected `choices: []` beside the last usage, got {as_json(choices)}", Place(members=("choices",))
    )


@of_stream_usage("stream-usage.counts-the-text")
def counts_the_text(request: Json, chunks: list[Json], usage: Json) -> None:
    assume(_asks(request))
    text = "".join(delta["content"] for _, delta in deltas(chunks) if isinstance(delta.get("content"), str))
    assume(text, "no text")
    assert usage["completion_tokens"] > 0, Deviation(
        f"expected completion_tokens > 0 for {as_json(text)}, got {usage['completion_tokens']}",
        Place(members=("completion_tokens",)),
    )
