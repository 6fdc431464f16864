"""What is drawn for a contract and a seed: it takes a second or two, so it is kept on disk for the next run."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from attrs import asdict, frozen

from ..contract import Contract
from ..exchange.strict_json import Json
from . import boundaries, conversations
from .conversations import Messages


@frozen
class Drawn:
    """Values that probes are made of."""

    bodies: list[Any]
    """JSON bodies of Schemathesis's coverage phase."""
    conversations: dict[str, list[Messages]]
    """By theme."""


def drawn(contract: Contract, seed: int) -> Drawn:
    """Drawn before, or now; a file that cannot be read or written makes a run slower, and nothing else."""
    path = _folder() / f"drawn-{_digest(contract, seed)}.json"
    found = _read(path)
    if found is None:
        made = Drawn(
            list(boundaries.coverage(contract)),
            {theme.name: conversations.draw(contract, theme, seed) for theme in conversations.THEMES.values()},
        )
        text = json.dumps(asdict(made))
        _write(path, text)
        found = Drawn(**json.loads(text))  # the same values, wherever they come from
    return found


def failing(contract: Contract) -> list[Json]:
    """The drawn requests that broke something at the end of the last exploration with this contract."""
    try:
        found = json.loads(_failing_path(contract).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return []
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def keep_failing(contract: Contract, requests: Iterable[Json]) -> None:
    """Hypothesis's own database is not used where a seed is given."""
    _write(_failing_path(contract), json.dumps(list(requests)))


def _failing_path(contract: Contract) -> Path:
    return _folder() / f"failing-{contract.digest[:32]}.json"


def _folder() -> Path:
    """Where a user's programs keep what they can make again."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path("~/.cache").expanduser()) / "alphaedge"


def _digest(contract: Contract, seed: int) -> str:
    """Everything that the values depend on."""
    own = [path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))]
    versions = [version(name) for name in ("alphaedge", "schemathesis", "hypothesis")]
    return sha256(b"\0".join([contract.digest.encode(), f"{seed} {versions}".encode(), *own])).hexdigest()[:32]


def _read(path: Path) -> Drawn | None:
    try:
        found = Drawn(**json.loads(path.read_text("utf-8")))
        for messages in (each for theme in conversations.THEMES for each in found.conversations[theme]):
            for message in messages:
                message["content"].encode(), message["role"].encode()
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return found if isinstance(found.bodies, list) else None


def _write(path: Path, text: str) -> None:
    """All of it or nothing, also where two runs write at the same time."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
