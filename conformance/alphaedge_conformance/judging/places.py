"""Where an exchange breaks a requirement, as data; no view has to read it out of a message."""

from __future__ import annotations

from attrs import evolve, frozen

from ..exchange.redaction import veiled

Path = tuple[str | int, ...]
"""The steps to a value inside a JSON value: members by name, items by index."""


@frozen
class Place:
    """The part of an exchange that a finding is about; what a check does not know stays empty."""

    path: Path | None = None
    """Of the value in the body; in a stream, in each event at `offsets`."""
    missing: str | None = None
    """The member that the value at `path` lacks; without a path, the event that a stream lacks."""
    members: tuple[str, ...] = ()
    """Members of the request or the body, at any depth."""
    header: str | None = None
    """Of the response, in lower case."""
    status: bool = False
    """Whether the response should have had another status."""
    offsets: tuple[int, ...] = ()
    """Bytes of the body, counted from 0; in a stream, of the lines or events."""

    def redacted(self, key: str | None) -> Place:
        """With a mask for the key, as in the archive: a server chooses the names of its members and headers."""
        path = self.path and tuple(veiled(step, key) if isinstance(step, str) else step for step in self.path)
        return evolve(self, path=path, header=self.header and veiled(self.header, key))


@frozen
class Deviation:
    """What breaks a requirement: the message of an assertion, with its place."""

    message: str
    place: Place = Place()

    @classmethod
    def of(cls, raised: object) -> Deviation:
        """What a check raised or yielded: a deviation, or its message alone."""
        return raised if isinstance(raised, Deviation) else cls(str(raised))

    def __str__(self) -> str:
        return self.message


STATUS = Place(status=True)


def path_text(path: Path) -> str:
    """``choices[0].message`` of a path; empty for the whole value."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
