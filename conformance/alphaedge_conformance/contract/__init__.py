"""The contract: `openapi.yaml` as a document, an operation, schemas, validators and requirements."""

from .document import pointer, shorten, tokens
from .operations import METHODS
from .schemas import Keyword
from .validation import SHIPPED, Contract, Violation

__all__ = ["METHODS", "SHIPPED", "Contract", "Keyword", "Violation", "pointer", "shorten", "tokens"]
