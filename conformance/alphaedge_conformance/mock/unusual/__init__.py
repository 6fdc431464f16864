"""Unusual servers that conform: no suite may find anything in them."""

from __future__ import annotations

from . import answers, profiles, requests
from .registry import OF_PROFILES, UNUSUAL, unusual_servers

__all__ = ["MODULES", "OF_PROFILES", "UNUSUAL", "unusual_servers"]
MODULES = (answers, profiles, requests)
"""Each registers its servers in UNUSUAL when it is imported."""
