"""A server under test, by its address, its model and its key."""

from __future__ import annotations

import os
import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from attrs import field, frozen

from ..contract import Contract
from ..errors import ConfigurationError
from .chat import model_of
from .extra_headers import ExtraHeader

KEY_VARIABLE = "ALPHAEDGE_API_KEY"
VERSION = re.compile(r"v\d+((alpha|beta)\d*)?")
"""A segment of a path that is the version of an API."""


@frozen
class Price:
    """What a million tokens cost."""

    prompt: float
    completion: float
    currency: str = "USD"


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
    headers: tuple[ExtraHeader, ...] = ()
    """Sent with every request."""
    price: Price | None = None
    ignores: frozenset[str] = frozenset()
    """Members of a request that it declares to take and to ignore."""

    @name.default
    def _host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def is_loopback(self) -> bool:
        """Whether its address is one of this machine alone."""
        host = urlsplit(self.url).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")


def build_target(contract: Contract, url: str, model: str | None, key: str | None = None) -> Target:
    """The target at an address, which `_with_scheme` and `_with_operation` complete; without a key, that of the
    environment; an empty value counts as unset. Raises ConfigurationError for an invalid URL."""
    url = _with_scheme(url)
    parts = urlsplit(url)
    try:
        port_is_good = parts.port is None or 0 < parts.port < 65536
    except ValueError:
        port_is_good = False
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_good or re.search(r"\s", url):
        got = f", got {url!r}" if re.search(r"[.:/]", url) else ""  # what does not look like an address may be a key
        raise ConfigurationError(f"expected a URL such as http://host:8000{got}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigurationError(f"expected an address without user, query or fragment; a key goes into {KEY_VARIABLE}")
    key = (os.environ.get(KEY_VARIABLE) if key is None else key) or None
    if key is not None and not re.fullmatch(r"[\x21-\x7e]+", key):
        raise ConfigurationError(f"{KEY_VARIABLE} holds characters that no header can carry; check how it was set")
    if key is not None and len(key) < 2:
        raise ConfigurationError(f"{KEY_VARIABLE} holds a single character; set the whole key")
    default = model_of(contract.example_request) or ""
    path = _with_operation(parts.path.rstrip("/"), contract.path)
    return Target(f"{parts.scheme}://{parts.netloc}{path}", model or default, key)


HOST = re.compile(r"([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(:\d+)?(/[^?#@\s]*)?")
"""An address without a scheme. Upper case is not taken: a key that went astray must not be looked up."""


def _with_scheme(url: str) -> str:
    """An address without a scheme, completed: http where the host is this machine or in a private network, which seldom
    has a certificate, https for any other. A bare word stays as it is, since it may be a key."""
    if not HOST.fullmatch(url):
        return url
    host = urlsplit(f"//{url}").hostname or ""
    try:
        is_near = ip_address(host).is_private
    except ValueError:
        labels = host.split(".")
        if len(labels) == 1 and host != "localhost" and ":" not in url:
            return url
        if not re.search(r"[a-z]", labels[-1]):
            return url
        is_near = len(labels) == 1 or labels[-1] in ("internal", "lan", "local", "localhost", "test")
    return f"{'http' if is_near else 'https'}://{url}"


def _with_operation(path: str, operation: str) -> str:
    """A path of an address, completed to that of the operation: `/v1/chat/completions` and any other path that ends in
    `/chat/completions` stay, a version such as `/v1` or `/api/v3` stands for that of the contract, and any other path
    is a prefix."""
    first, *rest = operation.removeprefix("/").split("/")
    unversioned = "".join(f"/{part}" for part in rest) if VERSION.fullmatch(first) else operation
    if path.endswith(unversioned):
        return path
    for length in range(operation.count("/"), 1, -1):
        start = "/".join(operation.split("/")[:length])
        if path.endswith(start):
            return path.removesuffix(start) + operation
    return path + (unversioned if VERSION.fullmatch(path.rpartition("/")[2]) else operation)
