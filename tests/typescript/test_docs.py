"""Every example of the documentation compiles under `tsc --strict` and runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ..client.conftest import KEY
from ..helpers import ROOT
from .conftest import Node, Tsc

pytestmark = pytest.mark.xdist_group("typescript")

PAGES = ("docs/typescript.md", "generated/typescript/README.md")
EXAMPLES = {
    f"{Path(page).stem.lower()}-{number}": code
    for page in PAGES
    for number, code in enumerate(re.findall(r"^```ts\n(.*?)^```", (ROOT / page).read_text("utf-8"), re.M | re.S), 1)
}


@pytest.fixture(scope="module")
def compiled(npm_package: Path, tsc: Tsc) -> Path:
    """The folder with every example as JavaScript."""
    for name, code in EXAMPLES.items():
        (npm_package / f"{name}.mts").write_text(code, "utf-8")
    done = tsc([f"{name}.mts" for name in EXAMPLES])
    assert done.returncode == 0, done.stdout
    return npm_package


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example(name: str, compiled: Path, node: Node) -> None:
    done = node(f"{name}.mjs")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()
    assert KEY not in done.stdout
