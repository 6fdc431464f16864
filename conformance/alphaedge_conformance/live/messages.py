"""What the proxy and the judging process say to each other: pickled, each after its length; both are ours."""

from __future__ import annotations

import pickle
import struct
from pathlib import Path
from typing import Any, BinaryIO, Literal

from attrs import field, frozen

from ..contract.requirements import Level
from .passed import Passed

HEAD = struct.Struct(">Q")


@frozen
class Counts:
    """What the proxy counts."""

    exchanges: int = 0
    too_large: int = 0
    behind: int = 0
    lost: int = 0
    ended: str | None = None
    """How the judging process ended before, if it did."""


@frozen
class Setup:
    """What is judged, and how."""

    url: str
    """The address of the operation at the server."""
    folder: Path
    contract: Path | None = None
    profiles: tuple[str, ...] = ()
    level: Level = Level.MUST
    keep_bodies: bool = False


@frozen
class Question:
    """What the proxy asks."""

    number: int
    what: Literal["state", "page", "write"]
    counts: Counts = field(factory=Counts)


def send(to: BinaryIO, message: Setup | Passed | Question) -> None:
    """Raises OSError where nobody reads."""
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    to.write(HEAD.pack(len(data)))
    to.write(data)
    to.flush()


def receive(source: BinaryIO) -> Any:
    """The next message; None at the end."""
    head = source.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    data = source.read(size := HEAD.unpack(head)[0])
    return pickle.loads(data) if len(data) == size else None
