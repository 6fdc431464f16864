"""The mock that a run without a target judges."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from ..contract import Contract
from ..mock import Mock, serve

MOCK_PACE = 1000.0
"""Tokens per second of the embedded mock: slow enough that its streams are seen to arrive in pieces."""


@contextmanager
def embedded_mock(contract: Contract) -> Iterator[tuple[str, str]]:
    """The address and the key of a mock that lives as long as the block."""
    key = f"sk-mock-{secrets.token_hex(16)}"
    with serve(Mock(contract, key, tokens_per_second=MOCK_PACE)) as url:
        yield url, key
