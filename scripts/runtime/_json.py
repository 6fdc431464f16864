"""JSON as the client writes and reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ._model import Model

# Made once: `json.dumps` with options makes an encoder for each call. ASCII output also carries a lone surrogate,
# which has no UTF-8.
_encode = json.JSONEncoder(separators=(",", ":"), default=lambda value: _default(value)).encode
_scan = json.JSONDecoder().raw_decode


def encode(value: Any) -> bytes:
    """A request body. Models are sent as their declared members. Raises TypeError for what JSON cannot hold."""
    return _encode(value).encode()


def decode(text: str) -> Any:
    """Any JSON value; raises ValueError, whatever is wrong with the text."""
    try:
        value, end = _scan(text)  # `json.loads` less its search for white space
        if end == len(text):
            return value
    except ValueError:
        pass  # or there is white space before the value
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return json.loads(text)


def _default(value: Any) -> Any:
    if isinstance(value, Model):
        return value.declared()
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "__iter__"):
        return list(value)
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")
