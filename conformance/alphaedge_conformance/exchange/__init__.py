"""What was sent and what came back."""

from .exchange import Chunk, Exchange
from .probe import CONTROL, STREAMED_CONTROL, Expect, ExpectedAnswer, Key, Probe, encode

__all__ = ["CONTROL", "STREAMED_CONTROL", "Chunk", "Exchange", "Expect", "ExpectedAnswer", "Key", "Probe", "encode"]
