# Copied from scripts/runtime/_transport.py by `make generate`; edit that.
"""The one place that knows the HTTP library: makes a request, sends it, again where that helps, names what failed."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import httpx

from ._json import decode, encode
from ._redaction import Secret, redact, redact_error, redact_json
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

if TYPE_CHECKING:
    from ._other_client import OtherAsyncClient, OtherClient

HttpClient: TypeAlias = "httpx.Client | OtherClient"
AsyncHttpClient: TypeAlias = "httpx.AsyncClient | OtherAsyncClient"
HttpResponse = httpx.Response
RequestError = httpx.RequestError
TimeoutException = httpx.TimeoutException
Timeout = httpx.Timeout

E = TypeVar("E", bound=APIResponseError)

log = logging.getLogger("alphaedge")

DEFAULT_TIMEOUT = httpx.Timeout(5.0)
"""Of a client of the HTTP library whose maker named none."""
LIMITS = httpx.Limits(max_connections=1000, max_keepalive_connections=100)
LONGEST_CONNECT = 5.0
"""Seconds to wait for a connection, if `timeout` is not shorter."""
SHORTEST_WAIT = 0.001
"""Seconds of a read whose time is over: what is there is still taken."""
PATHS_KEPT = 100
"""URLs that a client keeps parsed."""
SHOWN = 200
"""Characters of an answer that a message quotes."""

# Not a timeout while reading: the server may still be at work, and a second request would be paid for too.
RETRIED = (httpx.NetworkError, httpx.RemoteProtocolError, httpx.ProxyError, httpx.ConnectTimeout)


def is_of_httpx(http: object) -> bool:
    return isinstance(http, httpx.Client | httpx.AsyncClient)


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
        timeout: float | httpx.Timeout,
        user_agent: str,
        headers: Mapping[str, str] | None,
        query: Mapping[str, Any] | None,
    ) -> None:
        # What is brought may read a response itself: in a hook, or following a redirect.
        self._trace: Callable[[], Any] | None = None
        if not is_own:
            self._trace = Begun if isinstance(http, httpx.Client) else AsyncBegun
        # A client that is brought may add headers, cookies and parameters; ours has none, so half the cost is saved.
        self._make: Callable[..., httpx.Request] = httpx.Request if is_own else http.build_request
        self._base_url = base_url.rstrip("/")
        try:
            url = httpx.URL(self._base_url)
        except httpx.InvalidURL as error:
            raise AlphaEdgeError(f"base_url is not a valid URL: {error}") from None
        if url.userinfo:
            # The HTTP library would send them instead of the key.
            raise AlphaEdgeError("base_url has a user or a password; remove it, and give the key as api_key")
        if url.scheme not in ("http", "https") or not url.host or url.query or url.fragment:
            raise AlphaEdgeError("base_url is not the URL of an API; give one such as https://api.example.com")
        self.base_url = str(url)
        self._urls: dict[str, httpx.URL] = {}
        self._waits = waits(timeout)
        common = {
            "accept-encoding": "gzip, deflate",
            "user-agent": user_agent,
            "content-type": "application/json",
        }
        self._plain = httpx.Headers({"accept": "application/json", **common})
        self._events = httpx.Headers({"accept": "text/event-stream", **common})
        self._is_keyed = bool(api_key)
        for made in (self._plain, self._events):
            if api_key:
                made["authorization"] = f"Bearer {api_key}"
            made.update(headers)
        self._query = query

    def make(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None,
        body: Mapping[str, Any] | None,
        extra_headers: Mapping[str, str] | None,
        extra_body: Mapping[str, Any] | None,
        timeout: float | httpx.Timeout | None,
        is_stream: bool,
        secret: Secret,
    ) -> httpx.Request:
        """A request of the members that are not None, and of the extra ones."""
        extensions: dict[str, Any] = {"timeout": self._waits if timeout is None else waits(timeout)}
        if self._trace is not None:
            extensions["trace"] = self._trace()
        headers = self._events if is_stream else self._plain
        if extra_headers or not self._is_keyed:
            headers = headers.copy()
            headers.setdefault("authorization", f"Bearer {secret}")
            headers.update(extra_headers)
        if self._query:
            query = {**self._query, **(query or {})}
        return self._make(
            method,
            self._url(path),
            params={name: value for name, value in query.items() if value is not None} if query else None,
            headers=headers,
            content=encode(_set(body, extra_body)) if body is not None or extra_body else None,
            extensions=extensions,
        )

    def _url(self, path: str) -> httpx.URL:
        """The path below the base URL, which may already end in the path's first part, `/v1`."""
        if (url := self._urls.get(path)) is None:
            version = "/" + path.split("/")[1]
            url = httpx.URL(self._base_url.removesuffix(version) + path)
            if len(self._urls) < PATHS_KEPT:
                self._urls[path] = url
        return url


def waits(timeout: float | httpx.Timeout) -> dict[str, float | None]:
    """The seconds to wait for each step of a request; None is for ever, as is an infinite timeout."""
    if not isinstance(timeout, int | float):
        return timeout.as_dict()
    if not timeout > 0:
        raise AlphaEdgeError(f"timeout is {timeout}; give seconds more than 0, or math.inf for no timeout")
    seconds = None if math.isinf(timeout) else timeout
    return {"connect": min(LONGEST_CONNECT, timeout), "read": seconds, "write": seconds, "pool": seconds}


class Begun:
    """Whether an answer began to come, as the transport traces it."""

    def __init__(self) -> None:
        self.has_begun = False

    def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith("receive_response_headers.complete"):
            self.has_begun = True


class AsyncBegun(Begun):
    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:  # type: ignore[override]
        super().__call__(event, info)


def has_begun(request: httpx.Request) -> bool:
    trace = request.extensions.get("trace")
    return trace.has_begun if isinstance(trace, Begun) else False


def _set(body: Mapping[str, Any] | None, extra: Mapping[str, Any] | None) -> dict[str, Any]:
    """The members that the caller set."""
    members = {name: value for name, value in (body or {}).items() if value is not None}
    return {**members, **extra} if extra else members


def send(http: httpx.Client, request: httpx.Request, *, retries: int, secret: Secret, stream: bool) -> httpx.Response:
    """A response with a status of 2xx; of a stream, its head. Raises APIStatusError and APIConnectionError.

    Once the headers of a success are there, nothing is sent again: what broke midway was computed, and is paid for.
    """
    attempts = Attempts(request, retries, secret)
    while True:
        try:
            response = http.send(request, stream=True)
        except httpx.RequestError as error:
            pause = attempts.after_failure(error)
        else:
            if response.is_success:
                if not stream:
                    with reading(response, secret):
                        read(response)
                return attempts.done(response)
            refusal = Refusal(response)
            refusal.read()
            pause = attempts.after_refusal(refusal)
        time.sleep(pause)


async def asend(
    http: httpx.AsyncClient, request: httpx.Request, *, retries: int, secret: Secret, stream: bool
) -> httpx.Response:
    """As `send`."""
    attempts = Attempts(request, retries, secret)
    while True:
        try:
            response = await http.send(request, stream=True)
        except httpx.RequestError as error:
            pause = attempts.after_failure(error)
        else:
            if response.is_success:
                if not stream:
                    with reading(response, secret):
                        await aread(response)
                return attempts.done(response)
            refusal = Refusal(response)
            await refusal.aread()
            pause = attempts.after_refusal(refusal)
        await sleep(pause)


def read(response: httpx.Response) -> None:
    """Reads a body to its end, and closes the connection of one that cannot be read."""
    try:
        response.read()
    except BaseException:
        response.close()
        raise


async def aread(response: httpx.Response) -> None:
    try:
        await response.aread()
    except BaseException:
        await response.aclose()
        raise


class Refusal:
    """A response with another status than 2xx, and as much of its body as came."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.pieces: list[bytes] = []
        self.broken: httpx.RequestError | None = None

    def read(self) -> None:
        try:
            for piece in self.response.iter_bytes():
                self.pieces.append(piece)
        except httpx.RequestError as error:
            self.broken = error
        finally:
            self.response.close()

    async def aread(self) -> None:
        try:
            async for piece in self.response.aiter_bytes():
                self.pieces.append(piece)
        except httpx.RequestError as error:
            self.broken = error
        finally:
            await self.response.aclose()


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
        is_worth_it = isinstance(error, RETRIED) and not has_begun(self.request)
        return self._again(failure, delay(self.made) if is_worth_it else None, error)

    def after_refusal(self, refusal: Refusal) -> float:
        response = self.done(refusal.response)
        failure = refused(refusal, self.request, self.secret, self.made)
        is_worth_it = is_worth_retrying(response.status_code) and refusal.broken is None
        return self._again(failure, delay(self.made, response.headers) if is_worth_it else None, refusal.broken)

    def done(self, response: httpx.Response) -> httpx.Response:
        if log.isEnabledFor(logging.DEBUG):
            reason = redact(response.reason_phrase, self.secret)
            log.debug("%s: %s %s", redact(place(self.request), self.secret), response.status_code, reason)
        return response

    def _again(self, failure: AlphaEdgeError, pause: float | None, cause: Exception | None = None) -> float:
        if pause is None or self.made >= self.retries:
            if cause is not None:
                redact_error(cause, self.secret)
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
        failure = unreachable(error, response.request, secret)
        redact_error(error, secret)
        raise failure from error


@contextmanager
def waiting_at_most(response: httpx.Response, seconds: float) -> Iterator[None]:
    """Limits what is left of a response that is read by blocking calls, whose timeout is fixed since the request.

    So its connection is given another `read`, for as long as the block lasts. Connections of HTTP/2 are shared, and
    need no end of a response to be used again: they are left alone.
    """
    connection = response.extensions.get("network_stream")
    if connection is None or response.http_version == "HTTP/2":
        yield
        return
    end = time.monotonic() + seconds
    read_some = connection.read

    def read_in_time(max_bytes: int, timeout: float | None = None) -> bytes:
        left = max(end - time.monotonic(), SHORTEST_WAIT)
        data: bytes = read_some(max_bytes, timeout=left if timeout is None else min(left, timeout))
        return data

    connection.read = read_in_time
    try:
        yield
    finally:
        del connection.read


# What went wrong, in words


def place(request: httpx.Request) -> str:
    return f"{request.method} {request.url}"


def unreachable(error: httpx.RequestError, request: httpx.Request, secret: Secret, retries: int = 0) -> AlphaEdgeError:
    """The error of ours for one of the HTTP library."""
    where = redact(place(request), secret) + tried(retries)
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


def refused(refusal: Refusal, request: httpx.Request, secret: Secret, retries: int = 0) -> APIStatusError:
    """The error of a status that is not 2xx."""
    response, raw = refusal.response, b"".join(refusal.pieces)
    status = response.status_code
    content, body = redact(raw, secret), json_of(raw, secret)
    notes = []
    if status in HINTS and not (status == 404 and names_another_fault(body)):
        notes.append(HINTS[status])
    if response.has_redirect_location:
        notes.append(f"it leads to {response.headers['location']}; correct base_url")
    if (seconds := asked_for(response.headers)) is not None:
        notes.append(f"the server asks to wait {seconds:.0f} s")
    if refusal.broken is not None:
        notes.append("its body broke off")
    if (number := request_id(response.headers)) is not None:
        notes.append(f"request id {number}")
    sentence = said(body) or quoted(content) or response.reason_phrase
    message = f"{status} from {place(request)}{tried(retries)}: {sentence}"
    return by_status(status)(
        redact(f"{message} ({'; '.join(notes)})" if notes else message, secret),
        status_code=status,
        headers=redacted(response.headers, secret),
        content=content,
        body=body,
    )


def unexpected_body_error(kind: type[E], response: httpx.Response, secret: Secret, what: str, content: bytes) -> E:
    """The error of a successful status whose body is not what it should be; quotes the bytes at fault."""
    body = json_of(content, secret)
    content = redact(content, secret)
    number = request_id(response.headers)
    detail = said(body) or quoted(content)
    what += f": {detail}" if detail else " nothing" if what.endswith("got") else ""
    message = f"{response.status_code} from {place(response.request)}: {what}"
    return kind(
        redact(f"{message} (request id {number})" if number else message, secret),
        status_code=response.status_code,
        headers=redacted(response.headers, secret),
        content=content,
        body=body,
    )


def redacted(headers: httpx.Headers, secret: Secret) -> httpx.Headers:
    pairs = [(redact(name, secret), redact(value, secret)) for name, value in headers.multi_items()]
    return httpx.Headers(pairs, encoding=headers.encoding)


def names_another_fault(body: Any) -> bool:
    """Whether the server's own words say that neither the model nor the URL is at fault."""
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict) and error.get("param"):
        return bool(error["param"] != "model")
    words = (said(body) or "").lower()
    return bool(words) and not any(word in words for word in ("model", "url", "path", "route", "not found"))


def tried(retries: int) -> str:
    return f" (tried {retries + 1} times)" if retries else ""


def json_of(content: bytes, secret: Secret) -> Any:
    """The JSON of an error's body, without the secret, which may be escaped in it; None if it is not valid JSON."""
    try:
        return redact_json(decode(content.decode()), secret)
    except (ValueError, RecursionError):
        return None


def quoted(content: bytes) -> str:
    """The beginning of a body, for a message."""
    text = " ".join(content[: 4 * SHOWN].decode("utf-8", "replace").split())
    return repr(text[:SHOWN] + "…" if len(text) > SHOWN else text) if text else ""
