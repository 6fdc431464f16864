"""The chunks of a streamed answer, as they come."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from time import monotonic
from types import TracebackType
from typing import Any, Generic, NoReturn, Self, TypeVar, cast

from ._events import DONE, ErrorEvent, EventDecoder
from ._fold import Fold
from ._json import decode, unreadable
from ._model import Model, with_request_id
from ._redaction import Secret, redact, redact_error
from ._transport import (
    HttpResponse,
    RequestError,
    TimeoutException,
    aread,
    place,
    read,
    reading,
    unexpected_body_error,
    waiting_at_most,
)
from .errors import AlphaEdgeError, APIResponseError, APIStreamError, APITimeoutError, request_id

ChunkT = TypeVar("ChunkT", bound=Model)
WholeT = TypeVar("WholeT", bound=Model)

LAST_WAIT = 1.0
"""Seconds to wait after `[DONE]` for the end of the response, so that the connection can be used again."""

OTHER_TYPES = ("application/json", "text/html")
"""Labels of bodies that are no stream; any other label is tried as one."""


class Chunks(Generic[ChunkT]):
    """An open response as chunks. It knows nothing of the stream that holds it: so a stream that a program drops
    without closing it is freed at once, and the connection with it. It holds the HTTP client, which closes its
    connections when nobody holds it.
    """

    def __init__(self, response: HttpResponse, chunk: type[ChunkT], secret: Secret, http: object) -> None:
        self.response = response
        self._http = http
        self._chunk = chunk.from_dict
        self._secret = secret
        wait = response.request.extensions.get("timeout", {}).get("read")
        self._longest_wait = math.inf if wait is None else wait
        self._waited = 0.0
        self._begun = set[Any]()
        self._finished = set[Any]()
        self._last_open: Any = None
        """The index of the choice that the chunk before was of, unless that finished it."""

    def read(self) -> Generator[ChunkT, None, None]:
        """Yields nothing of use first: only a generator that was begun closes the response when it is dropped."""
        try:
            yield cast(ChunkT, None)
            decoder, came = EventDecoder(), False
            pieces = self.response.iter_bytes()
            with reading(self.response, self._secret):
                asked = monotonic()
                for piece in pieces:
                    self._waited += monotonic() - asked
                    for data in decoder.feed(piece):
                        if data[:6] == DONE:
                            if not came:
                                self._refuse("it has no chunk before [DONE]")
                            self._drain(pieces)
                            return
                        came = True
                        yield self._model(data)
                        self._waited = 0.0
                    self._check_idle_timeout(decoder)
                    asked = monotonic()
            if DONE not in decoder.end():
                self._refuse("it ended without [DONE]; the answer may be cut")
            if not came:
                self._refuse("it has no chunk before [DONE]")
        finally:
            self.response.close()

    async def aread(self) -> AsyncGenerator[ChunkT]:
        try:
            yield cast(ChunkT, None)
            decoder, came = EventDecoder(), False
            pieces = self.response.aiter_bytes()
            with reading(self.response, self._secret):
                asked = monotonic()
                async for piece in pieces:
                    self._waited += monotonic() - asked
                    for data in decoder.feed(piece):
                        if data[:6] == DONE:
                            if not came:
                                self._refuse("it has no chunk before [DONE]")
                            await self._adrain(pieces)
                            return
                        came = True
                        yield self._model(data)
                        self._waited = 0.0
                    self._check_idle_timeout(decoder)
                    asked = monotonic()
            if DONE not in decoder.end():
                self._refuse("it ended without [DONE]; the answer may be cut")
            if not came:
                self._refuse("it has no chunk before [DONE]")
        finally:
            await self.response.aclose()

    @contextmanager
    def reject_non_stream(self) -> Iterator[bool]:
        """Whether the answer is labelled as no stream; then its body is to be read in this block, which raises."""
        media_type: str = self.response.headers.get("content-type", "")
        is_other = media_type.lower().startswith(OTHER_TYPES)
        with reading(self.response, self._secret):
            yield is_other
        if is_other:
            what = f"expected a stream of events, got {media_type}"
            raise unexpected_body_error(APIResponseError, self.response, self._secret, what, self.response.content)

    def _model(self, data: str) -> ChunkT:
        value: Any = None
        if type(data) is ErrorEvent:
            self._refuse("the server reported an error", data)
        wrong = ""
        try:
            value = decode(data)
        except ValueError as error:
            wrong = f"{unreadable(error)} in an event, got"
        if wrong:
            self._refuse(wrong, data)
        if type(value) is not dict:
            self._refuse("an event is not a JSON object", data)
        if value.get("error"):
            self._refuse("the server reported an error", data)
        try:
            for choice in value["choices"]:
                if choice["index"] != self._last_open or choice.get("finish_reason"):
                    self._follow(choice)
        except (KeyError, TypeError):  # of another form than the contract's
            choices = value.get("choices")
            for choice in choices if type(choices) is list else ():
                if type(choice) is dict:
                    self._follow(choice)
        return self._chunk(value)

    def _follow(self, choice: dict[str, Any]) -> None:
        """Notes which choices have begun, and which of them are finished."""
        index = choice.get("index")
        index = index if type(index) is int else 0
        self._begun.add(index)
        self._last_open = index
        if choice.get("finish_reason"):
            self._finished.add(index)
            self._last_open = None

    def _refuse(self, what: str, data: str = "") -> NoReturn:
        raise self._broken_off(what, data)

    def _broken_off(self, what: str, data: str = "") -> APIStreamError:
        content = data.encode("utf-8", "replace")
        what = f"the stream broke off: {what}"
        return unexpected_body_error(APIStreamError, self.response, self._secret, what, content)

    def _check_idle_timeout(self, decoder: EventDecoder) -> None:
        """Comments keep a connection open; they do not make the program wait for ever.

        What counts is the time spent waiting for bytes, not that in which the program did something else.
        """
        if decoder.is_within_field:
            self._waited = 0.0
        elif self._waited > self._longest_wait:
            where = redact(place(self.response.request), self._secret)
            seconds = f"{self._longest_wait:g} s"
            raise APITimeoutError(f"{where}: only comments for {seconds}; a longer `timeout` may help")

    def _drain(self, pieces: Iterator[bytes]) -> None:
        with self._ending(), waiting_at_most(self.response, LAST_WAIT):
            end = monotonic() + LAST_WAIT
            for _ in pieces:
                if monotonic() > end:
                    break

    async def _adrain(self, pieces: AsyncIterator[bytes]) -> None:
        import anyio

        with self._ending(), anyio.move_on_after(LAST_WAIT):
            async for _ in pieces:
                pass

    @contextmanager
    def _ending(self) -> Iterator[None]:
        """After `[DONE]` the answer is whole and only the connection can be lost, unless a choice did not finish."""
        try:
            yield
        except TimeoutException:
            pass
        except RequestError as error:
            if self._begun - self._finished:
                failure = self._broken_off("the transfer broke and a choice has no finish_reason; it may be cut")
                redact_error(error, self._secret)
                raise failure from error


class _Streamed(Generic[ChunkT, WholeT]):
    """What both streams have."""

    def __init__(
        self, response: HttpResponse, chunk: type[ChunkT], whole: type[WholeT], secret: Secret, http: object
    ) -> None:
        self._source = Chunks(response, chunk, secret, http)
        self._response = response
        self._whole = whole
        self._secret = secret
        self._fold = Fold()
        self._is_taken_by_chunk = False

    def __repr__(self) -> str:
        where = redact(place(self._response.request), self._secret)
        return f"<{type(self).__name__} {self._response.status_code} {where}>"

    @property
    def request_id(self) -> str | None:
        """The `x-request-id` header."""
        number = request_id(self._response.headers)
        return redact(number, self._secret) if number else None

    def _begin_fold(self) -> Fold:
        if self._is_taken_by_chunk:
            raise AlphaEdgeError(
                "chunks were taken from this stream already; iterate over text(), then call final_completion()"
            )
        return self._fold


class Stream(_Streamed[ChunkT, WholeT]):
    """Iterates over the chunks of an answer as they come, and closes the connection when left early.

    Raises APIStreamError where the server reports an error, sends no chunk or ends without `[DONE]`, and
    APIConnectionError where the connection is lost. As a context manager, it closes the connection at the end of the
    block.
    """

    def __init__(
        self, response: HttpResponse, chunk: type[ChunkT], whole: type[WholeT], secret: Secret, http: object
    ) -> None:
        super().__init__(response, chunk, whole, secret, http)
        self._chunks = self._source.read()
        next(self._chunks)

    @classmethod
    def open(
        cls, response: HttpResponse, chunk: type[ChunkT], whole: type[WholeT], secret: Secret, http: object
    ) -> Self:
        """Raises APIResponseError where the answer is labelled as no stream."""
        stream = cls(response, chunk, whole, secret, http)
        with stream._source.reject_non_stream() as is_other:
            if is_other:
                read(response)
        return stream

    def __iter__(self) -> Iterator[ChunkT]:
        self._is_taken_by_chunk = True
        return self._chunks

    def __next__(self) -> ChunkT:
        self._is_taken_by_chunk = True
        return next(self._chunks)

    def text(self) -> Iterator[str]:
        """The text of the first choice, piece by piece; then `final_completion()` gives the whole answer."""
        fold = self._begin_fold()
        for chunk in self._chunks:
            if piece := fold.add(chunk.raw):
                yield piece

    def final_completion(self) -> WholeT:
        """Reads to the end and returns the whole answer, as a call without `stream` gives it.

        After an error, a second call returns what came before it.
        """
        fold = self._begin_fold()
        for chunk in self._chunks:
            fold.add(chunk.raw)
        return with_request_id(self._whole.from_dict(fold.whole()), self._response.headers, self._secret)

    def close(self) -> None:
        """Closes the connection, unless the stream was read to its end."""
        self._chunks.close()
        self._response.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncStream(_Streamed[ChunkT, WholeT]):
    """As `Stream`, for `async for` and `async with`."""

    def __init__(
        self, response: HttpResponse, chunk: type[ChunkT], whole: type[WholeT], secret: Secret, http: object
    ) -> None:
        super().__init__(response, chunk, whole, secret, http)
        self._chunks = self._source.aread()

    @classmethod
    async def open(
        cls, response: HttpResponse, chunk: type[ChunkT], whole: type[WholeT], secret: Secret, http: object
    ) -> Self:
        """Raises APIResponseError where the answer is labelled as no stream."""
        stream = cls(response, chunk, whole, secret, http)
        await anext(stream._chunks)
        with stream._source.reject_non_stream() as is_other:
            if is_other:
                await aread(response)
        return stream

    def __aiter__(self) -> AsyncIterator[ChunkT]:
        self._is_taken_by_chunk = True
        return self._chunks

    async def __anext__(self) -> ChunkT:
        self._is_taken_by_chunk = True
        return await anext(self._chunks)

    async def text(self) -> AsyncIterator[str]:
        """The text of the first choice, piece by piece; then `final_completion()` gives the whole answer."""
        fold = self._begin_fold()
        async for chunk in self._chunks:
            if piece := fold.add(chunk.raw):
                yield piece

    async def final_completion(self) -> WholeT:
        """Reads to the end and returns the whole answer, as a call without `stream` gives it.

        After an error, a second call returns what came before it.
        """
        fold = self._begin_fold()
        async for chunk in self._chunks:
            fold.add(chunk.raw)
        return with_request_id(self._whole.from_dict(fold.whole()), self._response.headers, self._secret)

    async def close(self) -> None:
        """Closes the connection, unless the stream was read to its end."""
        await self._chunks.aclose()
        await self._response.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()
