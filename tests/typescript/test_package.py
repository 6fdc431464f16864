"""What `npm pack` makes, installed into an empty folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from alphaedge_conformance.contract import Contract

from ..client.conftest import GREETING
from ..conftest import ROOT
from .conftest import HERE, Node

pytestmark = pytest.mark.xdist_group("typescript")

SAMPLE = next(s["source"] for s in Contract.load().operation["x-codeSamples"] if s["lang"] == "JavaScript")


def test_the_package_is_small_and_stands_alone(npm_package: Path) -> None:
    packed = next(npm_package.glob("*.tgz"))
    assert packed.stat().st_size < 40_000
    with tarfile.open(packed) as archive:
        names = {name.removeprefix("package/") for name in archive.getnames()}
    top = {name.split("/")[0] for name in names}
    assert top == {"README.md", "package.json", "dist"}
    assert {"dist/esm/index.js", "dist/esm/index.d.ts", "dist/cjs/index.js", "dist/cjs/index.d.ts"} <= names
    assert [path.name for path in (npm_package / "node_modules").glob("[!.]*")] == ["@alphaedge"]


def test_the_sample_of_the_page_as_commonjs(npm_package: Path, node: Node) -> None:
    """As it stands on the page it runs in tests/client/test_samples.py."""
    imports, _, rest = SAMPLE.partition("\n")
    assert imports == "import { AlphaEdge } from '@alphaedge/alphaedge';"
    required = "const { AlphaEdge } = require('@alphaedge/alphaedge');"
    program = f"{required}\n(async () => {{\n{rest}\nconsole.log(completion.choices[0].message.content);\n}})();"
    (npm_package / "sample.cjs").write_text(program, "utf-8")
    done = node("--throw-deprecation", "sample.cjs")
    assert (done.stdout, done.stderr) == (GREETING + "\n", "")


BROWSER = """
delete globalThis.process;
const { AlphaEdge } = await import("@alphaedge/alphaedge");
let sent;
const alphaedge = new AlphaEdge({ apiKey: "sk-browser-0123456789", baseURL: "http://host", fetch: async (url, init) => {
  sent = [url, ...init.headers.keys()];
  return new Response('{"choices": []}');
} });
await alphaedge.chat.completions.create({ model: "m", messages: [] });
console.log(sent.join(" "));
"""


def test_a_browser_has_what_it_needs(npm_package: Path, node: Node) -> None:
    """No module of Node's own is loaded, and no variable or header that browsers do not have is asked for."""
    built = npm_package / "node_modules" / "@alphaedge" / "alphaedge" / "dist" / "esm"
    for path in built.glob("*.js"):
        assert "node:" not in path.read_text("utf-8")
        assert "require(" not in path.read_text("utf-8")
    (npm_package / "browser.mjs").write_text(BROWSER, "utf-8")
    done = node("browser.mjs")
    assert (done.stdout, done.stderr) == ("http://host/v1/chat/completions accept authorization content-type\n", "")


WRONG = [
    number
    for number, line in enumerate((HERE / "typing" / "wrong.mts").read_text("utf-8").splitlines(), 1)
    if line.endswith("// wrong")
]


@pytest.mark.parametrize(
    ("libraries", "files", "errors"),
    [(["ES2022"], ["sample.mts", "sample.cts", "wrong.mts"], WRONG), (["ES2022", "DOM"], ["sample.mts"], [])],
    ids=["node", "browser"],
)
def test_tsc(libraries: list[str], files: list[str], errors: list[int], npm_package: Path) -> None:
    for name in files:
        shutil.copy(HERE / "typing" / name, npm_package)
    options = {
        "strict": True,
        "exactOptionalPropertyTypes": True,
        "module": "Node16",
        "target": "ES2022",
        "lib": libraries,
        "types": ["node"] if libraries == ["ES2022"] else [],
        "typeRoots": [str(ROOT / "scripts" / "typescript" / "node_modules" / "@types")],
        "noEmit": True,
    }
    (npm_package / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": files}), "utf-8")
    tsc = ROOT / "scripts" / "typescript" / "node_modules" / "typescript" / "bin" / "tsc"
    done = subprocess.run(
        ["node", str(tsc), "-p", "."], cwd=npm_package, capture_output=True, text=True, timeout=120, check=False
    )
    found = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert all(line.startswith("wrong.mts(") for line in found), done.stdout
    assert sorted({int(line[len("wrong.mts(") :].partition(",")[0]) for line in found}) == errors, done.stdout
