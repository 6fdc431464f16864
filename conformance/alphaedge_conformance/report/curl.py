"""The command that sends a request again."""

from __future__ import annotations

import re
import shlex

from ..exchange import Exchange, Key, Wire
from ..exchange.authorization import CREDENTIALS
from ..exchange.target import Target
from ..judging.places import Place
from ..judging.verdicts import Finding

LONG_RUN = re.compile(r"([ !-\[\]-~])\1{999,}")
"""One character of ASCII again and again, but the backslash, which `tr` takes for something else."""


def command(finding: Finding, target: Target) -> str:
    """The command that shows a finding again: one request, or two at once."""
    line = curl(finding.exchange, target, finding.place)
    return line if finding.beside is None else f"{line} & {curl(finding.beside, target)} & wait"


def curl(exchange: Exchange, target: Target, place: Place | None = None) -> str:
    """The command that sends the same request, with the key from the environment; it prints the head of the answer
    where the finding is about that."""
    probe = exchange.probe
    before, data = _data(probe.body or b"")
    words = [*before, "curl", "-sS"]
    if place is not None and (place.status or place.header is not None):
        words.append("-i")
    if probe.streams:
        words.append("-N")
    if probe.method != "POST" or probe.body is None:
        words += ["-X", probe.method]
    words.append(shlex.quote(exchange.url))
    if probe.body is not None:
        name = "content-type" if probe.wire is Wire.UNUSUAL else "Content-Type"
        words += ["-H", shlex.quote(f"{name}: {probe.media_type}" if probe.media_type else f"{name}:")]
    if target.key is not None and probe.key is not Key.ABSENT:
        field = CREDENTIALS[probe.key].shell(target.key, target.key_variable)
        words += ["-H", f'"Authorization: {field}"']
    for each in target.headers:
        value = shlex.quote(f"{each.name}: {each.value}") if each.is_harmless else f'"{each.name}: ${each.variable}"'
        words += ["-H", value]
    if probe.body is not None:
        words += ["--data-binary", data]
    return " ".join(words)


def _data(body: bytes) -> tuple[list[str], str]:
    """What makes a body and pipes it to curl, where it is not text or repeats one character very often, and what curl
    is to send."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        octal = "".join(chr(byte) if 32 <= byte < 127 and byte not in b"%\\" else f"\\{byte:03o}" for byte in body)
        return ["printf", shlex.quote(octal), "|"], "@-"
    if not LONG_RUN.search(text):
        return [], shlex.quote(text)
    made, rest = [], text
    while run := LONG_RUN.search(rest):
        if head := rest[: run.start()]:
            made.append(f"printf %s {shlex.quote(head)}")
        instead = "" if run[1] == " " else f" | tr ' ' {shlex.quote(run[1])}"
        made.append(f"printf '%{len(run[0])}s' ''{instead}")
        rest = rest[run.end() :]
    if rest:
        made.append(f"printf %s {shlex.quote(rest)}")
    return ["{", *(f"{each};" for each in made), "}", "|"], "@-"
