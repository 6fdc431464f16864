"""Folders that the caller names."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ..errors import ConfigurationError


def writable(folder: Path) -> None:
    """Makes a folder for a report. Raises ConfigurationError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigurationError(f"--report {folder}: cannot be written into: {error.strerror}") from None
