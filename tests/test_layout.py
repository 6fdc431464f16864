"""The folders of the suite are the stages of a run: imports point up the list of stages, and never in a circle."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import alphaedge_conformance

PACKAGE = Path(alphaedge_conformance.__file__).parent
STAGES = (
    *("errors", "command", "contract", "exchange", "mock", "probes", "judging", "sending", "archive", "run", "report"),
    *("live", "fleet", "maintain", "pytest_session", "cli", "pytest_plugin"),
)
"""In the order of the run: a stage imports those before it."""


def modules(folder: Path) -> dict[str, Path]:
    """The modules below a folder by name, where the folder is `alphaedge_conformance`."""
    found = {}
    for path in folder.rglob("*.py"):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(name: str, path: Path, known: set[str]) -> set[str]:
    """The modules of the package that a module imports, wherever in its text."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package) if node.level else node.module or ""
            found |= {each if (each := f"{base}.{alias.name}") in known else base for alias in node.names}
    return (found & known) - {name}


def graph(folder: Path = PACKAGE) -> dict[str, set[str]]:
    known = modules(folder)
    return {name: imports(name, path, set(known)) for name, path in known.items()}


def stage(module: str) -> int:
    """The place of a module's stage in the list; the package itself comes before all."""
    return STAGES.index(module.split(".")[1]) if "." in module else -1


def arrows_down(found: dict[str, set[str]]) -> list[str]:
    return [f"{name} imports {each}" for name, all in found.items() for each in all if stage(each) > stage(name)]


def circle(found: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(found).prepare()
    except CycleError as error:
        nodes: list[str] = error.args[1]
        return nodes
    return []


def test_every_folder_is_a_stage() -> None:
    there = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert there - {"__init__", "__pycache__"} == set(STAGES)


def test_imports_point_up_the_stages() -> None:
    assert arrows_down(graph()) == []


def test_no_import_goes_in_a_circle() -> None:
    assert circle(graph()) == []


def test_an_arrow_the_wrong_way_and_a_circle_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "alphaedge_conformance"
    for name, text in {
        "__init__": "",
        "contract/__init__": "",
        "contract/early": "def late() -> None:\n    from ..report import text\n",
        "report/__init__": "",
        "report/text": "from . import curl\n",
        "report/curl": "from .text import safe\n",
    }.items():
        (folder / f"{name}.py").parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.py").write_text(text)
    found = graph(folder)
    assert arrows_down(found) == ["alphaedge_conformance.contract.early imports alphaedge_conformance.report.text"]
    assert set(circle(found)) == {"alphaedge_conformance.report.curl", "alphaedge_conformance.report.text"}
