"""The one place that knows the HTTP library: makes a request, sends it, again where that helps, names what failed."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import httpx

from ._json import decode, encode
from ._redaction import Secret, redact
from ._retry import asked_for, delay, is_worth_retrying
from .errors import (
    AlphaEdgeError,
    APIConnectionError,
    APIResponseError,
    APIStatusError,
    APITimeoutError,
    by_status,
    request_id,
    said,
)

HttpClient = httpx.Client
AsyncHttpClient = httpx.AsyncClient
HttpResponse = httpx.Response
RequestError = httpx.RequestError

E = TypeVar("E", bound=APIResponseError)

log = logging.getLogger("alphaedge")

LIMITS = httpx.Limits(max_connections=1000, max_keepalive_connections=100)
LONGEST_CONNECT = 5.0
"""Seconds to wait for a connection, if `timeout` is not shorter."""
PATHS_KEPT = 100
"""URLs that a client keeps parsed."""
SHOWN = 200
"""Characters of an answer that a message quotes."""

# Not a timeout while reading: the server may still be at work, and a second request would be paid for too.
RETRIED = (httpx.NetworkError, httpx.RemoteProtocolError, httpx.ProxyError, httpx.ConnectTimeout)


class ReadTimeout:
    """The seconds that one read of a stream may take, rounded up to whole ones; they can be changed under way.

    The HTTP library keeps this object for the whole response and gives it to `socket.settimeout` at each read, which
    asks for its `__index__`. So the wait for the end of the response can be cut short after the last event.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __index__(self) -> int:
        return math.ceil(self.seconds)


class NoCookies(httpx.Cookies):
    """An API has none, and looking for them is a tenth of the cost of a call."""

    def extract_cookies(self, response: httpx.Response) -> None:
        pass


class OwnClient(httpx.Client):
    """The HTTP client of a program that brings none; it lives as long as the clients that share it."""

    cookies = NoCookies()  # type: ignore[override]  # nobody sets it

    def __init__(self) -> None:
        super().__init__(limits=LIMITS)

    def __del__(self) -> None:
        with suppress(Exception):
            self.close()


class OwnAsyncClient(httpx.AsyncClient):
    cookies = NoCookies()  # type: ignore[override]  # nobody sets it

    def __init__(self) -> None:
        super().__init__(limits=LIMITS)


class Requests:
    """Makes the requests of one client; what is the same in each of them is made once."""

    def __init__(
        self,
        http: httpx.Client | httpx.AsyncClient,
        *,
        is_own: bool,
        base_url: str,
        api_key: Secret,
        timeout: float,
        user_agent: str,
    ) -> None:
        self._reads_in_steps = isinstance(http, httpx.Client)
        # A client that is brought may add headers, cookies and parameters; ours has none, so half the cost is saved.
        self._make: Callable[..., httpx.Request] = httpx.Request if is_own else http.build_request
        self._base_url = base_url.rstrip("/")
        try:
            url = httpx.URL(self._base_url)
        except httpx.InvalidURL as error:
            raise AlphaEdgeError(f"base_url is no URL: {error}") from None
        if url.scheme not in ("http", "https") or not url.host or url.query or url.fragment:
            raise AlphaEdgeError("base_url is no URL of an API; give one as https://api.example.com")
        self.shown = str(url.copy_with(userinfo=b""))
        """The base URL without user and password."""
        self._urls: dict[str, httpx.URL] = {}
        self._timeout = timeout
        common = {
            "accept-encoding": "gzip, deflate",
            "user-agent": user_agent,
            "authorization": f"Bearer {api_key}",
            "content-type": "application/json",
        }
        self._plain = httpx.Headers({"accept": "application/json", **common})
        self._events = httpx.Headers({"accept": "text/event-stream", **common})

    def make(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None,
        body: Mapping[str, Any] | None,
        extra_headers: Mapping[str, str] | None,
        extra_body: Mapping[str, Any] | None,
        timeout: float | None,
        is_stream: bool,
    ) -> httpx.Request:
        """A request of the members that are not None, and of the extra ones."""
        read = self._timeout if timeout is None else timeout
        waits: dict[str, Any] = {"connect": min(LONGEST_CONNECT, read), "read": read, "write": read, "pool": read}
        if is_stream and self._reads_in_steps:
            waits["read"] = ReadTimeout(read)
        headers = self._events if is_stream else self._plain
        if extra_headers:
            headers = headers.copy()
            headers.update(extra_headers)
        return self._make(
            method,
            self._url(path),
            params={name: value for name, value in query.items() if value is not None} if query else None,
            headers=headers,
            content=encode(_set(body, extra_body)) if body is not None or extra_body else None,
            extensions={"timeout": waits},
        )

    def _url(self, path: str) -> httpx.URL:
        """The path below the base URL, which may already end in the path's first part, `/v1`."""
        if (url := self._urls.get(path)) is None:
            version = "/" + path.split("/")[1]
            url = httpx.URL(self._base_url.removesuffix(version) + path)
            if len(self._urls) < PATHS_KEPT:
                self._urls[path] = url
        return url


def _set(body: Mapping[str, Any] | None, extra: Mapping[str, Any] | None) -> dict[str, Any]:
    """The members that the caller set."""
    members = {name: value for name, value in (body or {}).items() if value is not None}
    return {**members, **extra} if extra else members


def send(http: httpx.Client, request: httpx.Request, *, retries: int, secret: Secret, stream: bool) -> httpx.Response:
    """A response with a status of 2xx; of a stream, its head. Raises APIStatusError and APIConnectionError."""
    attempts = Attempts(request, retries, secret)
    while True:
        try:
            response = http.send(request, stream=stream)
            if not response.is_success:
                response.read()
        except httpx.RequestError as error:
            pause = attempts.after_failure(error)
        else:
            if response.is_success:
                return attempts.done(response)
            pause = attempts.after_refusal(response)
        time.sleep(pause)


async def asend(
    http: httpx.AsyncClient, request: httpx.Request, *, retries: int, secret: Secret, stream: bool
) -> httpx.Response:
    """As `send`."""
    attempts = Attempts(request, retries, secret)
    while True:
        try:
            response = await http.send(request, stream=stream)
            if not response.is_success:
                await response.aread()
        except httpx.RequestError as error:
            pause = attempts.after_failure(error)
        else:
            if response.is_success:
                return attempts.done(response)
            pause = attempts.after_refusal(response)
        await sleep(pause)


async def sleep(seconds: float) -> None:
    import anyio  # which the HTTP library runs on, be it asyncio or trio; a program without `await` never loads it

    await anyio.sleep(seconds)


class Attempts:
    """The attempts at one request. A method says how many seconds to wait for the next, or raises if that is none."""

    def __init__(self, request: httpx.Request, retries: int, secret: Secret) -> None:
        self.request = request
        self.retries = retries
        self.secret = secret
        self.made = 0

    def after_failure(self, error: httpx.RequestError) -> float:
        failure = unreachable(error, self.request, self.secret, self.made)
        return self._again(failure, delay(self.made) if isinstance(error, RETRIED) else None, error)

    def after_refusal(self, response: httpx.Response) -> float:
        failure = refused(self.done(response), self.request, self.secret, self.made)
        return self._again(
            failure, delay(self.made, response.headers) if is_worth_retrying(response.status_code) else None
        )

    def done(self, response: httpx.Response) -> httpx.Response:
        if log.isEnabledFor(logging.DEBUG):
            log.debug("%s: %s %s", place(self.request), response.status_code, response.reason_phrase)
        return response

    def _again(self, failure: AlphaEdgeError, pause: float | None, cause: Exception | None = None) -> float:
        if pause is None or self.made >= self.retries:
            raise failure from cause
        log.info("Trying again in %.2f s: %s", pause, failure)
        self.made += 1
        return pause


@contextmanager
def reading(response: httpx.Response, secret: Secret) -> Iterator[None]:
    """Names what goes wrong while a response is read."""
    try:
        yield
    except httpx.RequestError as error:
        raise unreachable(error, response.request, secret) from error


# What went wrong, in words


def place(request: httpx.Request) -> str:
    """The method and the URL, without user and password."""
    return f"{request.method} {request.url.copy_with(userinfo=b'')}"


def unreachable(error: httpx.RequestError, request: httpx.Request, secret: Secret, retries: int = 0) -> AlphaEdgeError:
    """The error of ours for one of the HTTP library."""
    where = place(request) + tried(retries)
    why = redact(str(error), secret) or type(error).__name__
    if isinstance(error, httpx.DecodingError):
        return APIResponseError(f"{where}: the answer cannot be decompressed: {why}")
    if isinstance(error, httpx.TimeoutException):
        waited_for = "connection" if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout) else "answer"
        return APITimeoutError(f"{where}: no {waited_for} in time; a longer `timeout` may help")
    if isinstance(error, httpx.ConnectError | httpx.UnsupportedProtocol):
        return APIConnectionError(f"{where}: no connection: {why}; check base_url and the network")
    return APIConnectionError(f"{where}: the connection broke: {why}")


HINTS = {
    401: "check api_key or ALPHAEDGE_API_KEY",
    404: "check the model and base_url",
    405: "check base_url",
    413: "send a shorter conversation",
}


def refused(response: httpx.Response, request: httpx.Request, secret: Secret, retries: int = 0) -> APIStatusError:
    """The error of a status that is not 2xx."""
    status = response.status_code
    content = redact(response.content, secret)
    body = json_of(content)
    notes = [HINTS[status]] if status in HINTS else []
    if response.has_redirect_location:
        notes.append(f"it leads to {response.headers['location']}; correct base_url")
    if (seconds := asked_for(response.headers)) is not None:
        notes.append(f"the server asks to wait {seconds:.0f} s")
    if (number := request_id(response.headers)) is not None:
        notes.append(f"request id {number}")
    sentence = said(body) or quoted(content) or response.reason_phrase
    message = f"{status} from {place(request)}{tried(retries)}: {sentence}"
    return by_status(status)(
        f"{message} ({'; '.join(notes)})" if notes else message,
        status_code=status,
        headers=response.headers,
        content=content,
        body=body,
    )


def misanswered(kind: type[E], response: httpx.Response, secret: Secret, what: str, content: bytes) -> E:
    """The error of a successful status whose body is not what it should be; quotes the bytes at fault."""
    content = redact(content, secret)
    body = json_of(content)
    number = request_id(response.headers)
    shown = said(body) or quoted(content)
    what += f": {shown}" if shown else " nothing" if what.endswith("got") else ""
    return kind(
        f"{response.status_code} from {place(response.request)}: {what}{f' (request id {number})' if number else ''}",
        status_code=response.status_code,
        headers=response.headers,
        content=content,
        body=body,
    )


def tried(retries: int) -> str:
    return f" (tried {retries + 1} times)" if retries else ""


def json_of(content: bytes) -> Any:
    """The JSON of an error's body; None where it is none."""
    try:
        return decode(content.decode())
    except ValueError:
        return None


def quoted(content: bytes) -> str:
    """The beginning of a body, for a message."""
    text = " ".join(content[: 4 * SHOWN].decode("utf-8", "replace").split())
    return repr(text[:SHOWN] + "…" if len(text) > SHOWN else text) if text else ""
