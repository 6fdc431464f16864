"""Ctrl-C and SIGTERM: the first asks for an end, the second is one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interruptible(stop: Callable[[str], object]) -> Iterator[None]:
    """Calls `stop` for the first signal in this block; from then on a signal ends the process at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    happened = False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal happened
        happened = True
        for each in before:
            signal.signal(each, signal.SIG_DFL)
        stop(f"interrupted by {signal.Signals(number).name}")

    for number in before:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if happened else handler)
