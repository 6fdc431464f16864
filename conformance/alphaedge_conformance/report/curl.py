"""The command that sends a request again."""

from __future__ import annotations

import shlex

from ..exchange import Exchange, Key
from ..exchange.authorization import WRONG_KEY, bearer
from ..exchange.redaction import partial
from ..exchange.target import Target
from ..judging.places import Place


def curl(exchange: Exchange, target: Target, place: Place | None = None) -> str:
    """The command that sends the same request, with the key from the environment; it prints the head of the answer
    where the finding is about that."""
    probe = exchange.probe
    words = ["curl", "-sS"]
    if place is not None and (place.status or place.header is not None):
        words.append("-i")
    if probe.streams:
        words.append("-N")
    if probe.method != "POST" or probe.body is None:
        words += ["-X", probe.method]
    words.append(shlex.quote(exchange.url))
    if probe.body is not None:
        words += ["-H", shlex.quote(f"Content-Type: {probe.media_type}" if probe.media_type else "Content-Type:")]
    if target.key is not None and probe.key is not Key.ABSENT:
        value = {
            Key.RIGHT: f"${target.key_variable}",
            Key.WRONG: WRONG_KEY,
            Key.PARTIAL: f'$(printf %.{len(partial(target.key))}s "${target.key_variable}")',
        }[probe.key]
        words += ["-H", f'"Authorization: {bearer(value)}"']
    for each in target.headers:
        value = shlex.quote(f"{each.name}: {each.value}") if each.is_harmless else f'"{each.name}: ${each.variable}"'
        words += ["-H", value]
    if probe.body is not None:
        words += ["--data-binary", shlex.quote(probe.body.decode("utf-8", "replace"))]
    return " ".join(words)
