"""Compares the requirements that do not come from a keyword: `x-requirements`, sentence by sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...contract import Contract
from ...contract.requirements import entries, operation_of
from ...errors import ConfigurationError
from .change import OF_LEVEL, SAFE, UNCLEAR, Change, Judgement
from .operations import note

LIST = "x-requirements"


def changes(old: Contract, new: Contract) -> Iterator[Change]:
    """Each requirement that came, went, or reads otherwise."""
    before, after = _stated(old), _stated(new)
    for id, (at, entry) in after.items():
        text = f"requirement {id}"
        if id not in before:
            level = _level(entry)
            clients = UNCLEAR if id.endswith("-refused") and level != "MAY" else SAFE
            yield note(
                LIST, f"{text} is new, {level}: {entry.get('text')}", at, clients, OF_LEVEL[level], requirements=(id,)
            )
            continue
        was = before[id][1]
        if _level(was) != _level(entry):
            clients, servers = of_levels(_level(was), _level(entry))
            message = f"{text}: `level` was {_level(was)}, is {_level(entry)}"
            yield note(LIST, message, f"{at}/level", clients, servers, requirements=(id,))
        for word in dict.fromkeys((*entry, *was)):
            if word != "level" and was.get(word) != entry.get(word):
                gone = word not in entry
                where = f"{before[id][0] if gone else at}/{word}"
                hurt = UNCLEAR if word == "text" and _level(entry) != "MAY" else SAFE
                message = f"{text}: `{word}` was {was.get(word)!r}, is {entry.get(word)!r}"
                yield note(LIST, message, where, hurt, hurt, gone, word != "text", requirements=(id,))
    for id, (at, entry) in before.items():
        if id not in after:
            level = _level(entry)
            message = f"requirement {id} is gone, {level}: {entry.get('text')}"
            yield note(LIST, message, at, OF_LEVEL[level], SAFE, removed=True, requirements=(id,))


def of_levels(was: str, now: str) -> tuple[Judgement, Judgement]:
    """For clients and for servers: one that is raised is a new sentence, one that is lowered a lost one."""
    order = list(OF_LEVEL)
    raised = order.index(now) < order.index(was)
    return (SAFE, OF_LEVEL[now]) if raised else (OF_LEVEL[was], SAFE)


def _level(entry: dict[str, Any]) -> str:
    """An unknown level counts as the strictest; `lint` says so."""
    return str(entry.get("level")) if entry.get("level") in OF_LEVEL else "MUST"


def _stated(contract: Contract) -> dict[str, tuple[str, dict[str, Any]]]:
    """By the ids of the requirements, those of another operation with its name."""
    return {
        _id(contract, here, entry): (here, entry)
        for here, entry in entries(contract).items()
        if isinstance(entry, dict)
    }


def _id(contract: Contract, here: str, entry: dict[str, Any]) -> str:
    try:
        operation = operation_of(contract, here, entry)
    except (ConfigurationError, KeyError):
        operation = None  # `lint` says so
    return f"{operation}.{entry.get('id')}" if operation else str(entry.get("id"))
