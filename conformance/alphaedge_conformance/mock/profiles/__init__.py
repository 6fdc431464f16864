"""What the mock does with the profiles of its contract: one module a profile."""

from __future__ import annotations

from collections.abc import Collection

from ...contract import Contract
from ..sampled import Sampled
from .behaviour import Behaviour
from .embeddings import Embeddings
from .models import ListModels, OneModel
from .reasoning import Reasoning
from .sampling import Sampling
from .stream_usage import StreamUsage
from .structured_output import StructuredOutput
from .tools import Tools

__all__ = ["Behaviour", "behaviours", "endpoint"]
BEHAVIOURS: dict[str, type[Behaviour]] = {
    "structured-output": StructuredOutput,
    "tools": Tools,
    "reasoning": Reasoning,
    "sampling": Sampling,
    "stream-usage": StreamUsage,
}
"""In the order in which they change an answer: probabilities are those of the text that is sent; usage comes last."""


ENDPOINTS: dict[str, dict[str, type[Sampled]]] = {
    "models": {"listModels": ListModels, "getModel": OneModel},
    "embeddings": {"createEmbedding": Embeddings},
}
"""What answers the operations that a profile brings, by their operationIds."""


def behaviours(profiles: Collection[str], instead: Collection[type] = ()) -> list[Behaviour]:
    """Those of the profiles that change what is answered, with others in place of those that they extend."""
    usual = [kind for name, kind in BEHAVIOURS.items() if name in profiles]
    return [next((other for other in instead if issubclass(other, kind)), kind)() for kind in usual]


def endpoint(contract: Contract, instead: Collection[type] = ()) -> type[Sampled]:
    """What answers the operation that a contract is seen as, or what extends that."""
    usual = ENDPOINTS.get(contract.profile or "", {}).get(contract.name or "", Sampled)
    extending = (other for other in instead if usual is not Sampled and issubclass(other, usual))
    return next(extending, usual)
