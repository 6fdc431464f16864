# Copied from scripts/runtime/_redaction.py by `make generate`; edit that.
"""Keeps the API key out of everything that is printed."""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from typing import Any, TypeVar

T = TypeVar("T", str, bytes)

SHORTEST = 8
"""A shorter key, such as `none` or `key` of a server that lets anybody in, is an ordinary word, and is taken for the
key only after `Bearer`: as the header that a server echoes.
"""

REDACTED = "[redacted]"
ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
OTHER_FORMS = {" ": r"\+", "+": "-", "/": "_", "'": r"""'\\{0,8}"?'\\{0,8}"?'"""}
"""Of a form, of base64 for URLs, and of a shell."""


class Secret(str):
    """A string whose repr does not show it: in `vars()`, a debugger, a traceback with locals."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"'{REDACTED}'"


def redact(text: T, secret: str) -> T:
    """The text without the secret, which some servers echo in their errors, however they encoded it."""
    if not secret:
        return text
    if isinstance(text, bytes):
        return redact(text.decode("latin-1"), secret).encode("latin-1")
    pattern = _pattern(secret)
    if "\0" in text:  # as in UTF-16
        bare = text.replace("\0", "")
        return pattern.sub(REDACTED, bare) if pattern.search(bare) else text
    return pattern.sub(REDACTED, text)


def redact_json(value: Any, secret: str) -> Any:
    """A JSON value without the secret in its strings and names. Raises RecursionError for one that is nested deeply."""
    if isinstance(value, str):
        return redact(value, secret)
    if isinstance(value, list):
        return [redact_json(item, secret) for item in value]
    if isinstance(value, dict):
        return {redact(name, secret): redact_json(item, secret) for name, item in value.items()}
    return value


def redact_error(error: BaseException, secret: str) -> None:
    """Takes the secret out of an error of another library and of what led to it: a traceback prints all of them."""
    seen = set[int]()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        args = tuple(_redact_any(item, secret) for item in at.args)
        if args != at.args:
            at.args = args
        at = at.__cause__ or at.__context__


def _redact_any(value: Any, secret: str) -> Any:
    if isinstance(value, str):
        return redact(value, secret)
    return redact(value, secret) if isinstance(value, bytes) else value


@lru_cache(maxsize=16)
def _pattern(secret: str) -> re.Pattern[str]:
    """The secret in any case and any of the encodings below."""
    if len(secret) < SHORTEST:
        return re.compile(rf"{_written(f'Bearer {secret}')}(?!\w)", re.IGNORECASE | re.ASCII)
    raw = secret.encode()
    spellings = [secret, raw.hex()]
    for shift in range(3):  # base64 of a text that has the secret in it, as of `user:secret`
        whole = base64.b64encode(b"\0" * shift + raw).decode()
        spellings.append(whole[(0, 2, 3)[shift] : (shift + len(raw)) * 8 // 6])
    return re.compile("|".join(map(_written, spellings)), re.IGNORECASE | re.ASCII)


def _written(spelling: str) -> str:
    """Quantifiers are bounded and possessive, so that no text makes the search slow."""
    return "".join(_character(run) for run in re.findall(r"\\+|[^\\]", spelling))


def _character(run: str) -> str:
    """One character, or several backslashes, as JSON, URLs, HTML, shells and Python write it, twice over too."""
    code = f"{ord(run[0]):02x}"
    plain = rf"\\{{{len(run)},64}}+" if run[0] == "\\" else rf"\\{{0,8}}+{re.escape(run)}"
    forms = [
        plain,
        rf"\\{{1,8}}+(?:u00|x){code}",
        rf"%(?:25){{0,3}}{code}",
        rf"&(?:amp;){{0,3}}+#(?:0{{0,6}}+{ord(run[0])}|x0{{0,6}}+{code});",
    ]
    if run in ENTITIES:
        forms.append(f"&(?:amp;){{0,3}}{ENTITIES[run]};")
    if run in OTHER_FORMS:
        forms.append(OTHER_FORMS[run])
    if run[0] == "\\":
        escaped = rf"(?:{'|'.join(forms[1:])})"
        forms = [plain, rf"{escaped}{{{len(run)}}}"]
    return f"(?:{'|'.join(forms)})"
