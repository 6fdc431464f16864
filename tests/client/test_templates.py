"""What is added to the contract appears in the client, with no other edit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from alphaedge_conformance.contract import Contract

from ..helpers import strict_mypy
from .conftest import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import generate

PROPERTIES = r'''
        top_p:
          description: Nucleus sampling.
          type: number
          exclusiveMinimum: 0
          maximum: 1
        stop:
          description: Where to stop.
          type: array
          maxItems: 4
          items: {type: string}
        class:
          description: 'A name that is """reserved""" \\\\ in Python.'
          type: string
          enum: [low, high]
        response_format: {$ref: "#/components/schemas/ResponseFormat"}
        service: {$ref: "#/components/schemas/Service"}
'''
SCHEMAS = """
    ResponseFormat:
      description: The form of the answer.
      type: object
      required: [type]
      properties:
        type: {description: Which., type: string, enum: [text, json]}
        x-hint: {description: A name that is none in Python., type: string}
    Service:
      description: How fast; in requests and in answers.
      type: string
      enum: [fast, slow]
    Model:
      description: A model.
      type: object
      required: [id, tags]
      properties:
        id: {description: Its name., type: string}
        tags: {description: Its tags., type: array, items: {type: string}}
        parent: {$ref: "#/components/schemas/Model"}
        service: {$ref: "#/components/schemas/Service"}
"""
PATHS = """
  /v1/models/{model}:
    get:
      operationId: retrieveModel
      summary: Retrieve a model
      description: Says what a model is.
      tags: [models]
      security: [{bearerAuth: []}]
      parameters:
        - {name: model, in: path, required: true, description: Which., schema: {type: string}}
        - {name: verbose, in: query, description: Whether to say more., schema: {type: boolean}}
      responses:
        "200":
          description: The model.
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Model"}
"""
PROGRAM = """
import asyncio, inspect, json, httpx
from alphaedge import AlphaEdge, AsyncAlphaEdge, Model
from alphaedge.types import ResponseFormatParam
sent = []
def answer(request):
    sent.append((request.method, str(request.url), json.loads(request.content or "null")))
    return httpx.Response(200, json={"id": "m", "tags": None, "parent": {"id": "p", "tags": ["a"]}})
client = AlphaEdge("sk-0", base_url="http://h", http_client=httpx.Client(transport=httpx.MockTransport(answer)))
client.chat.completions.create(
    model="m", messages=[], top_p=0.5, stop=["a"], class_="low", response_format={"type": "json"}
)
assert sent.pop() == ("POST", "http://h/v1/chat/completions", {
    "model": "m", "messages": [], "top_p": 0.5, "stop": ["a"], "class": "low", "response_format": {"type": "json"}})
documentation = inspect.getdoc(client.chat.completions.create)
assert "top_p: Nucleus sampling. More than 0. At most 1. Source: convention." in documentation, documentation
assert "stop: Where to stop. At most 4 items." in documentation
model = client.models.retrieve("a/b", verbose=True)
assert sent.pop() == ("GET", "http://h/v1/models/a%2Fb?verbose=true", None)
assert model.tags == [] and model.parent.id == "p" and model.parent.parent is None
from typing import Literal, get_type_hints
from alphaedge import Service, types
assert Service == Literal["fast", "slow"], Service  # what a program may send
assert get_type_hints(Model)["service"] == Service | str | None  # what a server may
assert {"top_p", "class_", "response_format"} < types.ChatCompletionParams.__annotations__.keys()
assert types.ChatCompletionRequest.__annotations__.keys() - types.ChatCompletionParams.__annotations__ == {"stream"}
assert get_type_hints(types.ResponseFormatParam)["type"] == Literal["json", "text"]
asynchronous = httpx.AsyncClient(transport=httpx.MockTransport(answer))
assert asyncio.run(AsyncAlphaEdge("sk-0", http_client=asynchronous).models.retrieve("x")) == model
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client of a contract with more parameters, models and operations."""
    text = (ROOT / "openapi.yaml").read_text("utf-8")
    text = text.replace("    ChatMessage:\n", PROPERTIES.lstrip("\n") + "    ChatMessage:\n", 1)
    text = text.replace("  schemas:\n", "  schemas:\n" + SCHEMAS.lstrip("\n"), 1)
    text = text.replace("paths:\n", "paths:\n" + PATHS.lstrip("\n"), 1)
    folder = tmp_path_factory.mktemp("contract")
    (folder / "openapi.yaml").write_text(text, "utf-8")
    return generate.generate(Contract.load(folder / "openapi.yaml"), folder)


def test_it_works(made: Path) -> None:
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(made.parent)!r})\n{PROGRAM}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_it_is_typed(made: Path) -> None:
    done = subprocess.run(
        strict_mypy("templates", str(made)), cwd=made.parent, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout


def test_it_is_tidy(made: Path) -> None:
    """No line is longer than the formatter lets pass, and no import is idle."""
    ruff = [
        str(Path(sys.executable).with_name("ruff")),
        "check",
        "--isolated",
        "--no-cache",
        "--line-length",
        "120",
        "--select",
        "F,I,E9",
    ]
    done = subprocess.run([*ruff, str(made)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
