"""How much of the processors judging gets beside traffic: what is to spare, or its share where somebody waits for it.

Without privileges a process can only go down. Then it is always a low share: from what is to spare (SCHED_IDLE in
sched(7), on Linux) the only way up is CAP_SYS_NICE or a limit RLIMIT_NICE above 0, and on a busy machine what is to
spare is hardly anything.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache

HERE = 0
LOW = 19
"""The nice value of a low share."""


def only_spare(process: int) -> None:
    """A processor that runs such a process counts as free, so that traffic never waits for its turn."""
    with suppress(OSError):  # it has ended
        if has_a_way_up():
            os.sched_setscheduler(process, os.SCHED_IDLE, os.sched_param(0))
        else:
            os.setpriority(os.PRIO_PROCESS, process, LOW)


def usual(process: int = HERE) -> None:
    """Takes that back where that can be."""
    if has_a_way_up():
        with suppress(OSError):
            os.sched_setscheduler(process, os.SCHED_OTHER, os.sched_param(0))


@cache
def has_a_way_up() -> bool:
    if not hasattr(os, "SCHED_IDLE"):
        return False
    with ThreadPoolExecutor(1) as trial:  # on Linux this concerns the thread alone
        return trial.submit(_down_and_up).result()


def _down_and_up() -> bool:
    try:
        for policy in (os.SCHED_IDLE, os.SCHED_OTHER):
            os.sched_setscheduler(HERE, policy, os.sched_param(0))
    except OSError:
        return False
    return True
