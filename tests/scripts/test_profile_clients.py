"""The clients of the contract with all profiles: typed, and a streamed call of a tool is what the plain one is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import generate  # tests/helpers.py has its folder on the path
import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.contract.overlays import shipped
from alphaedge_conformance.mock import Mock, serve

from ..helpers import KEY, ROOT, accepted_by_tsc, strict_mypy

PROGRAM = """
import json
import sys

from alphaedge import AlphaEdge
from alphaedge.types import CallingMessageParam, ChatMessageParam, ToolMessageParam

client = AlphaEdge(api_key=sys.argv[2], base_url=sys.argv[1])
chat = client.chat.completions
MODEL = "alphaedge-large-3-2512"
plain = chat.create(
    model=MODEL,
    messages=[{"role": "user", "content": [{"type": "text", "text": "Hello!"}]}],
    tools=[{"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}}],
    tool_choice={"type": "function", "function": {"name": "now"}},
    parallel_tool_calls=False,
    max_completion_tokens=64,
)
with chat.create(
    model=MODEL,
    messages=[{"role": "user", "content": "Hello!"}],
    tools=[{"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}}],
    tool_choice={"type": "function", "function": {"name": "now"}},
    stream=True,
    stream_options={"include_usage": True},
) as stream:
    folded = stream.final_completion()
results: list[list[object]] = []
for completion in (plain, folded):
    choice = completion.choices[0]
    calls = choice.message.tool_calls or []
    results.append([choice.finish_reason, choice.message.content or None, choice.message.reasoning_content])
    results[-1] += [(call.type, call.function.name, call.function.arguments) for call in calls]
turn: list[ChatMessageParam | CallingMessageParam | ToolMessageParam] = [
    {"role": "user", "content": "Hello!"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "1", "type": "function", "function": {"name": "now", "arguments": "{}"}}],
    },
    {"role": "tool", "tool_call_id": "1", "content": "noon"},
]
two = chat.create(
    model=MODEL,
    messages=turn,
    n=2,
    logprobs=True,
    stop=["!"],
    logit_bias={"7": -1},
    response_format={"type": "text"},
)
tokens = two.choices[1].logprobs
print(json.dumps([results, len(two.choices), tokens is not None and bool(tokens.content)]))
"""
TYPESCRIPT = """
import { AlphaEdge } from "./made/typescript/src/index.js";

const completion = await new AlphaEdge().chat.completions.create({
  model: "m",
  messages: [
    { role: "user", content: [{ type: "text", text: "Hello!" }] },
    { role: "tool", tool_call_id: "1", content: "noon" },
  ],
  tools: [{ type: "function", function: { name: "now" } }],
  tool_choice: "required",
  response_format: { type: "json_schema", json_schema: { name: "a", schema: {}, strict: true } },
  stop: ["a"],
  n: 2,
});
completion.choices[0]?.message.tool_calls?.[0]?.function.arguments.length;
completion.choices[0]?.logprobs?.content?.[0]?.logprob.toFixed();
// @ts-expect-error
await new AlphaEdge().chat.completions.create({ model: "m", messages: [], tool_choice: 3 });
"""


@pytest.fixture(scope="module")
def contract() -> Contract:
    contract = Contract.load(None, shipped())
    generate.validate(contract)
    return contract


@pytest.fixture(scope="module")
def url(contract: Contract) -> Iterator[str]:
    with serve(Mock(contract, KEY)) as address:
        yield address


@pytest.mark.slow
@pytest.mark.xdist_group("grown")
def test_the_python_client_is_typed_and_folds_calls(contract: Contract, url: str, tmp_path: Path) -> None:
    made = generate.generate(contract, tmp_path)
    (tmp_path / "program.py").write_text(PROGRAM, "utf-8")
    environment = {**os.environ, "MYPYPATH": str(tmp_path), "PYTHONPATH": str(tmp_path)}
    checked = subprocess.run(
        strict_mypy("profiles", "program.py", made.name),
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
    command = [sys.executable, "program.py", url, KEY]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (plain, folded), choices, has_tokens = json.loads(done.stdout)
    assert plain == folded
    assert plain[3:] == [["function", "now", "{}"]]
    assert (choices, has_tokens) == (2, True)


@pytest.mark.slow
@pytest.mark.xdist_group("grown")
def test_the_types_of_typescript_have_it_too(contract: Contract, tmp_path: Path, npm: None) -> None:
    accepted_by_tsc(contract, TYPESCRIPT, tmp_path)


def test_clients_with_profiles_do_not_go_where_the_others_are() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "generate.py"), "--profile", "tools"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "name another folder with --output DIR" in done.stderr
