"""An exchange: a probe and all that came back, as bytes with arrival times."""

from __future__ import annotations

from attrs import field, frozen

from .operation import ABSENT
from .probe import Probe


@frozen
class Chunk:
    """Bytes that arrived together."""

    at: float
    """Seconds after the request was sent; 0 in an archive that does not say."""
    data: bytes = field(repr=lambda data: f"<{len(data)} bytes>")


@frozen
class Exchange:
    """A probe and all that came back for it."""

    number: int
    """Its place in the plan, from 1: the same in every run with the same plan."""
    probe: Probe
    url: str
    started: float
    """Unix seconds when the request was sent."""
    status: int | None = None
    """None where no answer came; `failure` says why."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    chunks: tuple[Chunk, ...] = field(default=(), repr=False)
    """The body as it arrived, content codings removed."""
    elapsed: float = 0.0
    """Seconds until the end of the answer, or until it was given up."""
    failure: str | None = None
    """Why the answer is missing or not whole, in words; without the key."""
    aborted_by_limit: bool = False
    """Whether a limit of ours ended it."""
    timed_out: bool = False
    """Whether it was the limit of time, which says that the server is slow, and no more."""
    refused_connection: bool = False
    """Whether nothing listens at the target's address."""
    lost_reused_connection: bool = False
    """Whether the server closed a connection that it had kept, instead of reading this from it."""

    @property
    def accepted(self) -> bool:
        """Whether a whole answer came that says that the request succeeded: 200, or another 2xx in its place."""
        return self.status is not None and 200 <= self.status < 300 and not self.timed_out

    @property
    def lacks_its_operation(self) -> bool:
        """Whether it is the control of an operation that the server may lack, and says that there is none."""
        operation = self.probe.operation
        may_lack = operation is not None and operation.is_optional and self.probe.is_control
        return may_lack and self.status in ABSENT

    @property
    def is_silent(self) -> bool:
        """Whether no answer came, or none in time."""
        return self.status is None or self.timed_out

    @property
    def was_dropped(self) -> bool:
        """Whether a server that listens ended the connection instead of answering."""
        return self.status is None and not self.timed_out and not self.refused_connection

    @property
    def blames_load(self) -> bool:
        """Whether the server says that it only has too much to do: by 429, or by 503 with a time to come back at."""
        return self.status == 429 or (self.status == 503 and self.header("retry-after") is not None)

    @property
    def is_timed(self) -> bool:
        """Whether it is known when its bytes arrived."""
        return any(chunk.at > 0 for chunk in self.chunks)

    @property
    def body(self) -> bytes:
        return b"".join(chunk.data for chunk in self.chunks)

    def header(self, name: str) -> str | None:
        """The first header of this name, in any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def media_type(self) -> str | None:
        """The Content-Type without its parameters, in lower case."""
        value = self.header("content-type")
        return value.partition(";")[0].strip().lower() if value is not None else None
