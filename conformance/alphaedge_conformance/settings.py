"""What the caller decides about a run."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from attrs import field, frozen

from .contract import Contract
from .errors import ConfigurationError
from .requirements import Level, Requirement

KEY_VARIABLE = "ALPHAEDGE_API_KEY"


@frozen
class Target:
    """A server under test."""

    url: str
    """The address of the operation, with its path."""
    model: str
    key: str | None = field(default=None, repr=False)
    name: str = field()
    """What reports call it."""

    key_variable: str = KEY_VARIABLE
    """The variable of the environment that the key is from."""

    @name.default
    def _host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


@frozen
class Limits:
    """How long an answer may take, and how large it may be; the defaults are those of the command line."""

    connect: float = 10.0
    """Seconds until there is a connection."""
    first_byte: float = 25.0
    """Seconds until the answer starts."""
    between: float = 20.0
    """Seconds without a byte, once it has started."""
    whole: float = 25.0
    """Seconds for one exchange from its start to its end."""
    body: int = 4 * 2**20
    """Bytes of a body on the wire."""
    decoded: int = 4 * 2**20
    """Bytes of a body without its content coding."""
    pieces: int = 20_000
    """Pieces in which a body arrives, so that a stream of many small ones ends too."""
    depth: int = 200
    """Lists and objects inside each other in a JSON body."""
    headers: int = 64 * 2**10
    """Bytes of all headers."""


@frozen
class Settings:
    """How a run is done; the defaults are those of the command line."""

    report: Path | None = None
    level: Level = Level.MUST
    """The lowest level that can fail the run."""
    documented_only: bool = False
    max_requests: int | None = None
    max_tokens: int | None = None
    """Of prompts and completions together."""
    rate: float | None = None
    """Requests a second."""
    concurrency: int = 8
    limits: Limits = Limits()
    ca_file: Path | None = None
    """Certificates to trust besides those of the system."""
    seed: int = 1
    pinned: frozenset[str] | None = None
    """The requirements of the released contract version that counts; those that came later are only reported."""

    def scores(self, requirement: Requirement) -> bool:
        """Whether a requirement can fail the run."""
        is_pinned = self.pinned is None or requirement.id in self.pinned
        return is_pinned and requirement.level.rank <= self.level.rank


def target(contract: Contract, url: str, model: str | None, key: str | None = None) -> Target:
    """The target at an address that may end in `/v1` or in the operation's path, or not; without a key, that of the
    environment; an empty one is none. Raises ConfigurationError for what is no http address."""
    parts = urlsplit(url)
    try:
        port_is_good = parts.port is None or 0 < parts.port < 65536
    except ValueError:
        port_is_good = False
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_good or re.search(r"\s", url):
        raise ConfigurationError(f"expected an address as http://host:8000, got {url!r}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigurationError(f"expected an address without user, query or fragment; a key goes into {KEY_VARIABLE}")
    path = parts.path.rstrip("/").removesuffix(contract.path)
    for length in range(contract.path.count("/"), 0, -1):
        start = "/".join(contract.path.split("/")[: length + 1])
        if path.endswith(start):
            path = path.removesuffix(start)
            break
    key = (os.environ.get(KEY_VARIABLE) if key is None else key) or None
    if key is not None and not re.fullmatch(r"[\x21-\x7e]+", key):
        raise ConfigurationError(f"{KEY_VARIABLE} holds characters that no header can carry; check how it was set")
    if key is not None and len(key) < 2:
        raise ConfigurationError(f"{KEY_VARIABLE} holds one character, which is no key")
    default = str(contract.example_request["model"])
    return Target(f"{parts.scheme}://{parts.netloc}{path}{contract.path}", model or default, key)
