"""Where a contract comes from: a file, or a revision of git."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from ...contract import Contract
from ...errors import ConfigurationError


def load(named: str) -> Contract:
    """The contract in a file, or as git has it at REVISION:PATH. Raises ConfigurationError where there is none."""
    path = Path(named)
    revision, colon, inside = named.rpartition(":")
    if path.exists() or not (colon and revision and inside):
        return Contract.read(path)
    return Contract.parse(path, _from_git(named))


def _from_git(named: str) -> str:
    if shutil.which("git") is None:
        raise ConfigurationError(f"{named}: there is no such file, and no git for a revision; name a file")
    # `./` makes git take the path from here, and not from the top of the repository.
    revision, _, inside = named.rpartition(":")
    spelled = f"{revision}:{inside}" if inside.startswith(("/", "./", "../")) else f"{revision}:./{inside}"
    done = subprocess.run(["git", "show", spelled], capture_output=True, check=False)
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ConfigurationError(
            f"{named}: expected a file, or REVISION:PATH as in git; git says: {said[0] if said else 'nothing'}. "
            "Name a file, or fetch the revision"
        )
    try:
        return done.stdout.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{named}: cannot be read as a contract: {error}") from None
