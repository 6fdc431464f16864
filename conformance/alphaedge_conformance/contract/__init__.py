"""The contract: `openapi.yaml` as a document, an operation, schemas, validators and requirements."""

from .document import pointer, shorten, tokens
from .operations import METHODS
from .places import Keyword, Place
from .validation import SHIPPED, Contract, Violation

__all__ = ["METHODS", "SHIPPED", "Contract", "Keyword", "Place", "Violation", "pointer", "shorten", "tokens"]
