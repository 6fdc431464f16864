"""Which servers a run judges: addresses, or a file that names several with their keys."""

from __future__ import annotations

import os
import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from attrs import evolve, frozen

from ..contract import Contract
from ..errors import ConfigurationError
from ..exchange.extra_headers import ExtraHeader
from ..exchange.target import KEY_VARIABLE, Price, Target, build_target

TEXTS = {"url", "model", "key_variable", "key_file", "currency"}
PRICES = {"prompt_price", "completion_price"}
MEMBERS = TEXTS | PRICES | {"ignores"}
LANES = "lanes"
"""The table that is no target: the limits of the hosts of a fleet."""


@frozen
class Entry:
    """A target of a file, without its key: whoever sends requests looks the key up where he is."""

    place: str
    """Of its table, for messages."""
    name: str
    url: str
    """As the file has it."""
    model: str | None
    key_variable: str | None
    key_file: Path | None
    price: Price | None
    ignores: frozenset[str] = frozenset()

    def target(self, contract: Contract) -> Target:
        """The target with its key. Raises ConfigurationError where there is none, or the address is not valid."""
        try:
            made = build_target(contract, self.url, self.model, self._key())
        except ConfigurationError as error:
            raise ConfigurationError(f"{self.place}: {error}") from None
        variable = self.key_variable or (str(self.key_file) if self.key_file else f"the key_variable of [{self.name}]")
        return evolve(made, name=self.name, key_variable=variable, price=self.price, ignores=self.ignores)

    def _key(self) -> str:
        if self.key_file is not None:
            try:
                key = self.key_file.read_text("utf-8").strip()
            except OSError as error:
                raise ConfigurationError(f"key_file {self.key_file}: {error.strerror}") from None
            except ValueError:
                key = ""
            if not key:
                raise ConfigurationError(f"key_file {self.key_file}: expected a file that holds the key alone")
            return key
        if self.key_variable is None:
            return ""
        key = os.environ.get(self.key_variable, "")
        if not key:
            raise ConfigurationError(f"the environment variable {self.key_variable}, which holds its key, is not set")
        return key


def read_targets(
    contract: Contract, named: Sequence[str], model: str | None, headers: tuple[ExtraHeader, ...] = ()
) -> list[Target]:
    """The targets at some addresses, or of the TOML file that stands in their place, with headers for each. Raises
    ConfigurationError.

    A table of the file is a target::

        [upstream]
        url = "http://127.0.0.1:8000"
        model = "large"                     # default: the one of the contract's example
        key_variable = "UPSTREAM_API_KEY"   # where its key is; without it, none is sent
        key_file = "upstream.key"           # or the file that holds it, beside this one
        prompt_price = 0.5                  # of a million tokens; both or none
        completion_price = 1.5
        currency = "EUR"                    # default: USD
        ignores = ["seed"]                  # parameters that it takes, and documents as without effect
    """
    if len(named) == 1 and named[0].endswith(".toml"):
        found = _of_file(contract, Path(named[0]), model)
    else:
        found = [build_target(contract, url, model) for url in named]
        hosts = sorted({urlsplit(each.url).hostname or "" for each in found if each.key})
        if len(hosts) > 1:
            raise ConfigurationError(
                f"the key in {KEY_VARIABLE} would go to {' and '.join(hosts)}; name each one's key in a targets.toml"
            )
        urls = Counter(each.url for each in found)
        if repeated := [url for url, times in urls.items() if times > 1]:
            raise ConfigurationError(f"{repeated[0]} is named twice")
        names = Counter(each.name for each in found)
        found = [each if names[each.name] == 1 else evolve(each, name=each.url) for each in found]
    hosts = sorted({urlsplit(each.url).hostname or "" for each in found})
    if len(hosts) > 1 and (secret := next((each.name for each in headers if not each.is_harmless), None)):
        raise ConfigurationError(f"-H {secret} would go to {' and '.join(hosts)}; judge each host by itself")
    found = [evolve(each, headers=headers) for each in found]
    folders = Counter(folder(each.name) for each in found)
    if clashing := [each.name for each in found if folders[folder(each.name)] > 1]:
        raise ConfigurationError(f"{' and '.join(clashing)} would share a report folder; rename one of them")
    return found


def _of_file(contract: Contract, path: Path, model: str | None) -> list[Target]:
    return [entry.target(contract) for entry in entries(path, tables(path), model)]


def tables(path: Path) -> dict[str, object]:
    """The tables of a file of targets. Raises ConfigurationError."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise ConfigurationError(f"{path}: {error}") from None


def entries(path: Path, tables: Mapping[str, object], model: str | None) -> list[Entry]:
    """The targets of a file; `model` is asked for where it names none. Raises ConfigurationError."""
    found = [_entry(path, name, table, model) for name, table in tables.items() if name != LANES]
    if not found:
        raise ConfigurationError(f"{path}: expected a table for each target, as [upstream] with url = …; found none")
    return found


def _entry(path: Path, name: str, table: object, model: str | None) -> Entry:
    here = f"{path}: [{name}]"
    if not isinstance(table, Mapping) or not isinstance(table.get("url"), str):
        raise ConfigurationError(f'{here}: expected a table with url = "http://host:8000"')
    if unknown := sorted(set(table) - MEMBERS):
        raise ConfigurationError(f"{here}: expected {', '.join(sorted(MEMBERS))}, found {unknown[0]!r}")
    if wrong := [member for member, value in table.items() if member in TEXTS and not isinstance(value, str)]:
        raise ConfigurationError(f"{here}: {wrong[0]}: expected a string, found {table[wrong[0]]!r}")
    variable, file = table.get("key_variable"), table.get("key_file")
    if variable is not None and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", variable):
        raise ConfigurationError(f"{here}: key_variable: expected the name of a variable; the key goes into it")
    if variable is not None and file is not None:
        raise ConfigurationError(f"{here}: expected key_variable or key_file, found both")
    key_file = None if file is None else path.parent.absolute() / file
    price, ignores = _price(here, table), _ignores(here, table.get("ignores", []))
    return Entry(here, name, table["url"], table.get("model") or model, variable, key_file, price, ignores)


def _ignores(here: str, names: object) -> frozenset[str]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ConfigurationError(f'{here}: ignores: expected a list of parameters, as ["seed"], found {names!r}')
    return frozenset(names)


def _price(here: str, table: Mapping[str, object]) -> Price | None:
    given = sorted(PRICES & set(table))
    if not given:
        return None
    if len(given) < len(PRICES):
        raise ConfigurationError(f"{here}: expected {' and '.join(sorted(PRICES))}, found {given[0]} alone")
    prompt, completion = (_positive(here, member, table[member]) for member in ("prompt_price", "completion_price"))
    currency = table.get("currency")
    return Price(prompt, completion, str(currency)) if currency else Price(prompt, completion)


def _positive(here: str, member: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise ConfigurationError(f"{here}: {member}: expected a price per million tokens, found {value!r}")
    return float(value)


def folder(name: str) -> str:
    """The folder of a target's own report, beside comparison.json."""
    return "".join(char if char.isalnum() or char in ".-_" else "-" for char in name).lstrip(".") or "-"
