"""The client of the AlphaEdge API.

    from alphaedge import AlphaEdge

    alphaedge = AlphaEdge()  # with the key in ALPHAEDGE_API_KEY

What is named here is loaded when it is first used: `import alphaedge` loads neither the HTTP library nor the models.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as a type checker sees it, and without the cost of `typing`
if TYPE_CHECKING:
    from ._response import RawResponse as RawResponse
    from ._stream import AsyncStream as AsyncStream
    from ._stream import Stream as Stream
    from .client import AlphaEdge as AlphaEdge
    from .client import AsyncAlphaEdge as AsyncAlphaEdge
    from .errors import AlphaEdgeError as AlphaEdgeError
    from .errors import APIConnectionError as APIConnectionError
    from .errors import APIError as APIError
    from .errors import APIResponseError as APIResponseError
    from .errors import APIStatusError as APIStatusError
    from .errors import APIStreamError as APIStreamError
    from .errors import APITimeoutError as APITimeoutError
    from .errors import AuthenticationError as AuthenticationError
    from .errors import BadRequestError as BadRequestError
    from .errors import ConflictError as ConflictError
    from .errors import InternalServerError as InternalServerError
    from .errors import MissingMemberError as MissingMemberError
    from .errors import NotFoundError as NotFoundError
    from .errors import PermissionDeniedError as PermissionDeniedError
    from .errors import RateLimitError as RateLimitError
    from .errors import UnprocessableEntityError as UnprocessableEntityError
    from .models import AssistantMessage as AssistantMessage
    from .models import ChatCompletion as ChatCompletion
    from .models import ChatCompletionChunk as ChatCompletionChunk
    from .models import ChatMessage as ChatMessage
    from .models import ChatMessageRole as ChatMessageRole
    from .models import Choice as Choice
    from .models import ChunkChoice as ChunkChoice
    from .models import Delta as Delta
    from .models import ErrorResponse as ErrorResponse
    from .models import ErrorResponseError as ErrorResponseError
    from .models import FinishReason as FinishReason
    from .models import Usage as Usage
    from .types import ChatCompletionParams as ChatCompletionParams
    from .types import ChatCompletionRequest as ChatCompletionRequest
    from .types import ChatMessageParam as ChatMessageParam

__version__ = "0.1.0"

__all__ = (
    "__version__",
    "AlphaEdge",
    "AlphaEdgeError",
    "APIConnectionError",
    "APIError",
    "APIResponseError",
    "APIStatusError",
    "APIStreamError",
    "APITimeoutError",
    "AssistantMessage",
    "AsyncAlphaEdge",
    "AsyncStream",
    "AuthenticationError",
    "BadRequestError",
    "ChatCompletion",
    "ChatCompletionChunk",
    "ChatCompletionParams",
    "ChatCompletionRequest",
    "ChatMessage",
    "ChatMessageParam",
    "ChatMessageRole",
    "Choice",
    "ChunkChoice",
    "ConflictError",
    "Delta",
    "ErrorResponse",
    "ErrorResponseError",
    "FinishReason",
    "InternalServerError",
    "MissingMemberError",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimitError",
    "RawResponse",
    "Stream",
    "UnprocessableEntityError",
    "Usage",
)

_HOMES = {
    "AlphaEdge": "client",
    "AsyncAlphaEdge": "client",
    "AlphaEdgeError": "errors",
    "APIConnectionError": "errors",
    "APIError": "errors",
    "APIResponseError": "errors",
    "APIStatusError": "errors",
    "APIStreamError": "errors",
    "APITimeoutError": "errors",
    "AuthenticationError": "errors",
    "BadRequestError": "errors",
    "ConflictError": "errors",
    "InternalServerError": "errors",
    "MissingMemberError": "errors",
    "NotFoundError": "errors",
    "PermissionDeniedError": "errors",
    "RateLimitError": "errors",
    "UnprocessableEntityError": "errors",
    "AssistantMessage": "models",
    "ChatCompletion": "models",
    "ChatCompletionChunk": "models",
    "ChatMessage": "models",
    "ChatMessageRole": "models",
    "Choice": "models",
    "ChunkChoice": "models",
    "Delta": "models",
    "ErrorResponse": "models",
    "ErrorResponseError": "models",
    "FinishReason": "models",
    "Usage": "models",
    "ChatCompletionParams": "types",
    "ChatCompletionRequest": "types",
    "ChatMessageParam": "types",
    "RawResponse": "_response",
    "AsyncStream": "_stream",
    "Stream": "_stream",
}

if not TYPE_CHECKING:  # or no misspelt name would be an error

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(f".{_HOMES[name]}", __name__), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
