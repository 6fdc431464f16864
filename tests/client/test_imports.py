"""What is loaded when, and by whom."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

import alphaedge

from .conftest import ROOT

LOADED = "import sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"


def loaded(program: str) -> set[str]:
    """The top-level packages that a fresh interpreter has loaded after the program."""
    command = [sys.executable, "-c", f"{program}; {LOADED}"]
    # -S leaves out what the development environment itself loads at the start.
    command[1:1] = ["-S"]
    paths = [str(ROOT / "generated"), *(path for path in sys.path if "site-packages" in path)]
    environment = {"PYTHONPATH": ":".join(paths)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    return set(done.stdout.split())


HEAVY = {"httpx", "httpcore", "attr", "attrs", "anyio", "ssl", "json", "typing"}


def test_import_alone_loads_nothing() -> None:
    assert not loaded("import alphaedge; alphaedge.__version__; dir(alphaedge)") & HEAVY


def test_the_name_alone_loads_neither_http_nor_models() -> None:
    assert not loaded("from alphaedge import AlphaEdge, RateLimitError") & (HEAVY - {"typing"})


def test_a_plain_call_loads_no_asynchronous_library() -> None:
    program = "from alphaedge import AlphaEdge; AlphaEdge('sk-0').chat.completions"
    assert not loaded(program) & {"asyncio", "trio"}


def test_every_name_is_there() -> None:
    for name in alphaedge.__all__:
        assert getattr(alphaedge, name) is not None
    assert set(alphaedge.__all__) <= set(dir(alphaedge))
    with pytest.raises(AttributeError, match="has no attribute 'OpenAI'"):
        alphaedge.OpenAI  # type: ignore[attr-defined]  # noqa: B018


def test_two_modules_know_the_http_library() -> None:
    knows = set()
    for path in (ROOT / "generated" / "alphaedge").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            knows |= {path.name for name in names if name.partition(".")[0] in ("httpx", "httpcore", "h11")}
    assert knows == {"_other_client.py", "_transport.py"}
