"""What was sent and what came back."""

from .exchange import Chunk, Exchange
from .operation import Operation
from .probe import CONTROL, STREAMED_CONTROL, Effort, Expect, ExpectedAnswer, Key, Probe, Wire, encode

__all__ = [
    "CONTROL",
    "STREAMED_CONTROL",
    "Chunk",
    "Effort",
    "Exchange",
    "Expect",
    "ExpectedAnswer",
    "Key",
    "Operation",
    "Probe",
    "Wire",
    "encode",
]
