"""What `npm pack` makes, installed into an empty folder."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pytest

from ..client.conftest import GREETING
from .conftest import HERE, SAMPLE, Node, Tsc

pytestmark = pytest.mark.xdist_group("typescript")


def test_the_package_is_small_and_stands_alone(npm_package: Path) -> None:
    packed = next(npm_package.glob("*.tgz"))
    assert packed.stat().st_size < 40_000
    with tarfile.open(packed) as archive:
        names = {name.removeprefix("package/") for name in archive.getnames()}
    top = {name.split("/")[0] for name in names}
    assert top == {"LICENSE", "README.md", "package.json", "dist"}
    assert {"dist/esm/index.js", "dist/esm/index.d.ts", "dist/cjs/index.js", "dist/cjs/index.d.ts"} <= names
    assert [path.name for path in (npm_package / "node_modules").glob("[!.]*")] == ["@alphaedge"]


def test_the_sample_of_the_page_as_commonjs(npm_package: Path, node: Node) -> None:
    """As it stands on the page, it runs in calls.test.mjs and in tests/client/test_samples.py."""
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


def test_tsc_is_content_with_a_program_and_finds_wrong_usage(npm_package: Path, tsc: Tsc) -> None:
    programs = ["sample.mts", "sample.cts", "wrong.mts"]
    for name in programs:
        shutil.copy(HERE / "typing" / name, npm_package)
    done = tsc(programs, noEmit=True)
    found = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert sorted({line.partition(",")[0] for line in found}) == sorted(f"wrong.mts({number}" for number in WRONG)


@pytest.mark.slow
def test_tsc_is_content_with_a_program_for_browsers(npm_package: Path, tsc: Tsc) -> None:
    shutil.copy(HERE / "typing" / "sample.mts", npm_package)
    done = tsc(["sample.mts"], in_browser=True, noEmit=True)
    assert done.returncode == 0, done.stdout
