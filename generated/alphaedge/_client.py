"""What the two clients have: where the API is, the key, and how a request is sent."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from inspect import isawaitable, iscoroutinefunction
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self

from ._redaction import Secret
from .errors import AlphaEdgeError

if TYPE_CHECKING:
    from ._response import ResponseParser
    from ._transport import AsyncHttpClient, HttpClient, Timeout

TIMEOUT = 300.0
"""Seconds. An answer that is not streamed comes all at once, after minutes of silence where it is long."""
RETRIES = 2


class Client:
    """The options of a client. The HTTP library is loaded when a client is made, not when this module is."""

    _server: ClassVar[str]
    _user_agent: ClassVar[str]

    def __init__(
        self,
        api_key: str | Callable[[], Any] | None,
        base_url: str | None,
        timeout: float | Timeout | None,
        max_retries: int | None,
        default_headers: Mapping[str, str] | None,
        default_query: Mapping[str, Any] | None,
        http_client: HttpClient | AsyncHttpClient,
        *,
        is_own: bool,
    ) -> None:
        from ._transport import DEFAULT_TIMEOUT

        self._set_key(api_key or os.environ.get("ALPHAEDGE_API_KEY"))
        self._base_url = base_url or os.environ.get("ALPHAEDGE_BASE_URL") or self._server
        if timeout is None and not is_own and http_client.timeout != DEFAULT_TIMEOUT:
            timeout = http_client.timeout
        self._timeout = TIMEOUT if timeout is None else timeout
        self._default_headers, self._default_query = default_headers, default_query
        self._max_retries = _retries(max_retries)
        self._http: Any = http_client
        self._is_own = self._closes = is_own
        self._set_up(gives_raw=False)

    @property
    def base_url(self) -> str:
        """Where the API is, as it was given."""
        return self._base_url

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self._requests.base_url!r}, max_retries={self._max_retries})"

    def with_options(
        self,
        *,
        api_key: str | Callable[[], Any] | None = None,
        base_url: str | None = None,
        timeout: float | Timeout | None = None,
        max_retries: int | None = None,
        default_headers: Mapping[str, str] | None = None,
        default_query: Mapping[str, Any] | None = None,
    ) -> Self:
        """A client with other options and the same connections, which this client still closes."""
        twin = self._twin()
        if api_key is not None:
            twin._set_key(api_key)
        if base_url is not None:
            twin._base_url = base_url
        if timeout is not None:
            twin._timeout = timeout
        if max_retries is not None:
            twin._max_retries = _retries(max_retries)
        if default_headers is not None:
            twin._default_headers = default_headers
        if default_query is not None:
            twin._default_query = default_query
        twin._set_up(gives_raw=False)
        return twin

    def with_raw_responses(self) -> Self:
        """A client whose calls give a RawResponse, whatever their types say: for `with_raw_response` of a resource."""
        twin = self._twin()
        twin._set_up(gives_raw=True)
        return twin

    def _set_key(self, api_key: str | Callable[[], Any] | None) -> None:
        self._key_source = api_key if callable(api_key) else None
        self._api_key = Secret() if callable(api_key) else _key(api_key)

    def _twin(self) -> Self:
        twin = object.__new__(type(self))
        # The options; not the resources, which are kept by their public names and lead to this client.
        twin.__dict__.update({name: value for name, value in self.__dict__.items() if name.startswith("_")})
        twin._closes = False
        return twin

    def _set_up(self, *, gives_raw: bool) -> None:
        """Makes what the calls share of the options."""
        from ._response import RawResponseParser, ResponseParser
        from ._transport import Requests

        self._parser: type[ResponseParser] = RawResponseParser if gives_raw else ResponseParser
        self._requests = Requests(
            self._http,
            is_own=self._is_own,
            base_url=self._base_url,
            api_key=self._api_key,
            timeout=self._timeout,
            user_agent=self._user_agent,
            headers=self._default_headers,
            query=self._default_query,
        )


class SyncClient(Client):
    """Sends requests and waits for their answers."""

    def __init__(
        self,
        api_key: str | Callable[[], str] | None = None,
        *,
        base_url: str | None = None,
        timeout: float | Timeout | None = None,
        max_retries: int | None = None,
        default_headers: Mapping[str, str] | None = None,
        default_query: Mapping[str, Any] | None = None,
        http_client: HttpClient | None = None,
    ) -> None:
        from ._transport import OwnClient

        if http_client is not None and iscoroutinefunction(http_client.send):
            raise AlphaEdgeError("http_client is asynchronous; give an httpx.Client, or use AsyncAlphaEdge")
        http = OwnClient() if http_client is None else http_client
        super().__init__(
            *(api_key, base_url, timeout, max_retries, default_headers, default_query, http), is_own=http_client is None
        )

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        stream: bool | None = None,
        extra_headers: Mapping[str, str] | None = None,
        extra_query: Mapping[str, Any] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        timeout: float | Timeout | None = None,
    ) -> ResponseParser:
        """Sends what is not None, and the extra members as they are."""
        from ._transport import send

        secret, is_stream = self._api_key, bool(stream)
        if self._key_source is not None:
            secret = _key(self._key_source())
        if extra_query:
            query = {**(query or {}), **extra_query}
        request = self._requests.make(method, path, query, body, extra_headers, extra_body, timeout, is_stream, secret)
        response = send(self._http, request, retries=self._max_retries, secret=secret, stream=is_stream)
        return self._parser(response, secret, self._http)

    def close(self) -> None:
        """Closes the connections, unless they are of an `http_client` that was given."""
        if self._closes:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncClient(Client):
    """Sends requests and awaits their answers."""

    def __init__(
        self,
        api_key: str | Callable[[], str | Awaitable[str]] | None = None,
        *,
        base_url: str | None = None,
        timeout: float | Timeout | None = None,
        max_retries: int | None = None,
        default_headers: Mapping[str, str] | None = None,
        default_query: Mapping[str, Any] | None = None,
        http_client: AsyncHttpClient | None = None,
    ) -> None:
        from ._transport import OwnAsyncClient

        if http_client is not None and not iscoroutinefunction(http_client.send):
            raise AlphaEdgeError("http_client is synchronous; give an httpx.AsyncClient, or use AlphaEdge")
        http = OwnAsyncClient() if http_client is None else http_client
        super().__init__(
            *(api_key, base_url, timeout, max_retries, default_headers, default_query, http), is_own=http_client is None
        )

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        stream: bool | None = None,
        extra_headers: Mapping[str, str] | None = None,
        extra_query: Mapping[str, Any] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        timeout: float | Timeout | None = None,
    ) -> ResponseParser:
        """Sends what is not None, and the extra members as they are."""
        from ._transport import asend

        secret, is_stream = self._api_key, bool(stream)
        if self._key_source is not None:
            key = self._key_source()
            secret = _key(await key if isawaitable(key) else key)
        if extra_query:
            query = {**(query or {}), **extra_query}
        request = self._requests.make(method, path, query, body, extra_headers, extra_body, timeout, is_stream, secret)
        response = await asend(self._http, request, retries=self._max_retries, secret=secret, stream=is_stream)
        return self._parser(response, secret, self._http)

    async def close(self) -> None:
        """Closes the connections, unless they are of an `http_client` that was given."""
        if self._closes:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()


def _retries(max_retries: int | None) -> int:
    if max_retries is None:
        return RETRIES
    if not isinstance(max_retries, int) or max_retries < 0:
        raise AlphaEdgeError(f"max_retries is {max_retries!r}; give a whole number, 0 for none")
    return max_retries


def _key(api_key: str | None) -> Secret:
    """The key without the white space that files and shells leave around it."""
    key = (api_key or "").strip()
    if not key:
        raise AlphaEdgeError("no API key; give api_key= or set ALPHAEDGE_API_KEY")
    if not (key.isascii() and key.isprintable()):
        raise AlphaEdgeError("the API key has characters that no HTTP header can carry; was it copied whole?")
    return Secret(key)
