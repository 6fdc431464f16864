"""What to send."""

from .plan import UNLIMITED, Plan, ceiling, everything, is_unlimited, most_telling_first, quick, select, streamed

__all__ = [
    "UNLIMITED",
    "Plan",
    "ceiling",
    "everything",
    "is_unlimited",
    "most_telling_first",
    "quick",
    "select",
    "streamed",
]
