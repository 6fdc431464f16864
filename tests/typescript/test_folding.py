"""A list of indexed objects that the contract adds to the chunks is merged by `index`, with no other edit."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest

from alphaedge_conformance.contract import Contract

from ..helpers import ROOT
from .conftest import HERE, Node

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("typescript")]

TOOL_CALLS = """\
        tool_calls:
          description: What is new in the calls of tools.
          oneOf:
            - type: "null"
            - type: array
              items:
                type: object
                required: [index]
                properties:
                  index:
                    description: The place of this call, from 0.
                    type: integer
                  id:
                    description: The identifier of the call.
                    type: string
                  type:
                    description: Always "function".
                    type: string
                    const: function
                  function:
                    description: What is called.
                    type: object
                    properties:
                      arguments:
                        description: The next piece of the arguments.
                        type: string
"""
PROGRAM = """
import { data, DONE, HELLO, streaming } from "./help.mjs";

const delta = (tool_calls) => data({ choices: [{ index: 0, delta: { tool_calls } }] });
const called = { id: "call_b", type: "function" };
const pieces = [
  delta([{ index: 1, ...called, function: { name: "b", arguments: "{" } }]),
  delta([
    { index: 0, id: "call_a", function: { name: "a", arguments: "[" } },
    { index: 1, ...called, function: { arguments: "}" } },
  ]),
  delta(null),
  delta([{ index: 0, function: { arguments: "]" } }]),
  DONE,
];
const stream = await streaming(pieces).alphaedge.chat.completions.create({ ...HELLO, stream: true });
const first = [];
for await (const chunk of stream) first.push(JSON.stringify(chunk));
console.log(JSON.stringify((await stream.finalCompletion()).choices[0].message.tool_calls));
console.log(first[0].includes('"arguments":"{"') && pieces[0].includes(first[0]));
"""
CALLS = (
    '[{"index":0,"id":"call_a","function":{"name":"a","arguments":"[]"}},'
    '{"index":1,"id":"call_b","type":"function","function":{"name":"b","arguments":"{}"}}]'
)


def test_fragments_are_merged_by_index(npm: None, tmp_path: Path, node: Node, npm_package: Path) -> None:
    import generate
    import typescript_package

    text = (ROOT / "openapi.yaml").read_text("utf-8")
    delta = text.index("    Delta:\n")
    at = text.index("        content:\n", delta)
    changed = tmp_path / "openapi.yaml"
    changed.write_text(text[:at] + TOOL_CALLS + text[at:], "utf-8")
    contract = Contract.load(changed)
    package = typescript_package.generate(contract, generate.rendering(contract.document), "0.0.1", tmp_path)
    packed = typescript_package.pack(package, tmp_path)
    with tempfile.TemporaryDirectory(dir=npm_package) as folder:
        typescript_package.npm(Path(folder), "install", "--offline", "--no-save", "--prefix", folder, str(packed))
        shutil.copy(HERE / "help.mjs", folder)
        (Path(folder) / "program.mjs").write_text(PROGRAM, "utf-8")
        done = node(f"{Path(folder).name}/program.mjs")
    assert (done.stdout, done.stderr) == (f"{CALLS}\ntrue\n", "")
