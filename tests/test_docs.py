"""Every example of the documentation runs as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import KEY, ROOT

PAGES = ("docs/client.md", "README.md")
EXAMPLES = [
    pytest.param(code, id=f"{Path(page).name}-{number}")
    for page in PAGES
    for number, code in enumerate(
        re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text("utf-8"), re.M | re.S), 1
    )
]


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example(code: str, url: str) -> None:
    environment = {**os.environ, "ALPHAEDGE_BASE_URL": url, "ALPHAEDGE_API_KEY": KEY}
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert KEY not in done.stdout + done.stderr


def test_the_examples_are_typed(tmp_path: Path) -> None:
    for number, example in enumerate(EXAMPLES):
        (tmp_path / f"example_{number}.py").write_text(str(example.values[0]), "utf-8")
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file",
        "",
        "--cache-dir",
        str(ROOT / ".mypy_cache/docs"),
    ]
    names = sorted(path.name for path in tmp_path.glob("*.py"))
    done = subprocess.run([*command, *names], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout
