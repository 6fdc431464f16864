"""A probe: one request worth sending, and why."""

from __future__ import annotations

import json
from enum import StrEnum
from functools import cached_property
from typing import Any

from attrs import frozen

from .chat import asks_for_a_stream
from .operation import Operation

CONTROL = "control"
STREAMED_CONTROL = "control, streamed"


class Expect(StrEnum):
    """What the contract says of a request."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    EITHER = "accepted or refused"


class ExpectedAnswer(StrEnum):
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
    EMPTY = "empty"
    """The scheme alone."""
    END = "end"
    LONGER = "longer"
    """The right key with something after it."""
    OTHER_CASE = "other case"
    SAME_START = "same start"
    SAME_LENGTH = "same length"
    NON_ASCII = "non-ASCII"
    LONG = "long"
    OTHER_SCHEME = "other scheme"
    """The right key under another scheme than Bearer."""
    NO_SPACE = "no space"
    """The right key, with no space between the scheme and it."""


class Wire(StrEnum):
    """How a request is written to the connection."""

    USUAL = "usual"
    UNUSUAL = "unusual"
    """With the names of headers in lower case, and the body in two segments."""


class Effort(StrEnum):
    """How much a run may send, the least first."""

    QUICK = "quick"
    STANDARD = "standard"
    THOROUGH = "thorough"

    @property
    def rank(self) -> int:
        return list(Effort).index(self)


@frozen
class Taken:
    """A value that a request takes from the answer to another one."""

    name: str
    """Of the member of the request, or of the parameter of its address."""
    source: str
    """The name of the probe whose answer has it."""
    at: str
    """Where, as a JSON pointer into the JSON of that answer."""
    types: tuple[str, ...] = ()
    """The JSON types that can be asked for; none is any."""
    is_parameter: bool = False


@frozen(cache_hash=True)
class Probe:
    """One request worth sending, and why."""

    name: str
    """Unique in a plan; says what differs from the control."""
    why: str
    body: bytes | None
    requirement_ids: frozenset[str] = frozenset()
    """The requirements that this probe is sent for; each of them is judged on such probes alone."""
    expect: Expect = Expect.ACCEPTED
    method: str = "POST"
    media_type: str | None = "application/json"
    key: Key = Key.RIGHT
    theme: str | None = None
    """What a generated probe is an example of."""
    differs_from: str | None = None
    """The name of the probe that it is an edit of, where that is neither control."""
    repeated: bool = False
    """Whether it is sent for the second time, alone, so that its outcome says something of the server."""
    wire: Wire = Wire.USUAL
    series: str | None = None
    """Of probes that are sent one after another on one connection, in the order of the plan."""
    turn: int = 0
    """Its place in the series."""
    effort: Effort = Effort.STANDARD
    """From which on it is sent."""
    parts: tuple[Probe, ...] = ()
    """The probes that it stands for; where it is refused, each is sent alone."""
    alone: bool = False
    """Whether it is sent once more, alone, to see whether a finding needs other requests beside it; sent because it
    failed, it counts for nothing."""
    says: str | None = None
    """What a model that follows the request says; where it does not, no requirement that needs one is failed."""
    operation: Operation | None = None
    """What it asks for; None for the primary operation."""
    takes: tuple[Taken, ...] = ()
    """What is filled in before it is sent."""

    @property
    def operation_name(self) -> str | None:
        return None if self.operation is None else self.operation.name

    @property
    def uses_its_method(self) -> bool:
        """Whether its method is that of the operation, and no other one to see what comes of it."""
        return self.operation is not None or self.method == "POST"

    @property
    def on_the_wire(self) -> tuple[object, ...]:
        """What a server can tell it from other requests by."""
        return self.operation, self.method, self.body, self.media_type, self.key, self.wire

    @property
    def sent(self) -> tuple[object, ...]:
        """What tells it from all others of a plan, where the same request may be part of a series."""
        return *self.on_the_wire, self.series, self.turn, self.takes

    @cached_property
    def request(self) -> dict[str, Any]:
        """The body as a JSON object; empty where it is none."""
        try:
            parsed = json.loads(self.body or b"")
        except (ValueError, RecursionError):
            return {}
        return parsed if isinstance(parsed, dict) else {}

    @property
    def streams(self) -> bool:
        return self.operation is None and asks_for_a_stream(self.request)

    @property
    def is_control(self) -> bool:
        """Whether it is that of an operation, which differs from nothing."""
        return self.control is None

    @property
    def control(self) -> str | None:
        """The name of the probe that has to be accepted before this one says anything: what this one differs from."""
        own = CONTROL if self.operation is None else self.operation.control
        if self.name == own:
            return None
        if self.differs_from is not None:
            return self.differs_from
        if self.operation is not None:
            return own
        return STREAMED_CONTROL if self.streams and self.name != STREAMED_CONTROL else CONTROL

    @property
    def kind(self) -> ExpectedAnswer:
        """What kind of answer it leads to, if the server conforms."""
        if self.expect is Expect.ACCEPTED:
            return ExpectedAnswer.STREAMED if self.streams else ExpectedAnswer.PLAIN
        return ExpectedAnswer.REFUSED if self.expect is Expect.REFUSED else ExpectedAnswer.EITHER

    @property
    def shows(self) -> tuple[str | None, ExpectedAnswer]:
        """The operation whose answer it leads to, and the kind of that."""
        return self.operation_name, self.kind


def encode(request: Any) -> bytes:
    """A request body: JSON in UTF-8, non-ASCII text as it is."""
    return json.dumps(request, ensure_ascii=False).encode()
