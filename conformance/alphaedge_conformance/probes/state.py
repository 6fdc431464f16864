"""Probes about what a server keeps: answers to others, earlier requests, connections."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from ..exchange import Effort, Expect, Key, Probe, chat
from .making import edited, says

AVAILABLE = "endpoint.stays-available"
NAMED, NAMED_MORE = 4, 16
"""Requests with a word of their own, at standard and at thorough effort; half of them as streams."""


def probes(control: Probe, streamed_control: Probe, malformed: Probe) -> Iterator[Probe]:
    for number in range(NAMED_MORE):
        yield _with_a_word(control, number)
    refused = evolve(
        control, key=Key.WRONG, expect=Expect.REFUSED, requirement_ids=frozenset({"authorization.wrong-key-refused"})
    )
    yield from _series("a stream", streamed_control, control)
    yield from _series("a refused key", refused, control)
    yield from _series("an error", malformed, control)


def behind(control: Probe, probe: Probe) -> Probe:
    """The control, sent as soon as another probe is answered, to see whether the server is still there."""
    name = f"control after {probe.name!r}"
    why = "The control, sent as soon as the request before it was answered."
    return evolve(control, name=name, why=why, requirement_ids=frozenset({AVAILABLE}), series=name, turn=1)


def _with_a_word(control: Probe, number: int) -> Probe:
    """Half of the words stand first, so that an answer that repeats the prompt has them before it is cut."""
    word = chat.word(number)
    text = f"{word} is my word. Repeat it." if number % 4 < 2 else f"Repeat my word. It is {word}."
    streams = number % 2 == 1
    return edited(
        control,
        f"my word is {word}" + (", streamed" if streams else ""),
        "A word that stands in no other request, so in no other answer.",
        {"messages": says(text), "max_tokens": 32, **({"stream": True} if streams else {})},
        "completion.of-its-own-request",
        effort=Effort.STANDARD if number < NAMED else Effort.THOROUGH,
    )


def _series(what: str, first: Probe, control: Probe) -> Iterator[Probe]:
    """The control on a connection that carried something else before."""
    name = f"after {what}"
    yield evolve(first, name=f"{what}, then the control", series=name)
    yield evolve(
        control,
        name=f"control after {what}",
        why="The same request on a connection that carried another one before.",
        requirement_ids=frozenset({"endpoint.connection-kept-usable"}),
        series=name,
        turn=1,
    )
