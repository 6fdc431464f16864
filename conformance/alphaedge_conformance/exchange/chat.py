"""What chat completions mean in a request: the members, and the path of the models, that the machinery relies on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from .strict_json import Json

OPERATION, MODELS = "/chat/completions", "/models"
"""The ends of the paths of the operation and of the list of models."""


def asks_for_a_stream(request: Mapping[str, Any]) -> bool:
    return request.get("stream") is True


def leaves_the_mode_open(request: Mapping[str, Any]) -> bool:
    """Whether a request says nothing of streams, so that the same may be asked for as one."""
    return "stream" not in request


def as_a_stream(request: Json) -> Json:
    return {**request, "stream": True}


def model_of(request: Mapping[str, Any]) -> str | None:
    """The model that a request asks for, where it names one."""
    model = request.get("model")
    return model if isinstance(model, str) else None


def named_model(model: str) -> dict[str, str]:
    """What a member or a parameter for the model holds, by its name, in any operation."""
    return {"model": model}


def token_limit(request: Mapping[str, Any]) -> int | None:
    """The completion tokens that a request allows, where it sets a valid limit, which is that of each choice."""
    limit = next((count for name in LIMITS if (count := _count(request.get(name)))), None)
    return None if limit is None else limit * (_count(request.get("n")) or 1)


LIMITS = ("max_tokens", "max_completion_tokens")


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def affordable(request: Json, control: Json, most: int) -> Json:
    """A request of the control's model, with a valid limit that is at most so large."""
    limit = token_limit(request)
    limit = control["max_tokens"] if limit is None else 1 + (limit - 1) % most
    return {**request, "model": control["model"], "max_tokens": limit}


def models_address(url: str) -> str:
    """Where the models are listed, beside an operation or its path."""
    return url.removesuffix(OPERATION) + MODELS


WORD = re.compile(r"\bword-[0-9a-f]{10}\b")
"""What the suite calls a request by, in its prompt, so that it is known in another request's answer."""


def word(number: int) -> str:
    return f"word-{sha256(str(number).encode()).hexdigest()[:10]}"
