"""What the caller decides about a run."""

from __future__ import annotations

from pathlib import Path

from attrs import field, frozen

from ..contract.requirements import Level, Requirement


@frozen
class Limits:
    """How long an answer may take, and how large it may be; the defaults are those of the command line."""

    connect: float = 10.0
    """Seconds until there is a connection."""
    between: float = 20.0
    """Seconds without a byte, once it has started."""
    whole: float = 25.0
    """Seconds for one exchange from its start to its end."""
    first_byte: float = field()
    """Seconds until the answer starts; those of `whole` unless it is given."""
    after_done: float = 5.0
    """Seconds that a stream has to end after [DONE], whatever is left of `whole`."""
    body: int = 4 * 2**20
    """Bytes of a body on the wire."""
    decoded: int = 4 * 2**20
    """Bytes of a body without its content coding."""
    pieces: int = 20_000
    """Pieces in which a body arrives, so that a stream of many small ones ends too."""
    lines: int = 20_000
    """Lines of a stream, however many arrive in one piece: an event has two at least."""
    depth: int = 200
    """Lists and objects inside each other in a JSON body."""
    headers: int = 64 * 2**10
    """Bytes of all headers."""

    @first_byte.default
    def _whole(self) -> float:
        return self.whole


@frozen
class Settings:
    """How a run is done; the defaults are those of the command line."""

    report: Path | None = None
    level: Level = Level.MUST
    """The lowest level that can fail the run."""
    documented_only: bool = False
    max_requests: int | None = None
    max_tokens: int | None = None
    """Of prompts and completions together."""
    rate: float | None = None
    """Requests a second."""
    concurrency: int = 8
    limits: Limits = Limits()
    ca_file: Path | None = None
    """Certificates to trust besides those of the system."""
    seed: int = 1
    pinned: frozenset[str] | None = None
    """The requirements of the released contract version that counts; those that came later are only reported."""

    def scores(self, requirement: Requirement) -> bool:
        """Whether a requirement can fail the run."""
        is_pinned = self.pinned is None or requirement.id in self.pinned
        return is_pinned and requirement.level.rank <= self.level.rank
