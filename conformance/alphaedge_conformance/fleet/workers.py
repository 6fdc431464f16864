"""Who does the work: any executor of `concurrent.futures`, and how it is begun again when it broke."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from importlib.util import find_spec
from multiprocessing.context import SpawnProcess
from typing import Any

from attrs import frozen

from ..errors import ConfigurationError

CONNECT = 10.0
"""Seconds that a scheduler of Dask is waited for."""


@frozen
class Workers:
    """An executor that can be started as often as one breaks."""

    count: int
    """Bundles of targets that it works on at a time."""
    start: Callable[[], Executor]
    stop: Callable[[Executor], object]
    """Gives up what is under way."""


def threads(count: int) -> Workers:
    """In this process, as the tests have them."""
    from concurrent.futures import ThreadPoolExecutor

    return Workers(count, lambda: ThreadPoolExecutor(count), _shut_down)


def processes(count: int) -> Workers:
    """On this machine."""
    context = multiprocessing.get_context("spawn")

    def stop(executor: Executor) -> None:
        for child in multiprocessing.active_children():
            if isinstance(child, SpawnProcess):
                child.terminate()
        _shut_down(executor)

    return Workers(count, lambda: ProcessPoolExecutor(count, mp_context=context, initializer=_begin), stop)


def dask(address: str) -> Workers:
    """Those of a Dask scheduler. Raises ConfigurationError."""
    if find_spec("distributed") is None:
        raise ConfigurationError(
            "--scheduler needs Dask; in a clone of the kit's repository, run pip install '.[conformance,fleet]'"
        )
    from distributed import Client

    try:
        client: Any = Client(address, set_as_default=False, timeout=CONNECT)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"--scheduler {address}: {error}") from None
    if not (count := sum(client.ncores().values())):
        client.close()
        raise ConfigurationError(f"--scheduler {address}: it has no workers; start `dask worker {address}`")

    def stop(executor: Executor) -> None:
        executor.shutdown(wait=False)  # which cancels what is under way
        client.close()

    # The same units again are another judging, not one whose result is known.
    return Workers(count, lambda: client.get_executor(pure=False), stop)


def _shut_down(executor: Executor) -> None:
    executor.shutdown(wait=False, cancel_futures=True)


def _begin() -> None:
    """Of a process: Ctrl-C is for the one that hands out the work; when that one is gone, so is this."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
