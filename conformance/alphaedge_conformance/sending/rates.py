"""How many requests a second, as people write it."""

from __future__ import annotations

SECONDS = {"s": 1, "min": 60}
EXPECTED = "expected a rate as 2/s or 30/min"


def requests_a_second(text: str) -> float:
    """Of ``2/s`` or ``30/min``. Raises ValueError for anything else."""
    number, _, unit = text.partition("/")
    try:
        rate = float(number) / SECONDS[unit]
    except (ValueError, KeyError):
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise ValueError(f"{EXPECTED}, got {text!r}")
    return rate
