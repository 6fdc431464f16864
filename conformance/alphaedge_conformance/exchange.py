"""A probe, and the exchange it leads to: a request and all that came back, as bytes with arrival times."""

from __future__ import annotations

import json
from enum import StrEnum
from functools import cached_property
from typing import Any

from attrs import field, frozen

CONTROL = "control"
STREAMED_CONTROL = "control, streamed"


class Expect(StrEnum):
    """What the contract says of a request."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    EITHER = "accepted or refused"


class Kind(StrEnum):
    """What kind of answer a probe leads to."""

    PLAIN = "plain"
    STREAMED = "streamed"
    REFUSED = "refused"
    EITHER = "either"


class Key(StrEnum):
    """The key that a probe sends."""

    RIGHT = "right"
    WRONG = "wrong"
    PARTIAL = "partial"
    ABSENT = "absent"


@frozen
class Probe:
    """One request worth sending, and why."""

    name: str
    """Unique in a plan; says what differs from the control."""
    why: str
    body: bytes | None
    about: frozenset[str] = frozenset()
    """The requirements that this probe is sent for; each of them is judged on such probes alone."""
    expect: Expect = Expect.ACCEPTED
    method: str = "POST"
    media_type: str | None = "application/json"
    key: Key = Key.RIGHT
    theme: str | None = None
    """What a generated probe is an example of."""

    @cached_property
    def request(self) -> dict[str, Any]:
        """The body as a JSON object; empty where it is none."""
        try:
            parsed = json.loads(self.body or b"")
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}

    @property
    def streams(self) -> bool:
        return self.request.get("stream") is True

    @property
    def control(self) -> str | None:
        """The name of the probe that has to be accepted before this one says anything: what this one differs from."""
        if self.name == CONTROL:
            return None
        return STREAMED_CONTROL if self.streams and self.name != STREAMED_CONTROL else CONTROL

    @property
    def kind(self) -> Kind:
        """What kind of answer it leads to, if the server conforms."""
        if self.expect is Expect.ACCEPTED:
            return Kind.STREAMED if self.streams else Kind.PLAIN
        return Kind.REFUSED if self.expect is Expect.REFUSED else Kind.EITHER


def encode(request: Any) -> bytes:
    """A request body: JSON in UTF-8, non-ASCII text as it is."""
    return json.dumps(request, ensure_ascii=False).encode()


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
    cut: bool = False
    """Whether a limit of ours ended it."""
    late: bool = False
    """Whether it was the limit of time, which says that the server is slow, and no more."""
    stale: bool = False
    """Whether the server closed a connection that it had kept, instead of reading this from it."""

    @property
    def accepted(self) -> bool:
        """Whether a whole answer 200 came."""
        return self.status == 200 and not self.late

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
