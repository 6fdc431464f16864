"""Lets a program bring a client of another library that has the interface of httpx, such as httpx2."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import httpx

from .errors import AlphaEdgeError


class OtherClient(Protocol):
    """A client of another library with the interface of httpx, such as httpx2."""

    def build_request(self, method: str, url: str, *, content: Any, headers: Any, extensions: Any) -> Any: ...

    def send(self, request: Any, *, stream: bool = False) -> OtherResponse: ...


class OtherResponse(Protocol):
    @property
    def status_code(self) -> int: ...

    def iter_raw(self) -> Iterator[bytes]: ...


class OtherAsyncClient(Protocol):
    def build_request(self, method: str, url: str, *, content: Any, headers: Any, extensions: Any) -> Any: ...

    async def send(self, request: Any, *, stream: bool = False) -> OtherAsyncResponse: ...


class OtherAsyncResponse(Protocol):
    @property
    def status_code(self) -> int: ...

    def aiter_raw(self) -> AsyncIterator[bytes]: ...


def through(http: Any) -> httpx.Client:
    """A client of httpx that sends what it is given through such a client."""
    return httpx.Client(transport=Through(http), timeout=timeout_of(http), trust_env=False)


def athrough(http: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=AsyncThrough(http), timeout=timeout_of(http), trust_env=False)


def timeout_of(http: Any) -> httpx.Timeout:
    if not hasattr(http, "build_request"):
        raise AlphaEdgeError(f"http_client is a {type(http).__qualname__}; give a client of httpx")
    return httpx.Timeout(**http.timeout.as_dict())


class Through(httpx.BaseTransport, httpx.SyncByteStream):
    """A transport, and the body of a response that came through it."""

    def __init__(self, other: Any, response: Any = None) -> None:
        self.other, self.response = other, response

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with translated(request):
            response = self.other.send(translate(self.other, request), stream=True)
        return httpx.Response(
            response.status_code,
            headers=response.headers.raw,
            stream=Through(self.other, response),
            extensions=response.extensions,
        )

    def __iter__(self) -> Iterator[bytes]:
        with translated():
            yield from self.response.iter_raw()

    def close(self) -> None:
        if self.response is not None:
            self.response.close()


class AsyncThrough(httpx.AsyncBaseTransport, httpx.AsyncByteStream):
    def __init__(self, other: Any, response: Any = None) -> None:
        self.other, self.response = other, response

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        with translated(request):
            response = await self.other.send(translate(self.other, request), stream=True)
        return httpx.Response(
            response.status_code,
            headers=response.headers.raw,
            stream=AsyncThrough(self.other, response),
            extensions=response.extensions,
        )

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with translated():
            async for piece in self.response.aiter_raw():
                yield piece

    async def aclose(self) -> None:
        if self.response is not None:
            await self.response.aclose()


def translate(other: Any, request: httpx.Request) -> Any:
    """The request as one of the other library."""
    headers = request.headers.multi_items()
    content, extensions = request.content, request.extensions
    return other.build_request(
        request.method, str(request.url), content=content, headers=headers, extensions=extensions
    )


@contextmanager
def translated(request: httpx.Request | None = None) -> Iterator[None]:
    """Raises the errors of the other library as those of httpx with the same names."""
    try:
        yield
    except Exception as error:
        kind = getattr(httpx, type(error).__name__, None)
        if isinstance(error, httpx.HTTPError) or not (isinstance(kind, type) and issubclass(kind, httpx.RequestError)):
            raise
        raise kind(str(error), request=request) from error
