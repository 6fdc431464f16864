"""A tool that npm has and PyPI has not, Redocly: installed once from its lock, where Node is present."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from ..contract import SHIPPED

TOP = SHIPPED.resolve().parent
LOCKED = TOP / "scripts" / "node"
"""What is installed: a package.json and its lock. In a checkout only; a wheel has no tools of npm."""
INSTALLED = TOP / ".node"
SECONDS = 120
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1"}


class Unavailable(Exception):
    """Why a tool of npm cannot be run; what it would have done is left out."""


def run(script: str, arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a script of an installed package in a folder. Raises Unavailable."""
    node = _program("node")
    environment: Mapping[str, str] = {**os.environ, **QUIET}
    command = [node, str(_installed() / "node_modules" / script), *arguments]
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{script}: {error}") from None


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Unavailable(f"{name} is not installed")
    return found


def _installed() -> Path:
    """The folder of exactly what the lock names; two who install at the same time do not meet."""
    try:
        files = {name: (LOCKED / name).read_bytes() for name in ("package.json", "package-lock.json")}
    except OSError:
        raise Unavailable("there is no scripts/node here; run it in a checkout") from None
    folder = INSTALLED / sha256(b"\0".join(files.values())).hexdigest()[:16]
    if folder.exists():
        return folder
    npm = _program("npm")
    try:
        INSTALLED.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=INSTALLED, prefix="new-", ignore_cleanup_errors=True) as new:
            for name, content in files.items():
                (Path(new) / name).write_bytes(content)
            _install([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], Path(new))
            if not folder.exists():
                Path(new).rename(folder)
    except OSError as error:
        if not folder.exists():  # else somebody else was faster
            raise Unavailable(f"npm's tools cannot be installed into {INSTALLED}: {error}") from None
    return folder


def _install(command: Sequence[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(f"npm took more than {SECONDS} s to install; try again") from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
        raise Unavailable(f"npm could not install: {said[-1] if said else f'exit code {done.returncode}'}")
