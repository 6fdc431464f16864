# Copied from scripts/runtime/_retry.py by `make generate`; edit that.
"""Whether to try again, and after how long."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

LONGEST_ASKED = 60.0
"""A server that asks for a longer pause than this, in seconds, is not asked again: the program should know at once."""


def is_worth_retrying(status: int) -> bool:
    return status in (408, 409, 429) or status >= 500


def delay(attempt: int, headers: Mapping[str, str] | None = None) -> float | None:
    """The seconds to wait after this attempt, counted from 0; None where the server asks for too long a pause.

    0.5 s, doubled each time, 8 s at most, less up to a quarter by chance, unless the server names a time.
    """
    asked = asked_for(headers or {})
    if asked is not None:
        return asked if asked <= LONGEST_ASKED else None
    return min(8.0, 0.5 * 2.0 ** min(attempt, 10)) * (1 - random.random() / 4)


def asked_for(headers: Mapping[str, str]) -> float | None:
    """The seconds of `retry-after-ms` or `Retry-After`, which may be a date; None where it says nothing of use."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        if seconds >= 0:
            return seconds
    try:
        return max(0.0, parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
