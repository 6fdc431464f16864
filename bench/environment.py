"""The environment of the bench: the openai SDK and raw httpx, installed once into .bench, apart from the kit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = Path(__file__).with_name("requirements.lock")
FOLDER = ROOT / ".bench" / "python"


def python() -> Path:
    """Its interpreter; installs what is missing, or was changed in the lock."""
    found, stamp = FOLDER / "bin" / "python", FOLDER / "installed"
    if not stamp.exists() or stamp.read_bytes() != LOCK.read_bytes():
        uv = str(Path(sys.executable).with_name("uv"))
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(FOLDER)], check=True)
        install = [
            uv,
            "pip",
            "install",
            "--quiet",
            "--compile-bytecode",
            "--python",
            str(found),
            "--require-hashes",
            "-r",
            str(LOCK),
        ]
        subprocess.run(install, check=True)
        stamp.write_bytes(LOCK.read_bytes())
    return found
