# Copied from scripts/runtime/_response.py by `make generate`; edit that.
"""From a response to what a call returns: a model, a stream, or either with status and headers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, NoReturn, ParamSpec, TypeVar, cast

import attrs

from ._json import decode, unreadable
from ._model import Model, with_request_id
from ._redaction import Secret
from ._transport import HttpResponse, redacted, unexpected_body_error
from .errors import APIResponseError, request_id

if TYPE_CHECKING:
    from ._stream import AsyncStream, Stream

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
ModelT = TypeVar("ModelT", bound=Model)
ChunkT = TypeVar("ChunkT", bound=Model)
WholeT = TypeVar("WholeT", bound=Model)


class ResponseParser:
    """A response with a status of 2xx."""

    def __init__(self, response: HttpResponse, secret: Secret, http: object) -> None:
        self._response = response
        self._secret = secret
        self._http = http

    def model(self, kind: type[ModelT]) -> ModelT:
        """Raises APIResponseError where the body is not a JSON object, or reports an error and nothing else."""
        value: Any = None
        wrong = ""
        try:
            value = decode(self._response.content.decode())
        except ValueError as error:
            wrong = f"{unreadable(error)}, got"
        else:
            if type(value) is not dict:
                wrong = "expected a JSON object, got"
            elif value.get("error") and not value.keys() & attrs.fields_dict(kind).keys():
                wrong = "the server reported an error"
        if wrong:
            self._refuse(wrong)
        return with_request_id(kind.from_dict(value), self._response.headers, self._secret)

    def stream(self, chunk: type[ChunkT], whole: type[WholeT]) -> Stream[ChunkT, WholeT]:
        from ._stream import Stream

        return Stream.open(self._response, chunk, whole, self._secret, self._http)

    async def astream(self, chunk: type[ChunkT], whole: type[WholeT]) -> AsyncStream[ChunkT, WholeT]:
        from ._stream import AsyncStream

        return await AsyncStream.open(self._response, chunk, whole, self._secret, self._http)

    def _refuse(self, what: str) -> NoReturn:
        raise unexpected_body_error(APIResponseError, self._response, self._secret, what, self._response.content)


@attrs.frozen
class RawResponse(Generic[T_co]):
    """A successful answer with its status and headers."""

    status_code: int
    headers: Mapping[str, str]
    """By name in any case."""
    parse: Callable[[], T_co] = attrs.field(repr=False)
    """What the call without `with_raw_response` returns. Raises APIResponseError if the body is something else."""
    _response: HttpResponse = attrs.field(repr=False, eq=False)

    @property
    def content(self) -> bytes:
        """The body as bytes; empty for a stream, which `parse()` reads."""
        return self._response.content if self._response.is_stream_consumed else b""

    @property
    def request_id(self) -> str | None:
        """The `x-request-id` header."""
        return request_id(self.headers)


class RawResponseParser(ResponseParser):
    """Gives a RawResponse of what a ResponseParser gives."""

    def model(self, kind: type[ModelT]) -> Any:
        return self._raw(partial(super().model, kind))

    def stream(self, chunk: type[ChunkT], whole: type[WholeT]) -> Any:
        stream = super().stream(chunk, whole)
        return self._raw(lambda: stream)

    async def astream(self, chunk: type[ChunkT], whole: type[WholeT]) -> Any:
        stream = await super().astream(chunk, whole)
        return self._raw(lambda: stream)

    def _raw(self, parse: Callable[[], T]) -> RawResponse[T]:
        headers = redacted(self._response.headers, self._secret)
        return RawResponse(self._response.status_code, headers, parse, self._response)


# A method of a resource whose client gives raw answers, as the type checker should see it.


def raw(method: Callable[P, T]) -> Callable[P, RawResponse[T]]:
    return cast(Callable[P, RawResponse[T]], method)


def araw(method: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[RawResponse[T]]]:
    return cast(Callable[P, Awaitable[RawResponse[T]]], method)
