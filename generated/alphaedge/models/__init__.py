"""Contains all the data models used in inputs/outputs"""

from .assistant_message import AssistantMessage
from .chat_completion import ChatCompletion
from .chat_completion_chunk import ChatCompletionChunk
from .chat_completion_request import ChatCompletionRequest
from .chat_message import ChatMessage
from .chat_message_role import ChatMessageRole
from .choice import Choice
from .chunk_choice import ChunkChoice
from .delta import Delta
from .error_response import ErrorResponse
from .error_response_error import ErrorResponseError
from .finish_reason import FinishReason
from .usage import Usage

__all__ = (
    "AssistantMessage",
    "ChatCompletion",
    "ChatCompletionChunk",
    "ChatCompletionRequest",
    "ChatMessage",
    "ChatMessageRole",
    "Choice",
    "ChunkChoice",
    "Delta",
    "ErrorResponse",
    "ErrorResponseError",
    "FinishReason",
    "Usage",
)
