"""Targets that share a limit: those at one host with one key. Providers limit a customer, not a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from attrs import frozen

from ..contract import Contract
from ..errors import ConfigurationError
from ..exchange.target import build_target
from ..run.targets import LANES, Entry, entries, tables
from ..sending.rates import EXPECTED, requests_a_second
from ..sending.settings import Settings

LIMITS = {"concurrency", "rate"}


@frozen
class Lane:
    """One target of a lane is judged at a time, with all that the lane may use, so no two workers have to agree whose
    turn it is."""

    name: str
    """The host, and where the key is from."""
    concurrency: int
    rate: float | None
    """Requests a second."""
    entries: tuple[Entry, ...]


def read(path: Path, contract: Contract, model: str | None) -> list[Lane]:
    """The lanes of a targets.toml. Raises ConfigurationError.

    Beside the tables of the targets, it may have the limits of each lane, and those of the lanes of one host::

        [lanes]
        concurrency = 8                # requests at a time (default: 8)
        rate = "20/s"                  # or "300/min" (default: no limit)

        [lanes."api.example.com"]      # a port belongs to it, where the address has one
        concurrency = 4
    """
    found = tables(path)
    shared: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries(path, found, model):
        try:
            address = build_target(contract, entry.url, None, "").url
        except ConfigurationError as error:
            raise ConfigurationError(f"{entry.place}: {error}") from None
        shared.setdefault((urlsplit(address).netloc, _key_source(entry)), []).append(entry)
    limits = _Limits(path, found.get(LANES, {}), {host for host, _ in shared})
    return [Lane(f"{host} {key}".rstrip(), *limits.of(host), tuple(members)) for (host, key), members in shared.items()]


def _key_source(entry: Entry) -> str:
    return entry.key_variable or (str(entry.key_file) if entry.key_file is not None else "")


class _Limits:
    """The table of the lanes."""

    def __init__(self, path: Path, table: object, hosts: set[str]) -> None:
        here = f"{path}: [{LANES}]"
        if not isinstance(table, Mapping):
            raise ConfigurationError(f"{here}: expected a table")
        common = {name: value for name, value in table.items() if not isinstance(value, Mapping)}
        own = {name: value for name, value in table.items() if isinstance(value, Mapping)}
        if unknown := sorted(set(own) - hosts):
            known = ", ".join(sorted(hosts))
            raise ConfigurationError(f"{here}: no target is at {unknown[0]!r}; expected, in quotes, one of {known}")
        self._common = _of_table(here, common, (Settings().concurrency, None))
        self._own = {
            host: _of_table(f'{path}: [{LANES}."{host}"]', limits, self._common) for host, limits in own.items()
        }

    def of(self, host: str) -> tuple[int, float | None]:
        return self._own.get(host, self._common)


def _of_table(here: str, table: Mapping[str, object], default: tuple[int, float | None]) -> tuple[int, float | None]:
    if unknown := sorted(set(table) - LIMITS):
        raise ConfigurationError(f"{here}: expected {' or '.join(sorted(LIMITS))}, found {unknown[0]!r}")
    concurrency, rate = table.get("concurrency", default[0]), default[1]
    if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 1:
        raise ConfigurationError(f"{here}: concurrency: expected a whole number of at least 1, found {concurrency!r}")
    if "rate" in table:
        text = table["rate"]
        if not isinstance(text, str):
            raise ConfigurationError(f"{here}: rate: {EXPECTED}, in quotes, got {text!r}")
        try:
            rate = requests_a_second(text)
        except ValueError as error:
            raise ConfigurationError(f"{here}: rate: {error}") from None
    return concurrency, rate


def count(lanes: Sequence[Lane]) -> int:
    """The targets of all of them."""
    return sum(len(lane.entries) for lane in lanes)
