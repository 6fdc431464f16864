"""Ctrl-C and SIGTERM: the first asks for an end, the second is one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

Stop = Callable[[str], object]

_stops: list[Stop] = []
"""Of all blocks, in whatever thread."""
_happened: str | None = None
"""The first signal, while the block of the main thread lasts."""


@contextmanager
def interruptible(*stops: Stop) -> Iterator[None]:
    """Calls each `stop` for the first signal in this block, or at once if there was one; from then on a signal ends the
    process. In a thread it works within such a block of the main thread, which alone hears signals."""
    _stops.extend(stops)
    try:
        if _happened is not None:
            for stop in stops:
                stop(_happened)
        if threading.current_thread() is threading.main_thread():
            with _listening():
                yield
        else:
            yield
    finally:
        for stop in stops:
            _stops.remove(stop)


@contextmanager
def _listening() -> Iterator[None]:
    global _happened
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def handle(number: int, frame: FrameType | None) -> None:
        global _happened
        _happened = f"interrupted by {signal.Signals(number).name}"
        for each in before:
            signal.signal(each, signal.SIG_DFL)
        for stop in tuple(_stops):
            stop(_happened)

    for number in before:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if _happened else handler)
        _happened = None
