"""Headers of the caller's own, sent with every request; a value that may be a secret stays out of what is written."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from urllib.parse import quote

from attrs import field, frozen

from ..contract import Contract
from ..errors import ConfigurationError
from .redaction import mask, redact_bytes

HARMLESS = frozenset({"accept", "accept-language", "from", "origin", "referer", "user-agent"})
"""Headers whose values may stand in reports."""
OURS = frozenset({"accept-encoding", "connection", "content-length", "content-type", "expect", "transfer-encoding"})
"""Headers that the suite or the connection sets."""
NAMES_A_SECRET = re.compile(r"key|token|secret|password|auth|bearer|cookie|session", re.IGNORECASE)
SHORTEST = 8
"""Characters below which a value is a word that any answer may have."""


@frozen
class ExtraHeader:
    """One header, as it is sent."""

    name: str
    value: str = field(repr=False)
    is_masked: bool = False
    """Whether what a target repeats of the value is masked."""

    @property
    def is_harmless(self) -> bool:
        """Whether reports and recordings may have the value."""
        return self.name.lower() in HARMLESS

    @property
    def variable(self) -> str:
        """What stands for the value in a command."""
        return re.sub(r"\W", "_", self.name).upper()


def read(contract: Contract, given: Iterable[str]) -> tuple[ExtraHeader, ...]:
    """Of ``Name: value`` each. Raises ConfigurationError, which repeats no value."""
    found: dict[str, ExtraHeader] = {}
    for text in given:
        name, colon, value = text.partition(":")
        value = value.strip(" \t")
        if not colon or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
            raise ConfigurationError("-H: expected 'Name: value'")
        if name.lower() == "authorization":
            raise ConfigurationError("-H Authorization: the key is read from ALPHAEDGE_API_KEY; leave the header out")
        if name.lower() in OURS:
            raise ConfigurationError(f"-H {name}: the suite sets this header itself; leave it out")
        if not re.fullmatch(r"[\t\x20-\x7e]*", value):
            raise ConfigurationError(f"-H {name}: expected a value of printable ASCII characters")
        if name.lower() in found:
            raise ConfigurationError(f"-H {name} was given more than once; give it once")
        is_word = len(value) < SHORTEST or value.lower() in contract.text.lower()
        header = ExtraHeader(name, value)
        found[name.lower()] = ExtraHeader(name, value, not header.is_harmless and not is_word)
    return tuple(found.values())


def masked(data: bytes, headers: Iterable[ExtraHeader]) -> bytes:
    """The same bytes, as many, with a mask for each value that is masked; of what is called a key or a token, for any
    larger piece of it too."""
    for header in headers:
        if not header.is_masked:
            continue
        if NAMES_A_SECRET.search(header.name):
            data = redact_bytes(data, header.value)
        for form in (header.value, quote(header.value, safe=""), b64encode(header.value.encode()).decode()):
            data = re.sub(re.escape(form.encode()), mask(form).encode(), data, flags=re.IGNORECASE)
    return data


def masked_text(text: str, headers: Iterable[ExtraHeader]) -> str:
    return masked(text.encode("utf-8", "surrogatepass"), headers).decode("utf-8", "surrogatepass")
