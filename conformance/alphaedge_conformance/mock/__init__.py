"""The conforming server of the contract, and its faults."""

from .app import Mock
from .server import serve

__all__ = ["Mock", "serve"]
