"""What `make build` makes, in an environment that has nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

from alphaedge_conformance.command import MODULES
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
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata.get_all("License-File") == ["LICENSE"]
    required = metadata.get_all("Requires-Dist", [])
    always = {re.split("[<>=]", name)[0] for name in required if "extra ==" not in name}
    assert always == {"attrs", "httpx"}
    assert any(name.startswith("schemathesis") and "extra == 'conformance'" in name for name in required)
    assert {"alphaedge/py.typed", "alphaedge/models.py", "alphaedge/_transport.py"} <= set(names)
    assert {"alphaedge_conformance/openapi.yaml", "alphaedge_conformance/profiles/tools.overlay.yaml"} <= set(names)
    with tarfile.open(next(made.glob("*.tar.gz"))) as sdist:
        inside = {name.partition("/")[2] for name in sdist.getnames()}
    assert {"openapi.yaml", "scripts/runtime/_stream.py", "scripts/templates/operation.jinja"} <= inside


@pytest.fixture(scope="module")
def installed(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment in which the wheel was installed, without the extra, and nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    uv, programs = str(Path(sys.executable).with_name("uv")), folder / "venv" / "bin"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(folder / "venv")], check=True, timeout=60)
    install = [uv, "pip", "install", "--quiet", "--python", str(programs / "python")]
    install += ["--constraint", str(constraints(folder)), str(next(made.glob("*.whl")))]
    subprocess.run(install, check=True, timeout=120)
    return programs


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("alphaedge-conform", "http://127.0.0.1:1"),
        ("alphaedge-conform", "--list"),
        ("alphaedge-conform", "--version"),
        ("alphaedge-contract", "lint"),
        ("alphaedge-contract", "--print-completion bash"),
        ("python -m alphaedge_conformance.mock", "--port 0"),
    ],
)
def test_a_command_of_the_suite_says_how_to_install_it(
    installed: Path, name: str, arguments: str, tmp_path: Path
) -> None:
    program, *words = name.split()
    command = [str(installed / program), *words]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=60)

    done = run(*arguments.split())
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == (
        f"{name}: the conformance suite is not installed (no module named 'hypothesis'); "
        "in a clone of its repository, run pip install '.[conformance]'\n"
    )
    helped = run("--help")
    assert (helped.returncode, helped.stderr) == (0, "")
    assert helped.stdout.startswith(f"usage: {name}")


def test_the_suite_looks_for_each_package_of_the_extra() -> None:
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    names = {re.split("[<>=]", line)[0].replace("-", "_") for line in extra["conformance"]}
    assert {"yaml" if name == "pyyaml" else name for name in names} - {"sniffio"} == set(MODULES)


def test_the_wheel_in_an_empty_environment(installed: Path, tmp_path: Path) -> None:
    sample = next(s["source"] for s in Contract.load().operation["x-codeSamples"] if s["lang"] == "Python")
    with serve(Mock(Contract.load(), "your-api-key")) as url:
        done = subprocess.run(
            [str(installed / "python"), "-c", sample + "\nprint(completion.choices[0].message.content)"],
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
