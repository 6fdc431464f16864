"""The conformance suite of the AlphaEdge contract: judges any server of ``POST /v1/chat/completions``."""
