"""What `make build` makes, in an environment that has nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.mock import Mock, serve

from .conftest import GREETING, ROOT


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the wheel and the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    return folder


def test_the_client_needs_two_packages(made: Path) -> None:
    with zipfile.ZipFile(next(made.glob("*.whl"))) as wheel:
        names = wheel.namelist()
        metadata = message_from_bytes(wheel.read(next(name for name in names if name.endswith("/METADATA"))))
    required = metadata.get_all("Requires-Dist", [])
    always = {re.split("[<>=]", name)[0] for name in required if "extra ==" not in name}
    assert always == {"attrs", "httpx"}
    assert any(name.startswith("schemathesis") and "extra == 'conformance'" in name for name in required)
    assert {"alphaedge/py.typed", "alphaedge/models.py", "alphaedge/_transport.py"} <= set(names)
    assert "alphaedge_conformance/openapi.yaml" in names
    with tarfile.open(next(made.glob("*.tar.gz"))) as sdist:
        inside = {name.partition("/")[2] for name in sdist.getnames()}
    assert {"openapi.yaml", "scripts/runtime/_stream.py", "scripts/templates/operation.jinja"} <= inside


def test_the_wheel_in_an_empty_environment(made: Path, tmp_path: Path) -> None:
    uv, python = str(Path(sys.executable).with_name("uv")), str(tmp_path / "venv" / "bin" / "python")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(tmp_path / "venv")], check=True, timeout=60)
    install = [uv, "pip", "install", "--quiet", "--python", python, "--constraint", str(constraints(tmp_path))]
    subprocess.run([*install, str(next(made.glob("*.whl")))], check=True, timeout=120)
    sample = next(s["source"] for s in Contract.load().operation["x-codeSamples"] if s["lang"] == "Python")
    with serve(Mock(Contract.load(), "your-api-key")) as url:
        done = subprocess.run(
            [python, "-c", sample + "\nprint(completion.choices[0].message.content)"],
            env={"PATH": os.environ["PATH"], "ALPHAEDGE_BASE_URL": url},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.stdout, done.stderr) == (GREETING + "\n", "")


def constraints(folder: Path) -> Path:
    """The versions of the lock, without its hashes."""
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    path = folder / "constraints.txt"
    path.write_text("\n".join(line.removesuffix(" \\") for line in lines if line[:1].isalnum()), "utf-8")
    return path
