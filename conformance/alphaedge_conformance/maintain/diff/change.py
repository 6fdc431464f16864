"""A change of the contract, and how it is judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from attrs import field, frozen


class Judgement(StrEnum):
    """What a change means to somebody, in rising order."""

    SAFE = "safe"
    UNCLEAR = "unclear"
    BREAKING = "breaking"

    @property
    def rank(self) -> int:
        return list(Judgement).index(self)


SAFE, UNCLEAR, BREAKING = Judgement.SAFE, Judgement.UNCLEAR, Judgement.BREAKING

OF_LEVEL = {"MUST": BREAKING, "SHOULD": UNCLEAR, "MAY": SAFE}
"""What a new sentence of this level means to servers, and what a lost one means to clients."""


def worst(judgements: Iterable[Judgement]) -> Judgement:
    return max(judgements, key=lambda each: each.rank, default=SAFE)


class Audience(StrEnum):
    CLIENTS = "clients"
    """Programs written against OLD, with a server that conforms to NEW."""
    SERVERS = "servers"
    """Servers that conform to OLD, judged by NEW."""


@frozen
class CounterExample:
    """A value that tells the old contract from the new one."""

    audience: Audience
    where: str
    """As `request body` or `response 200`."""
    value: Any
    meaning: str
    """What each contract says of it."""


@frozen
class Change:
    """One difference between two contracts."""

    rule: str
    """Which kind of change: a keyword as `maximum`, or a part as `response-status`."""
    text: str
    pointer: str
    """A JSON pointer into NEW; into OLD where `removed`."""
    line: int
    clients: Judgement = SAFE
    servers: Judgement = SAFE
    removed: bool = False
    cosmetic: bool = False
    """No request and no response is judged differently: words, examples, names of components."""
    requirements: tuple[str, ...] = ()
    examples: tuple[CounterExample, ...] = field(default=())

    def judgement(self, audience: Audience) -> Judgement:
        return self.clients if audience is Audience.CLIENTS else self.servers

    @property
    def breaks(self) -> bool:
        return BREAKING in (self.clients, self.servers)

    def as_json(self) -> Mapping[str, Any]:
        """The documented JSON form of one change."""
        return {
            "rule": self.rule,
            "text": self.text,
            "pointer": self.pointer,
            "line": self.line,
            "file": "old" if self.removed else "new",
            "clients": self.clients,
            "servers": self.servers,
            "cosmetic": self.cosmetic,
            "requirements": list(self.requirements),
            "examples": [
                {"audience": each.audience, "where": each.where, "value": each.value, "meaning": each.meaning}
                for each in self.examples
            ],
        }
