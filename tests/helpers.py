"""What several tests share, fixtures apart."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from alphaedge_conformance.mock import Mock

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))
import typescript_package

ROOT = Path(__file__).resolve().parent.parent

KEY = "sk-the-secret-key-of-the-tests-0123456789"


class Counting(Mock):
    """A mock that counts the requests for a completion."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.lock, self.requests = threading.Lock(), 0

    async def respond(self, http: Request) -> Response:
        with self.lock:
            self.requests += http.url.path == self.contract.path
        return await super().respond(http)


Conform = Callable[..., subprocess.CompletedProcess[str]]
"""Runs `alphaedge-conform`; takes its arguments, and the key of the environment as `key`."""


def read_report(folder: Path) -> dict[str, Any]:
    """The report.json of a run."""
    found: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
    return found


def strict_mypy(cache: str, *arguments: str) -> list[str]:
    """The command that checks programs of a user, without this repository's settings; `cache` names its cache."""
    folder = str(ROOT / ".mypy_cache" / cache)
    return [sys.executable, "-m", "mypy", "--strict", "--config-file", "", "--cache-dir", folder, *arguments]


def copy_scripts(folder: Path) -> None:
    """The generator for a copy of the repository, with the tools that are installed here."""
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    if typescript_package.is_possible():
        typescript_package.install()
        tools = "scripts/typescript/node_modules"
        (folder / tools).symlink_to(ROOT / tools)
