"""Unusual servers that conform: no suite may find anything in them."""

from __future__ import annotations

from . import answers, requests
from .registry import UNUSUAL

__all__ = ["MODULES", "UNUSUAL"]
MODULES = (answers, requests)
"""Each registers its servers in UNUSUAL when it is imported."""
