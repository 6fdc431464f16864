"""JSON as RFC 8259 has it, and nothing that Python takes besides."""

from __future__ import annotations

import json
from typing import Any, NoReturn

Json = dict[str, Any]
"""A JSON object."""


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def loads(text: str | bytes) -> Any:
    """Strict JSON; raises ValueError, also for NaN and for a depth that Python does not parse."""
    try:
        return _DECODER.decode(text.decode("utf-8") if isinstance(text, bytes) else text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
