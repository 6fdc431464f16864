"""The command that sends a request again."""

from __future__ import annotations

import shlex

from ..exchange import Exchange, Key
from ..exchange.authorization import WRONG_KEY, bearer
from ..exchange.redaction import partial
from ..exchange.target import Target
from ..judging.verdicts import Finding


def command(finding: Finding, target: Target) -> str:
    """The command that shows a finding again: one request, or two at once."""
    line = curl(finding.exchange, target)
    return line if finding.beside is None else f"{line} & {curl(finding.beside, target)} & wait"


def curl(exchange: Exchange, target: Target) -> str:
    """The command that sends the same request, with the key from the environment."""
    probe = exchange.probe
    words = ["curl", "-sS"]
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
    if probe.body is not None:
        words += ["--data-binary", shlex.quote(probe.body.decode("utf-8", "replace"))]
    return " ".join(words)
