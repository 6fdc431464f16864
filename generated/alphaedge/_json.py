# Copied from scripts/runtime/_json.py by `make generate`; edit that.
"""JSON as the client writes and reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ._model import Model
from .errors import AlphaEdgeError

# Made once: `json.dumps` with options makes an encoder for each call. ASCII output also carries a lone surrogate,
# which has no UTF-8.
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, default=lambda value: _default(value)).encode
_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # typeshed has not heard of it


def encode(value: Mapping[str, Any]) -> bytes:
    """A request body. Models are sent as the members that the contract names.

    Raises AlphaEdgeError for what JSON has no form for, naming the member, and TypeError for other objects.
    """
    try:
        return _encode(value).encode()
    except (ValueError, RecursionError) as error:
        raise AlphaEdgeError(f"{_unwritable(value)} cannot be sent as JSON: {error or type(error).__name__}") from None


def decode(text: str) -> Any:
    """Any JSON value; raises ValueError, whatever is wrong with the text."""
    try:
        value, end = _scan(text, 0)  # `json.loads` less its search for white space
        if end == len(text):
            return value
    except (ValueError, StopIteration):
        pass  # or there is white space before the value
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None


TOO_DEEP = "expected JSON that is nested less deeply"


def unreadable(error: ValueError) -> str:
    """What was expected of a text that `decode` refused."""
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
        return "expected JSON"
    return TOO_DEEP if str(error) == TOO_DEEP else "expected JSON with shorter integers"


def _unwritable(body: Mapping[str, Any]) -> str:
    """The first member that has no form in JSON."""
    for name, value in body.items():
        try:
            _encode(value)
        except (ValueError, RecursionError):
            return f"{name}={value!r}" if isinstance(value, float) else str(name)
    return "the request"


def _default(value: Any) -> Any:
    if isinstance(value, Model):
        return value.to_request_dict()
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "__iter__"):
        return list(value)
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")
