"""What the mock does with the profiles of its contract: one module a profile."""

from __future__ import annotations

from collections.abc import Collection

from .behaviour import Behaviour
from .reasoning import Reasoning
from .sampling import Sampling
from .stream_usage import StreamUsage
from .structured_output import StructuredOutput
from .tools import Tools

__all__ = ["Behaviour", "behaviours"]
BEHAVIOURS: dict[str, type[Behaviour]] = {
    "structured-output": StructuredOutput,
    "tools": Tools,
    "reasoning": Reasoning,
    "sampling": Sampling,
    "stream-usage": StreamUsage,
}
"""In the order in which they change an answer: probabilities are those of the text that is sent; usage comes last."""


def behaviours(profiles: Collection[str], instead: Collection[type[Behaviour]] = ()) -> list[Behaviour]:
    """Those of the profiles that change what is answered, with others in place of those that they extend."""
    usual = [kind for name, kind in BEHAVIOURS.items() if name in profiles]
    return [next((other for other in instead if issubclass(other, kind)), kind)() for kind in usual]
