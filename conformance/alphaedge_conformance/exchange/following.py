"""What a request takes from the answer to another one: the values of links, filled in once that answer is there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from attrs import evolve, frozen

from .exchange import Exchange
from .probe import Probe, Taken, encode
from .strict_json import loads


@frozen
class Missing:
    """Why a probe cannot be sent."""

    why: str
    is_end: bool = False
    """Whether a list of the answer is only shorter than it could be, so that nothing is missed."""


def followed(probes: Iterable[Probe], exchanges: Iterable[Exchange]) -> dict[Probe, Probe | Missing]:
    """Each probe with the values that it takes from answers; of two that come to the same request, the first."""
    answers = {each.probe.name: each for each in exchanges if not each.probe.alone}
    found: dict[Probe, Probe | Missing] = {}
    sent: set[tuple[object, ...]] = set()
    for probe in probes:
        made = _followed(probe, answers)
        if probe.takes and isinstance(made, Probe):
            if made.sent in sent:
                made = Missing("it is the same request as another one", is_end=True)
            else:
                sent.add(made.sent)
        found[probe] = made
    return found


def _followed(probe: Probe, answers: Mapping[str, Exchange]) -> Probe | Missing:
    made = evolve(probe, takes=())
    for taken in probe.takes:
        value = _value(taken, answers.get(taken.source))
        if isinstance(value, Missing):
            return value
        made = _with(made, taken, value)
    return made


def _value(taken: Taken, answer: Exchange | None) -> Any:
    if answer is None or not answer.accepted:
        return Missing(f"the request that it follows, {taken.source!r}, was not accepted")
    try:
        value = loads(answer.body)
    except ValueError:
        return Missing(f"the answer to {taken.source!r} is not valid JSON")
    for token in taken.at.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(name)] if isinstance(value, list) else value[name]
        except (LookupError, ValueError, TypeError):
            is_end = isinstance(value, list) and bool(value)
            return Missing(f"the answer to {taken.source!r} has nothing at {taken.at}", is_end)
    if not _can_be_asked_for(value, taken.types):
        return Missing(f"the answer to {taken.source!r} has nothing to ask for at {taken.at}")
    return value


def _can_be_asked_for(value: Any, types: tuple[str, ...]) -> bool:
    """Whether a value is a text, a number or a boolean, of one of these types."""
    if isinstance(value, bool):
        kinds = {"boolean"}
    elif isinstance(value, int | float):
        kinds = {"number", "integer"} if float(value).is_integer() else {"number"}
    else:
        kinds = {"string"} if isinstance(value, str) and value else set()
    return bool(kinds) and (not types or not kinds.isdisjoint(types))


def _with(probe: Probe, taken: Taken, value: Any) -> Probe:
    if not taken.is_parameter:
        return evolve(probe, body=encode({**probe.request, taken.name: value}))
    assert probe.operation is not None
    text = value if isinstance(value, str) else json.dumps(value)
    path = probe.operation.path.replace("{" + taken.name + "}", quote(text, safe=""))
    return evolve(probe, operation=evolve(probe.operation, path=path))
