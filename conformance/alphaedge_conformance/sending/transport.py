"""One exchange on the wire, within its limits."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from attrs import evolve

from ..errors import ConfigurationError
from ..exchange import Chunk, Exchange, Probe, Wire, sse
from ..exchange.authorization import headers
from ..exchange.content_coding import ACCEPTED, CodingError, Decoder
from ..exchange.extra_headers import masked, masked_text
from ..exchange.redaction import redact
from ..exchange.target import Target
from .limits import Limits
from .settings import Settings

KEPT = 64 * 2**10
"""Bytes that are kept of a body that is too large, or has too many lines: enough to see what it was."""
DISCONNECTED = "Server disconnected"
"""How httpx tells a connection that was closed from one on which something else than HTTP came."""
BETWEEN_SEGMENTS = 0.05
"""Seconds between two segments of a request, so that they are not sent as one."""


class Breach(Exception):
    """An answer beyond a limit; which one is its text."""


def client(settings: Settings, target: Target | None = None) -> httpx.AsyncClient:
    """One pool of connections for a run; a proxy of the environment is not asked for what this machine serves itself.
    Raises ConfigurationError for a bad `ca_file`."""
    width, limits = settings.concurrency, settings.limits
    return httpx.AsyncClient(
        verify=trusted(settings.ca_file),
        limits=httpx.Limits(max_connections=width, max_keepalive_connections=width),
        timeout=httpx.Timeout(None, connect=limits.connect),
        headers={"Accept-Encoding": ACCEPTED},
        follow_redirects=False,
        trust_env=target is None or not target.is_loopback,
    )


@cache
def trusted(ca_file: Path | None) -> ssl.SSLContext:
    """The certificates of the system, which take longer to read than most answers take to come, and those of a file."""
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:
            raise ConfigurationError(f"--ca-file {ca_file}: expected certificates in PEM: {error}") from None
    return context


async def exchange(client: httpx.AsyncClient, number: int, probe: Probe, target: Target, limits: Limits) -> Exchange:
    """Sends a probe; whatever the server does, an exchange comes back, and in time."""
    url = target.url if probe.operation is None else probe.operation.url(target.url)
    answer = _Answer(limits, probe.streams)
    seen: set[str] = set()
    refused = lost = False

    async def trace(event: str, _: object) -> None:
        seen.add(event)

    started, clock = time.time(), time.perf_counter()
    try:
        async with asyncio.timeout(None) as deadline:
            answer.begin(deadline)
            request = client.build_request(
                probe.method,
                url,
                content=_content(probe),
                headers=[(name.encode(), value.encode()) for name, value in _headers(probe, target)],
                extensions={"trace": trace},
            )
            response = await client.send(request, stream=True)
            try:
                answer.starts(response)
                async for data in response.aiter_raw():
                    answer.feed(time.perf_counter() - clock, data)
            finally:
                await response.aclose()
        answer.ends()
    except TimeoutError:
        answer.fails(answer.awaited, aborted=True, timed_out=True)
    except Breach as breach:
        answer.fails(str(breach), aborted=True)
    except CodingError as error:
        answer.fails(str(error))
    except httpx.HTTPError as error:
        answer.fails(await _in_words(error, target, limits), aborted=isinstance(error, httpx.ConnectTimeout))
        refused = isinstance(error, httpx.ConnectError) and not any(
            isinstance(cause, ssl.SSLError | socket.gaierror) for cause in _causes(error)
        )
        broke = isinstance(error, httpx.ReadError | httpx.WriteError) or str(error).startswith(DISCONNECTED)
        lost = broke and answer.status is None and "connection.connect_tcp.started" not in seen
    failure = answer.failure
    if failure is not None:
        failure = masked_text(redact(failure, target.key), target.headers)
    elapsed = time.perf_counter() - clock
    made = Exchange(number, probe, url, started, elapsed=elapsed, failure=failure)
    made = evolve(
        made,
        aborted_by_limit=answer.aborted_by_limit,
        timed_out=answer.timed_out,
        refused_connection=refused,
        lost_reused_connection=lost,
    )
    return _masked(evolve(made, status=answer.status, headers=answer.headers, chunks=tuple(answer.chunks)), target)


def _masked(exchange: Exchange, target: Target) -> Exchange:
    """Without the values of the caller's own headers, which the target may repeat: nothing after this knows them."""
    if not any(header.is_masked for header in target.headers):
        return exchange
    chunks, body, at = [], masked(exchange.body, target.headers), 0
    for chunk in exchange.chunks:
        chunks.append(evolve(chunk, data=body[at : at + len(chunk.data)]))
        at += len(chunk.data)
    headers = tuple((name, masked_text(value, target.headers)) for name, value in exchange.headers)
    return evolve(exchange, headers=headers, chunks=tuple(chunks))


def _headers(probe: Probe, target: Target) -> Iterator[tuple[str, str]]:
    yield from (headers(probe, target.key) | {each.name: each.value for each in target.headers}).items()
    if probe.body is not None and probe.wire is Wire.UNUSUAL:
        yield "content-length", str(len(probe.body))


def _content(probe: Probe) -> bytes | AsyncIterator[bytes] | None:
    """The body, or its two segments."""
    if probe.body is None or probe.wire is Wire.USUAL:
        return probe.body
    body = probe.body

    async def segments() -> AsyncIterator[bytes]:
        yield body[: len(body) // 2]
        await asyncio.sleep(BETWEEN_SEGMENTS)
        yield body[len(body) // 2 :]

    return segments()


class _Answer:
    """What has come so far, and until when the next must."""

    def __init__(self, limits: Limits, streams: bool) -> None:
        self.limits, self.streams = limits, streams
        self.status: int | None = None
        self.headers: tuple[tuple[str, str], ...] = ()
        self.chunks: list[Chunk] = []
        self.failure: str | None = None
        self.aborted_by_limit = self.timed_out = False
        self.awaited = ""
        """What was missing, should the deadline pass."""
        self._sse = sse.Decoder()
        self._done = False
        self._wire = self._size = 0

    def begin(self, deadline: asyncio.Timeout) -> None:
        self._deadline = deadline
        self._end = asyncio.get_running_loop().time() + self.limits.whole
        seconds = self.limits.until_first_byte
        self._within(seconds, f"no answer within {seconds:g} s")

    def _within(self, seconds: float, awaited: str) -> None:
        until = asyncio.get_running_loop().time() + seconds
        self.awaited = awaited if until < self._end else f"no end within {self.limits.whole:g} s"
        self._deadline.reschedule(min(until, self._end))

    def starts(self, response: httpx.Response) -> None:
        raw = response.headers.raw
        if (size := sum(len(name) + len(value) + 4 for name, value in raw)) > self.limits.headers:
            raise Breach(f"headers of {size} bytes, more than {self.limits.headers}")
        self.status = response.status_code
        self.headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in raw)
        self._decoder = Decoder(response.headers.get("content-encoding"))
        self._within(self.limits.between, f"no byte for {self.limits.between:g} s")

    def feed(self, at: float, data: bytes) -> None:
        self._wire += len(data)
        decoded = self._decoder.decode(data, self.limits.decoded + 1 - self._size)
        self._size += len(decoded)
        if decoded:
            self.chunks.append(Chunk(at, decoded))
        if self._wire > self.limits.body:
            raise Breach(f"more than {self.limits.body} bytes")
        if self._size > self.limits.decoded:
            raise Breach(f"more than {self.limits.decoded} bytes")
        if len(self.chunks) > self.limits.pieces:
            raise Breach(f"more than {self.limits.pieces} pieces")
        if not decoded:
            return
        if self.streams:
            self._follow(self.chunks[-1])
        if not self._done:
            self._within(self.limits.between, f"no byte for {self.limits.between:g} s")

    def _follow(self, chunk: Chunk) -> None:
        events = self._sse.feed(chunk)
        if self._too_many_lines:
            raise Breach(f"more than {self.limits.lines} lines")
        if not self._done and any(event.data == "[DONE]" for event in events):
            self._done = True
            self._end = asyncio.get_running_loop().time() + self.limits.after_done
            self.awaited = f"no end within {self.limits.after_done:g} s of [DONE]"
            self._deadline.reschedule(self._end)

    @property
    def _too_many_lines(self) -> bool:
        return len(self._sse.lines) > self.limits.lines

    def ends(self) -> None:
        body = b"".join(chunk.data for chunk in self.chunks)
        if body[:64].lstrip()[:1] in (b"[", b"{") and nested_deeper(body, self.limits.depth):
            raise Breach(f"JSON nested more than {self.limits.depth} deep")

    def fails(self, why: str, *, aborted: bool = False, timed_out: bool = False) -> None:
        # A stream that is only left open after [DONE] costs its grace; the rest of the run need not do without streams.
        self.failure = why
        self.aborted_by_limit, self.timed_out = aborted and not self._done, timed_out and not self._done
        if self._size > self.limits.decoded or self._wire > self.limits.body or self._too_many_lines:
            self.failure += f", of which the first {KEPT} are kept"
            kept, size = [], 0
            for chunk in self.chunks:
                kept.append(Chunk(chunk.at, chunk.data[: KEPT - size]))
                size += len(kept[-1].data)
                if size >= KEPT:
                    break
            self.chunks = kept


BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)


def nested_deeper(body: bytes, most: int) -> bool:
    """Whether lists and objects of a JSON text stand more than so deep inside each other."""
    if body.count(b"[") + body.count(b"{") <= most:
        return False
    depth = 0
    for found in BRACKETS.finditer(body):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(found[0], 0)
        if depth > most:
            return True
    return False


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception, what it was raised from, and so on."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


async def _in_words(error: httpx.HTTPError, target: Target, limits: Limits) -> str:
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            certificate = await asyncio.to_thread(_fingerprint, target, limits.connect)
            return f"{certificate} was not accepted: {cause.verify_message}; trust its issuer with --ca-file"
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed: {cause.reason or cause}"
        if isinstance(cause, socket.gaierror):
            return f"the name {urlsplit(target.url).hostname} was not found"
    if isinstance(error, httpx.ConnectTimeout):
        return f"no connection within {limits.connect:g} s"
    words: dict[type[httpx.HTTPError], str] = {
        httpx.ConnectError: "nothing listens there",
        httpx.ReadError: "the connection was reset",
        httpx.WriteError: "the connection was reset",
        httpx.RemoteProtocolError: f"the connection was closed or did not answer with HTTP ({error})",
    }
    return words.get(type(error), f"{type(error).__name__} {error}".strip())


def _fingerprint(target: Target, timeout: float) -> str:
    """The certificate of a target by its SHA-256, as browsers and openssl show it."""
    parts = urlsplit(target.url)
    try:
        found = ssl.get_server_certificate((parts.hostname or "", parts.port or 443), timeout=timeout)
        digest = sha256(ssl.PEM_cert_to_DER_cert(found)).hexdigest().upper()
    except (OSError, ValueError):
        return f"the certificate of {target.origin}"
    return f"the certificate of {target.origin}, SHA-256 {':'.join(re.findall('..', digest))},"
