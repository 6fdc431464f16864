"""`make generate`: a mechanical rendering, the same bytes for the same input, and errors with a line."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import generate
import pytest
import yaml

from alphaedge_conformance.contract import Contract

from ..helpers import ROOT, copy_scripts

Checkout = Callable[[Callable[[str], str]], Path]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A copy of what `make generate` reads and writes, with another contract."""

    def make(change: Callable[[str], str]) -> Path:
        copy_scripts(tmp_path)
        ignored = shutil.ignore_patterns("__pycache__", "node_modules", "dist")
        shutil.copytree(ROOT / "generated", tmp_path / "generated", ignore=ignored)
        (tmp_path / "openapi.yaml").write_text(change((ROOT / "openapi.yaml").read_text("utf-8")), "utf-8")
        return tmp_path

    return make


def run(folder: Path, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(folder / "scripts/generate.py"), *arguments]
    environment = {**os.environ, **({} if path is None else {"PATH": path})}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_generated_is_what_the_contract_gives() -> None:
    assert run(ROOT, "--check").returncode == 0


def test_the_same_input_gives_the_same_bytes(contract: Contract, tmp_path: Path) -> None:
    made = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        made.append(generate.generate(contract, tmp_path / name))
    assert list(generate.differences(*made)) == []
    assert (made[0] / "py.typed").exists()


def test_each_file_says_where_it_is_edited() -> None:
    for path in [*(ROOT / "generated" / "alphaedge").glob("*.py"), *(ROOT / "generated/typescript/src").glob("*.ts")]:
        first = path.read_text("utf-8").partition("\n")[0]
        sources = [ROOT / word for word in re.findall(r"\w[\w/.]*/[\w.]*|openapi\.yaml", first)]
        assert sources, path
        assert all(source.exists() for source in sources), first
        if "Copied" in first:
            assert sources[0].name == path.name


def test_check_names_each_stale_file(checkout: Checkout, tmp_path: Path) -> None:
    """Where there is no Node, of the Python client alone."""
    nothing = str(tmp_path / "nothing")
    folder = checkout(lambda text: text.replace("Who speaks.", "Who is speaking."))
    stale = folder / "generated/alphaedge/left_over.py"
    stale.touch()
    before = {path: path.read_bytes() for path in (folder / "generated").rglob("*") if path.is_file()}
    done = run(folder, "--check", path=nothing)
    assert done.returncode == 1
    assert "left_over.py: is not what openapi.yaml gives; run `make generate`" in done.stdout
    assert "generated/typescript: was not looked at, because Node was not found" in done.stdout
    assert {path: path.read_bytes() for path in before} == before
    done = run(folder, path=nothing)
    assert done.returncode == 0
    assert "generated/typescript: stays as it is, because Node was not found; install Node 20 with npm" in done.stdout
    assert not stale.exists()
    assert "Who is speaking." in (folder / "generated/alphaedge/types.py").read_text("utf-8")
    assert "Who speaks." in (folder / "generated/typescript/src/schema.ts").read_text("utf-8")
    assert run(folder, "--check", path=nothing).returncode == 0


@pytest.mark.slow
def test_check_names_each_stale_file_of_the_typescript_package(checkout: Checkout, npm: None) -> None:
    folder = checkout(lambda text: text.replace("Who speaks.", "Who is speaking."))
    package = folder / "generated" / "typescript"
    (package / "src" / "left_over.ts").touch()
    (package / "src" / "stream.ts").write_text("// by hand\n", "utf-8")
    (package / "dist").mkdir()
    (package / "dist" / "built.js").touch()
    done = run(folder, "--check")
    assert done.returncode == 1
    stale = {line.partition(": ")[0] for line in done.stdout.splitlines() if "/typescript/" in line}
    assert stale == {f"generated/typescript/src/{name}.ts" for name in ("left_over", "schema", "stream")}
    assert run(folder).returncode == 0
    assert not (package / "src" / "left_over.ts").exists()
    assert "Who is speaking." in (package / "src" / "schema.ts").read_text("utf-8")
    copied = (package / "src" / "stream.ts").read_text("utf-8").partition("\n")[2]
    assert copied == (ROOT / "scripts/typescript/runtime/stream.ts").read_text("utf-8")
    assert (package / "dist" / "built.js").exists()


def test_the_lock_of_the_tools_names_no_registry() -> None:
    lock = json.loads((ROOT / "scripts/typescript/package-lock.json").read_text("utf-8"))
    packages = [package for path, package in lock["packages"].items() if path]
    assert len(packages) > 30
    assert all(package["integrity"].startswith("sha512-") and "resolved" not in package for package in packages)


@pytest.mark.parametrize(
    ("old", "new", "line_of", "message"),
    [
        ("type: integer\n          minimum: 1", "type: whole", "type: whole", "is not a valid JSON Schema"),
        (f"  version: {Contract.load().version}\n", "", "info:", '"version" is a '),
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
    assert "openapi-python-client cannot generate a client from it" in done.stderr
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
