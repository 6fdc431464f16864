"""The proxy's side of judging: hands over what passed, and never waits for it.

What finds the queue full is counted and let go. A judging process that ends takes what it knew with it; another one
goes on with what follows.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal

from attrs import define, evolve, field

from .messages import Counts, Question, Setup, send
from .passed import Budget, Passed, Tap

WAITING = 1000
"""Exchanges that wait to be judged, at most."""
LIVES = 5
"""Judging processes that are started one after another, at most."""
PATIENCE = 10.0
"""Seconds until a page is given without the latest."""
AT_THE_END = 30.0
"""Seconds for what still waits when the proxy ends."""
Answer = dict[str, Any]


@define
class Item:
    """An exchange with the bytes that it takes of the budget, or a question."""

    message: Passed | Question
    taken: int = 0


@define(eq=False)
class Feed:
    """Hands exchanges to the judging process, in a thread of its own."""

    setup: Setup
    budget: Budget = field(factory=Budget)
    counts: Counts = field(factory=Counts)
    """Written by whoever passes exchanges on; `lost` and `ended` by the thread."""
    latest: Answer = field(factory=dict)
    """What the judging process said last."""
    process: subprocess.Popen[bytes] | None = None
    _queue: queue.Queue[Item | None] = field(factory=lambda: queue.Queue(WAITING))
    _lock: threading.Lock = field(factory=threading.Lock)
    _asked: int = 0
    _answers: dict[int, queue.SimpleQueue[Answer | None]] = field(factory=dict)
    _handed: int = 0
    """Exchanges that the process at hand was given."""
    _lives: int = 0
    _numbers: int = 0

    def next_number(self) -> int:
        """Of an exchange that begins."""
        with self._lock:
            self._numbers += 1
            return self._numbers

    def offer(self, tap: Tap, elapsed: float) -> None:
        """Takes an exchange that has passed, or lets it go."""
        if tap.why_not is None:
            try:
                self._queue.put_nowait(Item(tap.passed(elapsed), tap.taken))
            except queue.Full:
                tap.drop("behind")
        self._count(exchanges=1, too_large=tap.why_not == "too large", behind=tap.why_not == "behind")

    def ask(self, what: Literal["state", "page", "write"], patience: float = PATIENCE) -> Answer | None:
        """What was judged so far; None where the answer takes longer than that."""
        for _ in range(2):  # the process may end with the question
            answer: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()
            with self._lock:
                self._asked += 1
                number = self._asked
                self._answers[number] = answer
            try:
                self._queue.put(Item(Question(number, what)), timeout=patience)
                if (found := answer.get(timeout=patience)) is not None:
                    self.latest = found
                    return found
            except (queue.Full, queue.Empty):
                return None
            finally:
                del self._answers[number]
        return None

    def run(self) -> None:
        """Hands over until the end of the queue."""
        self._start()
        while (item := self._queue.get()) is not None:
            self._hand_over(item)
            self.budget.give_back(item.taken)

    def end(self) -> None:
        self._queue.put(None)

    def close(self) -> None:
        """Ends the judging process."""
        if self.process is not None:
            with suppress(OSError):
                self.process.stdin.close()  # type: ignore[union-attr]
            try:
                self.process.wait(AT_THE_END)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def _hand_over(self, item: Item) -> None:
        is_question = isinstance(item.message, Question)
        for _ in range(2):
            if self.process is None:
                break
            try:
                message = item.message
                if isinstance(message, Question):
                    message = evolve(message, counts=self.counts)  # with what was lost on the way
                elif self._answers:
                    message = evolve(message, is_awaited=True)
                send(self.process.stdin, message)  # type: ignore[arg-type]
                self._handed += not is_question
                return
            except OSError:
                self._replace()
        if not is_question:
            self._count(lost=1)

    def _replace(self) -> None:
        """Starts another process in place of one that ended."""
        assert self.process is not None
        with suppress(OSError):
            self.process.stdin.close()  # type: ignore[union-attr]
        code = self.process.wait()
        self._count(lost=self._handed)
        how = f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
        with self._lock:
            self.counts = evolve(self.counts, ended=f"the judging process {how}, and its results are lost")
        self._handed, self.process = 0, None
        if self._lives < LIVES:
            self._start()

    def _start(self) -> None:
        self._lives += 1
        command = [sys.executable, "-m", "alphaedge_conformance.live.judge_process"]
        # A group of its own: Ctrl-C at the terminal is for the proxy, which then ends this one.
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0)
        threading.Thread(target=self._listen, args=[self.process], daemon=True).start()
        with suppress(OSError):
            send(self.process.stdin, self.setup)  # type: ignore[arg-type]

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                found: Answer = json.loads(line)
                if (waits := self._answers.get(found["number"])) is not None:
                    waits.put(found)
        for waits in list(self._answers.values()):
            waits.put(None)

    def _count(self, **more: int) -> None:
        with self._lock:
            self.counts = evolve(self.counts, **{name: getattr(self.counts, name) + by for name, by in more.items()})


@contextmanager
def feeding(setup: Setup) -> Iterator[Feed]:
    """A feed for as long as the block lasts; at its end the report is written."""
    feed = Feed(setup)
    thread = threading.Thread(target=feed.run, daemon=True)
    thread.start()
    try:
        yield feed
    finally:
        answer = feed.ask("write", AT_THE_END)
        feed.latest = answer or {"failure": "the judging process gave no report in time"}
        feed.end()
        thread.join(AT_THE_END)
        feed.close()
