"""Exchanges as an HTTP Archive (HAR 1.2), written while they come in and read back, also those of others.

An entry is one line, and every write ends with the end of the archive, which the next one overwrites: the file is
whole after each exchange, however the run ends. (The package `harfile` closes the archive only at the end, and has no
place for arrival times.) Members that begin with `_` are ours.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from attrs import asdict, field, frozen

from .errors import ConfigurationError
from .exchange import Chunk, Exchange, Expect, Key, Probe
from .secrets import MASK, mask, partial, redact, redact_bytes
from .settings import Target
from .wire import headers

ARCHIVE = "exchanges.har"
END = b"\n]}}\n"


class Journal:
    """An archive that grows. No key is in it: a mask of the same length stands in its place."""

    def __init__(self, path: Path, target: Target, seed: int, is_ours: bool = True) -> None:
        self._target = target
        self._file = path.open("wb", buffering=0)
        masked = mask(target.key) if target.key else None
        ours = {"model": target.model, "seed": seed, "mask": masked, "is_ours": is_ours}
        creator = {"name": "alphaedge", "version": version("alphaedge")}
        log = json.dumps({"version": "1.2", "creator": creator, "_alphaedge": ours})
        self._write(f'{{"log": {log[:-1]}, "entries": ['.encode())
        self._separator = b"\n"

    def add(self, exchange: Exchange) -> None:
        entry = json.dumps(_entry(exchange, self._target)).encode()
        self._write(self._separator + entry)
        self._separator = b",\n"

    def _write(self, data: bytes) -> None:
        self._file.write(data + END)
        self._file.seek(-len(END), 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()


@frozen
class Recording:
    """What an archive holds."""

    path: Path
    exchanges: tuple[Exchange, ...]
    url: str
    model: str
    seed: int
    key: str | None = field(repr=False)
    """What stands where the key stood, or, in an archive of others, the key; None where none was sent."""
    is_ours: bool
    """Whether each probe is known; those of others are only requests."""


def read(path: Path, operation: str) -> Recording:
    """An archive of this suite, or what another program wrote of requests whose path ends in `operation`. Raises
    ConfigurationError for anything else."""
    with _expecting(f"an HTTP Archive (HAR 1.2) with one request to {operation} at least", path):
        log = _log(path.read_bytes())
        return _ours(path, log) if "_alphaedge" in log else _foreign(path, log, operation)


def read_ours(path: Path) -> Recording:
    """An archive of this suite, which holds no key. Raises ConfigurationError for any other."""
    with _expecting("an exchanges.har that alphaedge-conform wrote", path):
        return _ours(path, _log(path.read_bytes()))


@contextmanager
def _expecting(what: str, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from None
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        raise ConfigurationError(f"{path}: expected {what} ({error!r})") from None


def _ours(path: Path, log: dict[str, Any]) -> Recording:
    ours = log["_alphaedge"]
    exchanges = tuple(_exchange(entry) for entry in log["entries"])
    described = str(ours["model"]), int(ours["seed"]), ours["mask"], ours["is_ours"]
    return Recording(path, exchanges, exchanges[0].url, *described)


def _log(data: bytes) -> dict[str, Any]:
    """The archive; of one whose last write was cut, what is whole."""
    try:
        log: dict[str, Any] = json.loads(data)["log"]
    except ValueError:
        head, *lines = data.split(b"\n")
        log = json.loads(head + b"]}}")["log"]
        for line in lines:
            try:
                log["entries"].append(json.loads(line.removesuffix(b",")))
            except ValueError:
                break
    return log


def _entry(exchange: Exchange, target: Target) -> dict[str, Any]:
    probe, key = exchange.probe, target.key
    sent = {name: value.replace(key, MASK) if key else value for name, value in headers(probe, key).items()}
    masked = [(name, redact_bytes(value.encode("latin-1"), key).decode("latin-1")) for name, value in exchange.headers]
    body = redact_bytes(exchange.body, key)
    times = {"send": 0, "wait": 0.0, "receive": 1000 * exchange.elapsed}
    if exchange.chunks:
        times["wait"] = 1000 * exchange.chunks[0].at
        times["receive"] -= times["wait"]
    request = {
        "method": probe.method,
        "url": exchange.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs((name, redact(value, key)) for name, value in sent.items()),
        "queryString": [],
        "headersSize": -1,
        "bodySize": len(probe.body or b""),
    }
    if probe.body is not None:
        request["postData"] = {"mimeType": probe.media_type or "", **_text(probe.body)}
    response = {
        "status": exchange.status or 0,
        "statusText": "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(masked),
        "content": {"size": len(body), "mimeType": exchange.media_type or "", **_text(body)},
        "redirectURL": dict(masked).get("location", ""),
        "headersSize": -1,
        "bodySize": -1,
    }
    ours = asdict(probe, filter=lambda attribute, _: attribute.name != "body")
    return {
        "startedDateTime": datetime.fromtimestamp(exchange.started, UTC).isoformat(),
        "time": 1000 * exchange.elapsed,
        "request": request,
        "response": response,
        "cache": {},
        "timings": times,
        "_number": exchange.number,
        "_probe": {**ours, "about": sorted(probe.about)},
        "_chunks": [[chunk.at, len(chunk.data)] for chunk in exchange.chunks],
        "_started": exchange.started,
        "_elapsed": exchange.elapsed,
        "_failure": exchange.failure,
        "_cut": exchange.cut,
        "_late": exchange.late,
    }


def _exchange(entry: dict[str, Any]) -> Exchange:
    ours, response = dict(entry["_probe"]), entry["response"]
    ours |= {"about": frozenset(ours["about"]), "expect": Expect(ours["expect"]), "key": Key(ours["key"])}
    posted = entry["request"].get("postData")
    body, chunks, at = _bytes(response["content"]), [], 0
    for arrived, size in entry["_chunks"]:
        chunks.append(Chunk(arrived, body[at : at + size]))
        at += size
    return Exchange(
        number=entry["_number"],
        probe=Probe(**ours, body=None if posted is None else _bytes(posted)),
        url=entry["request"]["url"],
        started=entry["_started"],
        status=response["status"] or None,
        headers=tuple((header["name"], header["value"]) for header in response["headers"]),
        chunks=tuple(chunks),
        elapsed=entry["_elapsed"],
        failure=entry["_failure"],
        cut=entry["_cut"],
        late=entry["_late"],
    )


def _foreign(path: Path, log: dict[str, Any], operation: str) -> Recording:
    """What a browser or a proxy wrote: only whole bodies, often without the key."""
    entries = [entry for entry in log["entries"] if urlsplit(entry["request"]["url"]).path.endswith(operation)]
    tokens = [_token(entry["request"]) for entry in entries if entry["response"]["status"] == 200]
    key = next((token for token, _ in Counter(filter(None, tokens)).most_common(1)), None)
    exchanges = tuple(_foreign_exchange(number, entry, key) for number, entry in enumerate(entries, 1))
    models = Counter(model for each in exchanges if isinstance(model := each.probe.request.get("model"), str))
    model = models.most_common(1)[0][0] if models else ""
    return Recording(path, exchanges, exchanges[0].url, model, 1, key, is_ours=False)


def _foreign_exchange(number: int, entry: dict[str, Any], key: str | None) -> Exchange:
    request, response = entry["request"], entry["response"]
    content, posted = response["content"], request.get("postData")
    is_seen = "text" in content or not content.get("size")
    body = _bytes(content) if "text" in content else b""
    status = int(response["status"])
    missing = "no answer was recorded" if status <= 0 else None if is_seen else "its body was not recorded"
    return Exchange(
        number=number,
        probe=Probe(
            f"recorded request {number}",
            "A program sent it.",
            None if posted is None else _bytes(posted),
            expect=Expect.EITHER,
            method=request["method"],
            media_type=_header(request, "content-type"),
            key=_kind(_token(request), key),
        ),
        url=request["url"].partition("?")[0],
        started=datetime.fromisoformat(entry["startedDateTime"]).timestamp(),
        status=status if status > 0 else None,
        headers=tuple((header["name"], header["value"]) for header in response["headers"]),
        chunks=(Chunk(0.0, body),) if body else (),
        elapsed=max(0.0, float(entry["time"])) / 1000,
        failure=missing,
        late=not is_seen,
    )


def _header(message: dict[str, Any], name: str) -> str | None:
    return next((header["value"] for header in message["headers"] if header["name"].lower() == name), None)


def _token(request: dict[str, Any]) -> str | None:
    scheme, _, token = (_header(request, "authorization") or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _kind(token: str | None, key: str | None) -> Key:
    """Which key a request carries; where no request shows one, it was taken out of the archive."""
    if key is None or token == key:
        return Key.RIGHT
    if token is None:
        return Key.ABSENT
    return Key.PARTIAL if token == partial(key) else Key.WRONG


def _pairs(headers: Any) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers]


def _text(body: bytes) -> dict[str, str]:
    try:
        return {"text": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"text": b64encode(body).decode("ascii"), "encoding": "base64"}


def _bytes(content: dict[str, str]) -> bytes:
    text = content.get("text", "")
    return b64decode(text) if content.get("encoding") == "base64" else text.encode("utf-8")
