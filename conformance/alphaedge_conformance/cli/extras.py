"""What a command needs beyond the extra `conformance`."""

from __future__ import annotations

from importlib.util import find_spec

from ..errors import ConfigurationError


def require_history() -> None:
    """Raises ConfigurationError where the extra `fleet` is not installed."""
    if find_spec("duckdb") is None:
        raise ConfigurationError(
            "a fleet's history needs DuckDB; in a clone of the kit's repository, run pip install '.[conformance,fleet]'"
        )
