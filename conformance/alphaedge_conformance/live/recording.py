"""What passed, as HAR that `--from-har` reads: the latest, in two files of a bounded size."""

from __future__ import annotations

from pathlib import Path

from ..archive.har import Journal
from ..exchange import Exchange
from ..exchange.target import Target

LATEST, EARLIER = "traffic.har", "traffic.1.har"
LARGEST = 32 * 2**20
"""Bytes of one file, about."""


class Recorder:
    """Writes what passed into a folder; when a file is full, it takes the place of the one before."""

    def __init__(self, folder: Path, largest: int = LARGEST) -> None:
        self._folder, self._largest = folder, largest
        self._journal: Journal | None = None
        self.failure: str | None = None
        """Why nothing more is recorded, as for a full disk."""

    def add(self, exchange: Exchange, target: Target) -> None:
        try:
            if self._journal is not None and self._journal.size > self._largest:
                self.close()
                (self._folder / LATEST).replace(self._folder / EARLIER)
            if self._journal is None:
                self._journal = Journal(self._folder / LATEST, target, 1, is_ours=False)
        except OSError as error:
            self.failure = f"{self._folder / LATEST}: {error.strerror}; the recording is incomplete"
            return
        self._journal.add(exchange)
        self.failure = self.failure or self._journal.failure

    def close(self) -> None:
        if self._journal is not None:
            self._journal.__exit__(None, None, None)
            self._journal = None
