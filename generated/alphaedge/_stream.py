"""The chunks of a streamed answer, as they come."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Generic, NoReturn, Self, TypeVar

from ._events import DONE, ErrorEvent, EventDecoder
from ._fold import Fold
from ._json import decode
from ._model import Model
from ._redaction import Secret
from ._transport import HttpResponse, ReadTimeout, RequestError, misanswered, place, reading
from .errors import AlphaEdgeError, APIResponseError, APIStreamError, APITimeoutError

ChunkT = TypeVar("ChunkT", bound=Model)
WholeT = TypeVar("WholeT", bound=Model)

LAST_WAIT = 1.0
"""Seconds to wait after `[DONE]` for the end of the response, so that the connection can be used again."""

OTHER_TYPES = ("application/json", "text/html")
"""Labels of bodies that are no stream; any other label is tried as one."""


class Chunks(Generic[ChunkT]):
    """An open response as chunks. It knows nothing of the stream that holds it: so a stream that a program drops
    without closing it is freed at once, and the connection with it.
    """

    def __init__(self, response: HttpResponse, chunk: type[ChunkT], secret: Secret) -> None:
        self.response = response
        self._chunk = chunk
        self._secret = secret
        self._last_event = time.monotonic()

    def read(self) -> Generator[ChunkT, None, None]:
        decoder = EventDecoder()
        pieces = self.response.iter_bytes()
        try:
            with reading(self.response, self._secret):
                for piece in pieces:
                    is_silent = True
                    for data in decoder.feed(piece):
                        if data[:6] == DONE:
                            self._drain(pieces)
                            return
                        yield self._model(data)
                        is_silent = False
                    self._mind_silence(is_silent)
            if DONE not in decoder.end():
                self._refuse("it ended without [DONE]; the answer may be cut")
        finally:
            self.response.close()

    async def aread(self) -> AsyncGenerator[ChunkT]:
        decoder = EventDecoder()
        pieces = self.response.aiter_bytes()
        try:
            with reading(self.response, self._secret):
                async for piece in pieces:
                    is_silent = True
                    for data in decoder.feed(piece):
                        if data[:6] == DONE:
                            await self._adrain(pieces)
                            return
                        yield self._model(data)
                        is_silent = False
                    self._mind_silence(is_silent)
            if DONE not in decoder.end():
                self._refuse("it ended without [DONE]; the answer may be cut")
        finally:
            await self.response.aclose()

    @contextmanager
    def checking(self) -> Iterator[bool]:
        """Whether the answer is labelled as no stream; then its body is to be read in this block, which raises."""
        media_type: str = self.response.headers.get("content-type", "")
        is_other = media_type.lower().startswith(OTHER_TYPES)
        with reading(self.response, self._secret):
            yield is_other
        if is_other:
            what = f"expected a stream of events, got {media_type}"
            raise misanswered(APIResponseError, self.response, self._secret, what, self.response.content)

    def _model(self, data: str) -> ChunkT:
        if type(data) is ErrorEvent:
            self._refuse("the server tells of an error", data)
        try:
            value = decode(data)
        except ValueError:
            self._refuse("an event is no JSON", data)
        if type(value) is not dict:
            self._refuse("an event is no JSON object", data)
        if value.get("error"):
            self._refuse("the server tells of an error", data)
        return self._chunk.from_dict(value)

    def _refuse(self, what: str, data: str = "") -> NoReturn:
        content = data.encode("utf-8", "replace")
        what = f"the stream broke off: {what}"
        raise misanswered(APIStreamError, self.response, self._secret, what, content) from None

    def _mind_silence(self, is_silent: bool) -> None:
        """Comments keep a connection open; they do not make the program wait for ever."""
        now = time.monotonic()
        if not is_silent:
            self._last_event = now
            return
        read = self.response.request.extensions.get("timeout", {}).get("read")
        seconds = read.seconds if isinstance(read, ReadTimeout) else read
        if seconds is not None and now - self._last_event > seconds:
            where = place(self.response.request)
            raise APITimeoutError(f"{where}: only comments for {seconds:.0f} s; a longer `timeout` may help")

    def _drain(self, pieces: Iterator[bytes]) -> None:
        end = time.monotonic() + LAST_WAIT
        read = self.response.request.extensions.get("timeout", {}).get("read")
        if isinstance(read, ReadTimeout):
            read.seconds = min(read.seconds, LAST_WAIT)
        with suppress(RequestError):  # the answer is whole; only the connection is lost
            for _ in pieces:
                if time.monotonic() > end:
                    break

    async def _adrain(self, pieces: AsyncIterator[bytes]) -> None:
        import anyio

        with suppress(RequestError), anyio.move_on_after(LAST_WAIT):
            async for _ in pieces:
                pass


class _Streamed(Generic[ChunkT, WholeT]):
    """What both streams have."""

    def __init__(self, response: HttpResponse, chunk: type[ChunkT], whole: type[WholeT], secret: Secret) -> None:
        self._source = Chunks(response, chunk, secret)
        self._response = response
        self._whole = whole
        self._fold = Fold()
        self._is_taken_by_chunk = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._response.status_code} {place(self._response.request)}>"

    def _begin_fold(self) -> Fold:
        if self._is_taken_by_chunk:
            raise AlphaEdgeError("chunks were taken from this stream already; iterate over text(), then call fold()")
        return self._fold


class Stream(_Streamed[ChunkT, WholeT]):
    """Iterates over the chunks of an answer as they come, and closes the connection when left early.

    Raises APIStreamError where the server tells of an error or ends without `[DONE]`, and APIConnectionError where
    the connection is lost. As a context manager, it closes the connection at the end of the block.
    """

    def __init__(self, response: HttpResponse, chunk: type[ChunkT], whole: type[WholeT], secret: Secret) -> None:
        super().__init__(response, chunk, whole, secret)
        self._chunks = self._source.read()

    @classmethod
    def open(cls, response: HttpResponse, chunk: type[ChunkT], whole: type[WholeT], secret: Secret) -> Self:
        """Raises APIResponseError where the answer is labelled as no stream."""
        stream = cls(response, chunk, whole, secret)
        with stream._source.checking() as is_other:
            if is_other:
                response.read()
        return stream

    def __iter__(self) -> Iterator[ChunkT]:
        self._is_taken_by_chunk = True
        return self._chunks

    def __next__(self) -> ChunkT:
        self._is_taken_by_chunk = True
        return next(self._chunks)

    def text(self) -> Iterator[str]:
        """The text of the first choice, piece by piece; `fold()` gives the rest of the answer afterwards."""
        fold = self._begin_fold()
        for chunk in self._chunks:
            if piece := fold.add(chunk.raw):
                yield piece

    def fold(self) -> WholeT:
        """Reads to the end and returns the whole answer, as a call without `stream` gives it.

        After an error, a second call returns what came before it.
        """
        fold = self._begin_fold()
        for chunk in self._chunks:
            fold.add(chunk.raw)
        return self._whole.from_dict(fold.whole())

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

    def __init__(self, response: HttpResponse, chunk: type[ChunkT], whole: type[WholeT], secret: Secret) -> None:
        super().__init__(response, chunk, whole, secret)
        self._chunks = self._source.aread()

    @classmethod
    async def open(cls, response: HttpResponse, chunk: type[ChunkT], whole: type[WholeT], secret: Secret) -> Self:
        """Raises APIResponseError where the answer is labelled as no stream."""
        stream = cls(response, chunk, whole, secret)
        with stream._source.checking() as is_other:
            if is_other:
                await response.aread()
        return stream

    def __aiter__(self) -> AsyncIterator[ChunkT]:
        self._is_taken_by_chunk = True
        return self._chunks

    async def __anext__(self) -> ChunkT:
        self._is_taken_by_chunk = True
        return await anext(self._chunks)

    async def text(self) -> AsyncIterator[str]:
        """The text of the first choice, piece by piece; `fold()` gives the rest of the answer afterwards."""
        fold = self._begin_fold()
        async for chunk in self._chunks:
            if piece := fold.add(chunk.raw):
                yield piece

    async def fold(self) -> WholeT:
        """Reads to the end and returns the whole answer, as a call without `stream` gives it.

        After an error, a second call returns what came before it.
        """
        fold = self._begin_fold()
        async for chunk in self._chunks:
            fold.add(chunk.raw)
        return self._whole.from_dict(fold.whole())

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
