"""Exchanges as an HTTP Archive (HAR 1.2), written while they come in and read back, also those of others.

An entry is one line, and every write ends with the end of the archive, which the next one overwrites: the file is
whole after each exchange, however the run ends. (The package `harfile` closes the archive only at the end, and has no
place for arrival times.) Members that begin with `_` are ours.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from attrs import asdict, field, frozen

from ..contract import shorten
from ..contract.typed import typed
from ..errors import ConfigurationError
from ..exchange import Chunk, Exchange, Expect, Key, Operation, Probe, Wire
from ..exchange.authorization import headers
from ..exchange.chat import model_of
from ..exchange.redaction import MASK, mask, redact, redact_bytes, veiled
from ..exchange.target import Target
from . import third_party

ARCHIVE = "exchanges.har"
LONGEST_LINE = 2**20
"""Bytes of a line beyond which nobody looks whether it is the log of a gateway."""
CALL = {"messages", "request", "response", "body", "custom_id", "model"}
"""Members of a call in the log of a gateway."""
END = b"\n]}}\n"
PLANNED = ("body", "requirement_ids", "parts", "effort", "operation", "takes")
"""Members of a probe that are written elsewhere, or known from the plan."""


class Journal:
    """An archive that grows. No key is in it: a mask of the same length stands in its place."""

    def __init__(self, path: Path, target: Target, seed: int, is_ours: bool = True) -> None:
        self._target = target
        self.failure: str | None = None
        """Why the archive is incomplete, as for a full disk; then nothing more is written."""
        self._file = path.open("wb", buffering=0)
        masked = mask(target.key) if target.key else None
        ours = {"model": target.model, "seed": seed, "mask": masked, "is_ours": is_ours}
        creator = {"name": "alphaedge", "version": version("alphaedge")}
        log = json.dumps({"version": "1.2", "creator": creator, "_alphaedge": ours})
        self._write(f'{{"log": {log[:-1]}, "entries": ['.encode())
        self._separator = b"\n"

    def add(self, exchange: Exchange, is_retried: bool = False) -> None:
        """An exchange that a rate limit ended, and that was sent again, is kept for a reader, and not judged."""
        entry = json.dumps({**_entry(exchange, self._target), "_retried": is_retried}).encode()
        self._write(self._separator + entry)
        self._separator = b",\n"

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._file.tell()

    def _write(self, data: bytes) -> None:
        if self.failure is not None:
            return
        left = memoryview(data + END)
        try:
            while left:
                left = left[self._file.write(left) :]
            self._file.seek(-len(END), 1)
        except OSError as error:
            self.failure = f"{self._file.name}: {error.strerror}; the archive is incomplete"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()


@frozen
class Recording:
    """What an archive holds."""

    paths: tuple[Path, ...]
    exchanges: tuple[Exchange, ...]
    url: str
    model: str
    seed: int
    key: str | None = field(repr=False)
    """What stands where the key stood; None where none was sent."""
    is_ours: bool
    """Whether each probe is known; those of others are only requests."""

    @property
    def files(self) -> set[Path]:
        return {path.resolve() for path in self.paths}


def read(paths: Sequence[Path], operation: str, host: str | None = None) -> Recording:
    """An archive of this suite, or what other programs wrote of requests whose path ends in `operation`, in one file
    or several; `host` is the server that counts, where there are requests to more than one. Raises ConfigurationError
    for anything else."""
    logs: list[dict[str, Any]] = []
    for path in paths:
        with _expecting(f"an HTTP Archive (HAR 1.2) with at least one request to {operation}", path):
            logs.append(_log(path.read_bytes()))
            if "_alphaedge" not in logs[-1]:
                iter(logs[-1]["entries"])
            elif host is not None:
                raise ConfigurationError("is a recording by this suite, of one server; omit --host")
            elif len(paths) > 1:
                raise ConfigurationError("is a recording by this suite; judge it alone")
            else:
                return _ours(path, logs[-1])
    with _expecting(f"an HTTP Archive (HAR 1.2) with at least one request to {operation}", *paths):
        return _foreign(paths, logs, operation, host)


def read_ours(path: Path) -> Recording:
    """An archive of this suite, which holds no key. Raises ConfigurationError for any other."""
    with _expecting("an exchanges.har that alphaedge-conform wrote", path):
        return _ours(path, _log(path.read_bytes()))


@contextmanager
def _expecting(what: str, *paths: Path) -> Iterator[None]:
    path = ", ".join(map(str, paths))
    try:
        yield
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from None
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}") from None
    except NotAnArchive as error:
        raise ConfigurationError(f"{path}: expected {what}, found {error}") from None
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError, OverflowError) as error:
        raise ConfigurationError(f"{path}: expected {what}; {type(error).__name__}: {shorten(str(error))}") from None


def _ours(path: Path, log: dict[str, Any]) -> Recording:
    ours = log["_alphaedge"]
    exchanges = tuple(_exchange(entry) for entry in log["entries"] if not entry.get("_retried"))
    if not exchanges:
        raise ValueError("it has no entry")
    described = str(ours["model"]), int(ours["seed"]), ours["mask"], ours["is_ours"]
    return typed(Recording((path,), exchanges, exchanges[0].url, *described))


class NotAnArchive(Exception):
    """The file is of another form, which the message names."""


def _lines_of_json(data: bytes) -> bool:
    """Whether a line is an object of its own that tells of a call, as gateways write their logs."""
    line = data.lstrip().split(b"\n", 1)[0]
    try:
        found = json.loads(line) if len(line) < LONGEST_LINE else None
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and not CALL.isdisjoint(found)


def _log(data: bytes) -> dict[str, Any]:
    """The archive; of one whose last write was cut, what is whole."""
    if _lines_of_json(data):
        raise NotAnArchive(
            "JSON lines: the log of a gateway (as LiteLLM's or OpenAI's) holds no headers and no bytes as they came; "
            "record HAR instead, with a browser or a proxy such as mitmproxy"
        )
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
    own = [(each.name, each.value if each.is_harmless else MASK) for each in target.headers]
    masked = [(veiled(name, key), veiled(value, key)) for name, value in exchange.headers]
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
        "headers": _pairs([*((name, redact(value, key)) for name, value in sent.items()), *own]),
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
        "content": {"size": len(body), "mimeType": veiled(exchange.media_type or "", key), **_text(body)},
        "redirectURL": dict(masked).get("location", ""),
        "headersSize": -1,
        "bodySize": -1,
    }
    ours = asdict(probe, filter=lambda attribute, _: attribute.name not in PLANNED)
    if probe.operation is not None:
        ours["operation"] = asdict(probe.operation)
    return {
        "startedDateTime": datetime.fromtimestamp(exchange.started, UTC).isoformat(),
        "time": 1000 * exchange.elapsed,
        "request": request,
        "response": response,
        "cache": {},
        "timings": times,
        "_number": exchange.number,
        "_probe": {**ours, "about": sorted(probe.requirement_ids)},
        "_chunks": [[chunk.at, len(chunk.data)] for chunk in exchange.chunks],
        "_started": exchange.started,
        "_elapsed": exchange.elapsed,
        "_failure": exchange.failure,
        "_cut": exchange.aborted_by_limit,
        "_late": exchange.timed_out,
    }


def _exchange(entry: dict[str, Any]) -> Exchange:
    ours, response = dict(entry["_probe"]), entry["response"]
    ours |= {"requirement_ids": frozenset(ours.pop("about")), "expect": Expect(ours["expect"]), "key": Key(ours["key"])}
    ours["wire"] = Wire(ours.get("wire", Wire.USUAL))
    if "operation" in ours:
        ours["operation"] = typed(Operation(**ours["operation"]))
    posted, url = entry["request"].get("postData"), entry["request"]["url"]
    urlsplit(url)  # raises for what is not a URL
    body, chunks, at = _bytes(response["content"]), [], 0
    for arrived, size in entry["_chunks"]:
        chunks.append(typed(Chunk(arrived, body[at : at + size])))
        at += size
    exchange = Exchange(
        number=entry["_number"],
        probe=typed(Probe(**ours, body=None if posted is None else _bytes(posted))),
        url=url,
        started=entry["_started"],
        status=response["status"] or None,
        headers=tuple((header["name"], header["value"]) for header in response["headers"]),
        chunks=tuple(chunks),
        elapsed=entry["_elapsed"],
        failure=entry["_failure"],
        aborted_by_limit=entry["_cut"],
        timed_out=entry["_late"],
    )
    return typed(exchange)


def _foreign(paths: Sequence[Path], logs: Sequence[dict[str, Any]], operation: str, host: str | None) -> Recording:
    entries = [entry for log in logs for entry in log["entries"]]
    exchanges, key = third_party.exchanges(entries, operation, host)
    if not exchanges:
        raise ValueError("none of its entries is complete")
    models = Counter(model for each in exchanges if (model := model_of(each.probe.request)) is not None)
    model = models.most_common(1)[0][0] if models else ""
    return Recording(tuple(paths), exchanges, exchanges[0].url, model, 1, key, is_ours=False)


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
