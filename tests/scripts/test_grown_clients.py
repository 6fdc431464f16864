"""The clients of a contract with every edit of tests/contract/edits.py that goes together with the others."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import generate  # tests/helpers.py has its folder on the path
import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.errors import ConfigurationError

from ..contract.edits import EDITS, RESERVED, edited
from ..contract.growing import grown
from ..helpers import accepted_by_tsc, strict_mypy

PROGRAM = """
from alphaedge import AlphaEdge

completion = AlphaEdge().chat.completions.create(
    model="m",
    messages=[{"role": "user", "content": [{"type": "text", "text": "Hello!"}]}],
    logit_bias={"50256": -100},
    stream_options={"include_usage": True},
    tools=[{"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}}],
    response_format={"type": "json_schema", "json_schema": {}},
    stop=["a", "b"],
    top_k=3,
    tree={"name": "root", "children": [{"name": "leaf"}]},
    choice={"name": "one"},
)
reveal_type(completion.scores)
reveal_type(completion.warning)
reveal_type(completion.choices[0].message.tool_calls)
reveal_type(completion.choices[0].logprobs)
"""
TYPES = [
    "dict[str, float] | None",
    "str | list[str] | None",
    "list[alphaedge.models.ToolCall] | None",
    "alphaedge.models.ChoiceLogprobsType0 | None",
]
TYPESCRIPT = """
import { AlphaEdge } from "./made/typescript/src/index.js";

const completion = await new AlphaEdge().chat.completions.create({
  model: "m",
  messages: [{ role: "user", content: "Hello!" }],
  logit_bias: { "50256": -100 },
  stream_options: { include_usage: true },
  tools: [{ type: "function", function: { name: "now" } }],
  response_format: { type: "text" },
  stop: ["a", "b"],
  tree: { name: "root", children: [{ name: "leaf" }] },
});
completion.timings?.ms.toFixed();
completion.choices[0]?.message.tool_calls?.[0]?.function.name;
// @ts-expect-error
await new AlphaEdge().chat.completions.create({ model: "m", messages: [], logit_bias: { "50256": "none" } });
"""


def together() -> list[str]:
    """The edits, without those that change what another one changes."""
    document = Contract.load().document
    before, taken, names = document["components"]["schemas"], set[tuple[str, str]](), []
    for name, edit in EDITS.items():
        after = edited(document, [edit])["components"]["schemas"]
        changed = {
            (schema, member)
            for schema, now in after.items()
            for member, described in now.get("properties", {}).items()
            if schema in before and before[schema].get("properties", {}).get(member) != described
        }
        if name not in RESERVED and not changed & taken:
            taken |= changed
            names.append(name)
    return names


@pytest.fixture(scope="module")
def contract() -> Contract:
    names = together()
    assert len(names) > 40
    contract = grown(names)
    generate.validate(contract)
    return contract


@pytest.mark.xdist_group("grown")
def test_the_python_client_takes_and_gives_what_was_added(contract: Contract, tmp_path: Path) -> None:
    made = generate.generate(contract, tmp_path)
    (tmp_path / "program.py").write_text(PROGRAM, "utf-8")
    done = subprocess.run(
        strict_mypy("grown", "program.py", made.name),
        env={**os.environ, "MYPYPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    revealed = [line.partition('"')[2].rstrip('"') for line in done.stdout.splitlines() if "Revealed type" in line]
    assert (done.returncode, revealed) == (0, TYPES), done.stdout


@pytest.mark.xdist_group("grown")
@pytest.mark.slow
def test_the_types_of_typescript_have_it_too(contract: Contract, tmp_path: Path, npm: None) -> None:
    accepted_by_tsc(contract, TYPESCRIPT, tmp_path)


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_name_that_is_taken_is_refused_with_its_line(name: str) -> None:
    contract = grown([name])
    member = name.rpartition(" ")[2]
    with pytest.raises(ConfigurationError, match=f"`{member}` is an argument of every method") as caught:
        generate.validate(contract)
    assert caught.value.line == contract.line(f"/components/schemas/ChatCompletionRequest/properties/{member}")
