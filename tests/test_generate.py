"""`make generate`: a mechanical rendering, the same bytes for the same input, and errors with a line."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from alphaedge_conformance.contract import Contract

from .conftest import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import generate

Checkout = Callable[[Callable[[str], str]], Path]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A copy of what `make generate` reads and writes, with another contract."""

    def make(change: Callable[[str], str]) -> Path:
        shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
        shutil.copytree(ROOT / "generated", tmp_path / "generated")
        (tmp_path / "openapi.yaml").write_text(change((ROOT / "openapi.yaml").read_text("utf-8")), "utf-8")
        return tmp_path

    return make


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(folder / "scripts/generate.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_generated_is_what_the_contract_gives() -> None:
    assert run(ROOT, "--check").returncode == 0


def test_the_same_input_gives_the_same_bytes(contract: Contract, tmp_path: Path) -> None:
    made = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        made.append(generate.generate(contract, tmp_path / name))
    assert list(generate.differences(*made)) == []
    assert (made[0] / "py.typed").exists()


def test_check_names_each_stale_file(checkout: Checkout) -> None:
    folder = checkout(lambda text: text.replace("Who speaks.", "Who is speaking."))
    stale = folder / "generated/alphaedge/left_over.py"
    stale.touch()
    before = {path: path.read_bytes() for path in (folder / "generated").rglob("*") if path.is_file()}
    done = run(folder, "--check")
    assert done.returncode == 1
    assert "left_over.py: is not what openapi.yaml gives; run `make generate`" in done.stdout
    assert {path: path.read_bytes() for path in before} == before
    assert run(folder).returncode == 0
    assert not stale.exists()
    assert run(folder, "--check").returncode == 0


@pytest.mark.parametrize(
    ("old", "new", "line_of", "message"),
    [
        ("type: integer\n          minimum: 1", "type: whole", "type: whole", "is no JSON Schema"),
        ("  version: 1.0.0\n", "", "info:", '"version" is a '),
        (
            'schema: {$ref: "#/components/schemas/ChatCompletion"}',
            "schema: {$ref: other.yaml}",
            None,
            "expected a $ref into this file",
        ),
    ],
)
def test_an_error_in_the_contract_stops_it_with_the_line(
    checkout: Checkout, old: str, new: str, line_of: str | None, message: str
) -> None:
    folder = checkout(lambda text: text.replace(old, new, 1))
    done = run(folder)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    if line_of is not None:
        text = (folder / "openapi.yaml").read_text("utf-8")
        line = next(number for number, line in enumerate(text.splitlines(), 1) if line_of in line)
        assert f"openapi.yaml:{line}: " in done.stderr


ODD = """    Odd:
      description: Refers to what the generator cannot refer to.
      type: object
      properties: {a: {$ref: "#/components/schemas/Usage/properties/total_tokens"}}
"""


def test_what_the_generator_drops_is_an_error(checkout: Checkout) -> None:
    """openapi-python-client leaves a schema out and exits 0, unless it is told not to."""
    folder = checkout(lambda text: text.replace("    ErrorResponse:\n", ODD + "    ErrorResponse:\n", 1))
    done = run(folder)
    assert done.returncode == 1
    assert "openapi-python-client cannot make a client of it" in done.stderr
    assert "Odd" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_rendering_changes_the_header_and_the_name_of_item_schema_alone(contract: Contract) -> None:
    def undone(node: Any) -> Any:
        if isinstance(node, dict):
            node = {name: undone(value) for name, value in node.items()}
            if "text/event-stream" in node:
                node["text/event-stream"]["itemSchema"] = node["text/event-stream"].pop("schema")
            return node
        return [undone(value) for value in node] if isinstance(node, list) else node

    rendered = generate.rendering(contract.document)
    assert rendered["openapi"] == "3.1.0"
    assert undone(rendered) == {**contract.document, "openapi": "3.1.0"}


def test_the_rendering_alone(contract: Contract, tmp_path: Path) -> None:
    written = tmp_path / "openapi.yaml"
    assert run(ROOT, "--rendering", str(written)).returncode == 0
    assert yaml.safe_load(written.read_text("utf-8")) == generate.rendering(contract.document)
