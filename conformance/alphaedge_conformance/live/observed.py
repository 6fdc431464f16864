"""An exchange that passed, as one to judge: without content coding, and without any credential."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from attrs import evolve

from ..archive.third_party import CREDENTIALS
from ..exchange import Chunk, Exchange, Expect, Key, Probe
from ..exchange.content_coding import CodingError, Decoder
from ..exchange.redaction import mask, redact_bytes
from ..sending.limits import Limits
from ..sending.transport import nested_deeper
from .masking import masked
from .passed import LARGEST, Headers, Passed

WHOLE_KEY = "[whole-key]"
"""Where an answer repeats the whole key of its request, this comes again and again, as long as the key."""
KEY = WHOLE_KEY[:8]
"""What stands for every key in what is judged, so that a key that came back is seen whosever it was."""
SHORTEST = len(KEY)
"""Characters below which a key is a word that any answer may have."""
HIDDEN = frozenset({"set-cookie", "www-authenticate", "authentication-info"})
"""Headers of an answer whose values are not kept."""
PIECE = "[piece]"
"""Where an answer repeats a piece of a key."""
TOKEN = re.compile(rb"[^\s,;=]{6,}")
MOST_SECRETS = 8192
"""Bytes of the credentials of one request that are looked for in its answer."""
LIMITS = Limits()
BLANK_LINE = re.compile(rb"(?:\r\n|\r(?!\n)|\n){2}")


class Unjudgeable(Exception):
    """It cannot be judged; why is its text."""


def observed(passed: Passed, url: str, known: Iterable[bytes] = ()) -> Exchange:
    """`known` are keys of other requests, which this answer must not show either. Raises Unjudgeable."""
    if _header(passed.sent_headers, b"content-encoding") is not None:
        raise Unjudgeable("its request has a content coding")
    if nested_deeper(passed.sent, LIMITS.depth):
        raise Unjudgeable("its request is nested too deeply")
    secrets = sorted({*secrets_of(passed), *known}, key=len, reverse=True)
    if sum(map(len, secrets)) > MOST_SECRETS:
        raise Unjudgeable("its credentials are too long")
    media_type = _header(passed.sent_headers, b"content-type")
    has_key = _header(passed.sent_headers, b"authorization") is not None
    has_body = bool(passed.sent) or media_type is not None
    probe = Probe(
        f"request {passed.number}",
        "A program sent it.",
        _without(passed.sent, secrets) if has_body else None,
        expect=Expect.EITHER,
        method=passed.method,
        media_type=_text(media_type, secrets) if media_type is not None else None,
        key=Key.ABSENT if passed.status == 401 and not has_key else Key.RIGHT,
    )
    headers = tuple(
        (name, "[hidden]" if name.lower() in HIDDEN else value)
        for name, value in ((_text(name, secrets), _text(value, secrets)) for name, value in passed.headers)
    )
    return Exchange(
        passed.number,
        probe,
        url,
        passed.started,
        passed.status,
        headers,
        _chunks(passed, secrets),
        passed.elapsed,
        passed.failure,
        aborted_by_limit=passed.client_left,
        timed_out=passed.client_left,
    )


def without_texts(exchange: Exchange) -> Exchange:
    """The same with random letters for what was said."""
    body = exchange.probe.body
    probe = evolve(exchange.probe, body=masked(body) if body is not None else None)
    answer = masked(exchange.body, exchange.media_type == "text/event-stream")
    return evolve(exchange, probe=probe, chunks=_split(answer, exchange.chunks))


def beginning(exchange: Exchange) -> Exchange | None:
    """The whole events of a stream that its client left; None where there are none, or where it was not left. A client
    may leave because of what it read."""
    ends = list(BLANK_LINE.finditer(exchange.body)) if exchange.probe.streams and exchange.timed_out else []
    if not ends or exchange.status != 200:
        return None
    chunks = _split(exchange.body[: ends[-1].end()], exchange.chunks)
    return evolve(exchange, chunks=chunks, failure=None, aborted_by_limit=False, timed_out=False)


def secrets_of(passed: Passed) -> set[bytes]:
    """The credentials of a request."""
    return set(_secrets(passed.sent_headers))


def _chunks(passed: Passed, secrets: Iterable[bytes]) -> tuple[Chunk, ...]:
    coding = _header(passed.headers, b"content-encoding")
    try:
        decoder, room, decoded = Decoder(coding.decode("latin-1") if coding else None), LARGEST, list[Chunk]()
        for at, data in passed.chunks:
            piece = decoder.decode(data, room + 1)
            room -= len(piece)
            if room < 0:
                raise Unjudgeable("its answer is too large without its content coding")
            if piece:
                decoded.append(Chunk(at, piece))
    except CodingError as error:
        raise Unjudgeable(str(error)) from None
    body = b"".join(chunk.data for chunk in decoded)
    if body.count(b"\n") + body.count(b"\r") > LIMITS.lines or nested_deeper(body, LIMITS.depth):
        raise Unjudgeable("its answer has too many lines, or is nested too deeply")
    return _split(_without(body, secrets), decoded)


def _split(body: bytes, chunks: Iterable[Chunk]) -> tuple[Chunk, ...]:
    """A body of the same length in the same pieces."""
    found, start = [], 0
    for chunk in chunks:
        found.append(evolve(chunk, data=body[start : start + len(chunk.data)]))
        start += len(chunk.data)
    return tuple(found)


def _without(data: bytes, secrets: Iterable[bytes]) -> bytes:
    for secret in secrets:
        text = secret.decode("latin-1")
        if len(secret) >= SHORTEST:
            data = data.replace(secret, mask(text, WHOLE_KEY).encode())
        data = redact_bytes(data, text, PIECE)
    return data


def _text(value: bytes, secrets: Iterable[bytes]) -> str:
    return _without(value, secrets).decode("latin-1")


def _header(headers: Headers, name: bytes) -> bytes | None:
    return next((value for each, value in headers if each.lower() == name), None)


def _secrets(headers: Headers) -> Iterator[bytes]:
    for name, value in headers:
        if name.lower().decode("latin-1") in (*CREDENTIALS, "cookie"):
            scheme, space, rest = value.partition(b" ")
            yield from TOKEN.findall(rest if space and scheme.isalpha() else value)
