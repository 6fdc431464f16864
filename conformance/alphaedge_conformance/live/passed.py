"""What is kept of an exchange while it passes, so that another process can judge it: bounded, and plain data."""

from __future__ import annotations

from threading import Lock

from attrs import define, field, frozen

Headers = tuple[tuple[bytes, bytes], ...]
LARGEST = 2**20
"""Bytes of a request or of an answer beyond which an exchange passes without being judged."""
MOST = 64 * 2**20
"""Bytes of all exchanges that are under way or wait to be judged."""
PIECE = 200
"""What a piece costs besides its bytes, about."""


@frozen
class Passed:
    """One exchange as it passed. Holds the key and the texts: it goes to the judging process and nowhere else."""

    number: int
    started: float
    """Unix seconds."""
    method: str
    sent_headers: Headers = field(repr=False)
    sent: bytes = field(repr=False)
    status: int | None
    """None where no answer came."""
    headers: Headers = field(repr=False)
    chunks: tuple[tuple[float, bytes], ...] = field(repr=False)
    """Seconds after the request, and the bytes that came then, in their content coding."""
    elapsed: float
    failure: str | None = None
    """Why the answer is not whole."""
    client_left: bool = False
    """Whether it is not whole because the client wanted no more."""
    is_awaited: bool = False
    """Whether somebody waits for what is judged."""


class Budget:
    """Bytes that may be kept at a time."""

    def __init__(self, most: int = MOST) -> None:
        self._left, self._lock = most, Lock()

    def take(self, size: int) -> bool:
        with self._lock:
            if size > self._left:
                return False
            self._left -= size
            return True

    def give_back(self, size: int) -> None:
        with self._lock:
            self._left += size

    @property
    def left(self) -> int:
        return self._left


@define
class Tap:
    """Collects one exchange; gives up, and everything back, when it is too large or there is no room."""

    budget: Budget
    number: int
    started: float
    method: str
    sent_headers: Headers
    status: int | None = None
    headers: Headers = ()
    failure: str | None = None
    client_left: bool = False
    why_not: str | None = None
    """Why it is not kept: `too large`, or `behind`."""
    taken: int = 0
    _sent: list[bytes] = field(factory=list)
    _chunks: list[tuple[float, bytes]] = field(factory=list)
    _sizes: list[int] = field(factory=lambda: [0, 0])

    def request(self, data: bytes) -> None:
        if self._keeps(0, len(data)):
            self._sent.append(data)

    def answer(self, at: float, data: bytes) -> None:
        if self._keeps(1, len(data)):
            self._chunks.append((at, data))

    def _keeps(self, side: int, size: int) -> bool:
        if self.why_not is not None:
            return False
        held = size + PIECE
        self._sizes[side] += held
        if self._sizes[side] > LARGEST:
            self.drop("too large")
        elif not self.budget.take(held):
            self.drop("behind")
        else:
            self.taken += held
            return True
        return False

    def drop(self, why: str) -> None:
        """Keeps nothing of it."""
        self.why_not = why
        self._sent, self._chunks = [], []
        self.budget.give_back(self.taken)
        self.taken = 0

    def passed(self, elapsed: float) -> Passed:
        return Passed(
            self.number,
            self.started,
            self.method,
            self.sent_headers,
            b"".join(self._sent),
            self.status,
            self.headers,
            tuple(self._chunks),
            elapsed,
            self.failure,
            self.client_left,
        )
