"""The conforming server of the contract, and its faults.

Loads them late: ``python -m alphaedge_conformance.mock`` imports this package before its own first line, and has to say
what to install where that is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import Mock
    from .server import serve

__all__ = ["Mock", "serve"]


def __getattr__(name: str) -> Any:
    if name == "Mock":
        from .app import Mock

        return Mock
    if name == "serve":
        from .server import serve

        return serve
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
