"""Archives that a browser or a proxy wrote: whole bodies, no arrival times, often without the key or a body.

Such an archive is read with doubt. What it does not hold whole is not judged, an entry that cannot be read is left out,
and every credential in it is masked before anything else sees it.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from ..errors import ConfigurationError
from ..exchange import Chunk, Exchange, Expect, Key, Probe
from ..exchange.authorization import kind_of
from ..exchange.redaction import mask, redact_bytes, veiled

CREDENTIALS = ("authorization", "proxy-authorization", "api-key", "x-api-key")
"""Headers of a request whose values are secret."""
LATEST = 4_102_444_800.0
"""Unix seconds, of the year 2100; a recording from later is wrong."""
LONGEST = 86_400.0
"""Seconds that an exchange may have taken; a recording that says more is wrong."""
UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, OverflowError)
Json = Mapping[str, Any]


def exchanges(
    entries: Iterable[Json], operation: str, host: str | None = None
) -> tuple[tuple[Exchange, ...], str | None]:
    """What was said to one server at a path that ends in `operation`, and what stands for the key; `host` is the server
    where there are several. Raises ConfigurationError for several servers, or where nothing can be read."""
    ours = [entry for entry in entries if _is_about(entry, operation)]
    origins = sorted({_origin(entry) for entry in ours})
    if host is not None:
        ours = [entry for entry in ours if host in (_origin(entry), urlsplit(f"//{_origin(entry)}").hostname)]
        chosen = sorted({_origin(entry) for entry in ours})
        if not chosen:
            raise ConfigurationError(f"holds no request to {host}; there are requests to {' and '.join(origins)}")
        origins = chosen
    if len(origins) > 1:
        raise ConfigurationError(f"holds requests to {' and '.join(origins)}; name one with --host")
    secrets = {secret for entry in ours for secret in _secrets(entry)}
    accepted = Counter(token for entry in ours if int(entry["response"]["status"]) == 200 for token in _tokens(entry))
    key = accepted.most_common(1)[0][0] if accepted else None
    found: dict[object, Exchange] = {}
    for entry in ours:
        try:
            exchange = _exchange(len(found) + 1, entry, key, secrets)
        except UNREADABLE:
            continue
        if exchange is not None:  # a service worker has each of its exchanges twice
            probe = exchange.probe
            same = (probe.method, probe.body, probe.key, exchange.body) if exchange.body else len(found)
            found.setdefault(same, exchange)
    return tuple(found.values()), mask(key) if key else None


def _origin(entry: Json) -> str:
    """The host and port of a request."""
    return urlsplit(str(entry["request"]["url"])).netloc.rpartition("@")[2]


def _is_about(entry: Json, operation: str) -> bool:
    try:
        int(entry["response"]["status"])
        return urlsplit(str(entry["request"]["url"])).path.endswith(operation)
    except UNREADABLE:
        return False


def _exchange(number: int, entry: Json, key: str | None, secrets: Iterable[str]) -> Exchange | None:
    """None for a request whose body was not recorded, so that nobody knows what was asked."""
    request, response = entry["request"], entry["response"]
    posted, content, status = request.get("postData") or {}, response["content"], int(response["status"])
    if request["method"] == "POST" and "text" not in posted and request.get("bodySize") != 0:
        return None
    body = _bytes(content)
    is_whole = len(body) >= content.get("size", 0) and not entry.get("_error") and (body or status != 200)
    failure = "no answer was recorded" if status <= 0 else None if is_whole else "its body was not recorded in full"
    headers = [(str(each["name"]), str(each["value"])) for each in response["headers"] if each["name"][:1] != ":"]
    if not headers and content.get("mimeType"):
        headers = [("content-type", str(content["mimeType"]))]
    where, started = urlsplit(request["url"]), datetime.fromisoformat(entry["startedDateTime"]).timestamp()
    if not 0 <= started < LATEST:
        raise ValueError(f"started at {started}")
    return Exchange(
        number=number,
        probe=Probe(
            f"recorded request {number}",
            "A program sent it.",
            _masked(_bytes(posted), secrets) if "text" in posted else None,
            expect=Expect.EITHER,
            method=str(request["method"]),
            media_type=_header(request, "content-type"),
            key=_kind(_header(request, "authorization"), key, status),
        ),
        url=urlunsplit((where.scheme, where.netloc.rpartition("@")[2], where.path, "", "")),
        started=started,
        status=status if status > 0 else None,
        headers=tuple(
            (_text(name, secrets), "[cookie]" if name.lower() == "set-cookie" else _text(value, secrets))
            for name, value in headers
        ),
        chunks=(Chunk(0.0, _masked(body, secrets)),) if body else (),
        elapsed=min(max(0.0, float(entry.get("time") or 0)) / 1000, LONGEST),
        failure=failure,
        timed_out=status > 0 and not is_whole,
    )


def _header(message: Json, name: str) -> str | None:
    return next((str(header["value"]) for header in message["headers"] if header["name"].lower() == name), None)


def _tokens(entry: Json) -> list[str]:
    try:
        token = _token(entry["request"])
    except UNREADABLE:
        token = None
    return [token] if token is not None else []


def _token(request: Json) -> str | None:
    scheme, _, token = (_header(request, "authorization") or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _secrets(entry: Json) -> Iterator[str]:
    """Every credential of a request: those in headers, and a password in the address."""
    try:
        for name in CREDENTIALS:
            yield from re.findall(r"[^\s,;=]{6,}", _header(entry["request"], name) or "")
        if password := urlsplit(entry["request"]["url"]).password:
            yield password
    except UNREADABLE:
        return


def _kind(field: str | None, key: str | None, status: int) -> Key:
    """Which key a request carries. Another one may be as good, and one that is absent may have been left out, or be a
    cookie: only what the suite itself sends, and a refusal, show more."""
    if key is not None and field is not None:
        return kind_of(field.strip(), key) or Key.RIGHT
    return Key.ABSENT if key is not None and status == 401 else Key.RIGHT


def _masked(data: bytes, secrets: Iterable[str]) -> bytes:
    for secret in secrets:
        data = redact_bytes(data, secret)
    return data


def _text(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = veiled(text, secret)
    return text


def _bytes(content: Json) -> bytes:
    text = content.get("text") or ""
    return b64decode(text) if content.get("encoding") == "base64" else text.encode("utf-8", "surrogatepass")
