"""The openai package works against the mock with each profile: tools, structured output, usage in a stream."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from bench.environment import python

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.contract.overlays import shipped
from alphaedge_conformance.mock import Mock, serve

from .conftest import KEY

pytestmark = pytest.mark.xdist_group("installs openai")  # once, not once a worker

PROGRAM = """
import json, sys
from openai import OpenAI

client = OpenAI(base_url=sys.argv[1] + "/v1", api_key=sys.argv[2], max_retries=0)
chat = client.chat.completions
asked = {"model": "alphaedge-large-3-2512", "messages": [{"role": "user", "content": "Hello!"}]}
results = {}

choices = chat.create(**asked, n=2, logprobs=True, top_logprobs=2, seed=7, stop=["today"], max_completion_tokens=9)
results["choices"] = [choice.message.content for choice in choices.choices]
results["logprobs"] = ["".join(token.token for token in choice.logprobs.content) for choice in choices.choices]
results["alternatives"] = {len(token.top_logprobs) for token in choices.choices[0].logprobs.content} == {2}

stream = list(chat.create(**asked, stream=True, stream_options={"include_usage": True}))
results["usages"] = [chunk.usage.completion_tokens for chunk in stream if chunk.usage]
results["last"] = stream[-1].choices

text = {"type": "string"}
weather = {"type": "object", "required": ["city"], "properties": {"city": text}, "additionalProperties": False}
function = {"name": "get_weather", "description": "Says the weather.", "parameters": weather, "strict": True}
tools = [{"type": "function", "function": function}]
named = {"type": "function", "function": {"name": "get_weather"}}
message = chat.create(**asked, tools=tools, tool_choice=named).choices[0].message
call = message.tool_calls[0].function
results["call"] = [message.content, call.name, json.loads(call.arguments)]
with chat.stream(**asked, tools=tools, tool_choice=named) as events:
    folded = events.get_final_completion().choices[0]
call = folded.message.tool_calls[0].function
results["streamed call"] = [folded.message.content, call.name, json.loads(call.arguments)]
results["parsed arguments"] = call.parsed_arguments
turn = [
    *asked["messages"],
    message.model_dump(exclude_none=True),
    {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "zephyrine"},
]
answer = chat.create(**{**asked, "messages": turn}, tools=tools).choices[0].message
results["second turn"] = "zephyrine" in answer.content

city = {"type": "object", "required": ["city", "size"], "properties": {"city": text, "size": {"type": "integer"}}}
wanted = {"type": "json_schema", "json_schema": {"name": "city", "strict": True, "schema": city}}
results["of a schema"] = json.loads(chat.create(**asked, response_format=wanted).choices[0].message.content)
wanted = {"type": "json_object"}
results["an object"] = json.loads(chat.create(**asked, response_format=wanted).choices[0].message.content)

parts = [{"type": "text", "text": "Hello!"}]
results["parts"] = chat.create(**{**asked, "messages": [{"role": "user", "content": parts}]}).choices[0].message.content
results["reasoning"] = chat.create(**asked).choices[0].message.reasoning_content
print(json.dumps(results))
"""


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    """What a program of the openai package gets of the mock with all profiles."""
    with serve(Mock(Contract.load(None, shipped()), KEY)) as url:
        command = [str(python()), "-c", PROGRAM, url, KEY]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_sampling(results: dict[str, Any]) -> None:
    assert results["choices"] == ["Hello! How can I help you "] * 2
    assert results["logprobs"] == results["choices"]
    assert results["alternatives"]


def test_usage_of_a_stream(results: dict[str, Any]) -> None:
    assert (len(results["usages"]), results["last"]) == (1, [])
    assert results["usages"][0] > 0


def test_tools_whole_and_streamed(results: dict[str, Any]) -> None:
    assert results["call"] == [None, "get_weather", {"city": "Paris"}]
    assert results["streamed call"] == results["call"]
    assert results["parsed arguments"] == {"city": "Paris"}
    assert results["second turn"]


def test_structured_output(results: dict[str, Any]) -> None:
    assert results["of a schema"] == {"city": "Paris", "size": 1}
    assert isinstance(results["an object"], dict)


def test_content_in_parts_and_reasoning(results: dict[str, Any]) -> None:
    assert results["parts"] == "Hello! How can I help you today?"
    assert results["reasoning"]
