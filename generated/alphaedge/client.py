# Made from openapi.yaml by `make generate`, through scripts/templates/; edit those.
"""`AlphaEdge` and `AsyncAlphaEdge`: where a program begins."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from ._client import AsyncClient, SyncClient

if TYPE_CHECKING:
    from . import resources


class AlphaEdge(SyncClient):
    """The API.

    Every option is optional. The client keeps its connections open for the next call: make one and share it
    between threads, and `close()` it at the end, or use it in a `with` block.

    Args:
        api_key: The API key, or a function that returns it for each call; `ALPHAEDGE_API_KEY` by
            default. It is shown in no repr, log or error.
        base_url: Another server or gateway, with or without `/v1`; `ALPHAEDGE_BASE_URL`, or else
            https://api.alphaedge-ai.com, by default.
        timeout: Seconds to wait for the next bytes of an answer, 300 by default; 5 at most for a connection. Or an
            `httpx.Timeout`, which names each; `math.inf` for no timeout.
        max_retries: How often a call is retried after a lost connection, 408, 409, 429 or 5xx, 2 by default;
            after 0.5 to 8 seconds, or as long as the server's Retry-After says. A timeout is not retried.
        default_headers: Headers to send with each request as well, or instead.
        default_query: Parameters of the URL to send with each request.
        http_client: An `httpx.Client` of your own, or of httpx2, for proxies, certificates or hooks.
            You close it.

    Raises:
        AlphaEdgeError: There is no API key, or `base_url` is not a valid URL.
    """

    _server = "https://api.alphaedge-ai.com"
    _user_agent = "alphaedge-python/0.1.0"

    @cached_property
    def chat(self) -> resources.Chat:
        """`/chat`"""
        from . import resources

        return resources.Chat(self)


class AsyncAlphaEdge(AsyncClient):
    """The API, for `await` and `async for`.

    Every option is optional. The client keeps its connections open for the next call: make one and share it
    between tasks, and `await close()` it at the end, or use it in an `async with` block.

    Args:
        api_key: The API key, or a function that returns it for each call, possibly to be awaited; `ALPHAEDGE_API_KEY` by
            default. It is shown in no repr, log or error.
        base_url: Another server or gateway, with or without `/v1`; `ALPHAEDGE_BASE_URL`, or else
            https://api.alphaedge-ai.com, by default.
        timeout: Seconds to wait for the next bytes of an answer, 300 by default; 5 at most for a connection. Or an
            `httpx.Timeout`, which names each; `math.inf` for no timeout.
        max_retries: How often a call is retried after a lost connection, 408, 409, 429 or 5xx, 2 by default;
            after 0.5 to 8 seconds, or as long as the server's Retry-After says. A timeout is not retried.
        default_headers: Headers to send with each request as well, or instead.
        default_query: Parameters of the URL to send with each request.
        http_client: An `httpx.AsyncClient` of your own, or of httpx2, for proxies, certificates or hooks.
            You close it.

    Raises:
        AlphaEdgeError: There is no API key, or `base_url` is not a valid URL.
    """

    _server = "https://api.alphaedge-ai.com"
    _user_agent = "alphaedge-python/0.1.0"

    @cached_property
    def chat(self) -> resources.AsyncChat:
        """`/chat`"""
        from . import resources

        return resources.AsyncChat(self)
