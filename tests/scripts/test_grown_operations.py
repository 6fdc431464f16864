"""The clients of a contract with several operations: a method for each, with typed arguments and a typed answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import generate  # tests/helpers.py has its folder on the path
import pytest
import typescript_package

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.errors import ConfigurationError
from alphaedge_conformance.mock import Mock, serve

from ..contract.edits import edited
from ..contract.growing import contract_of, grown
from ..helpers import accepted_by_tsc, strict_mypy

CALLS = """
import asyncio
from alphaedge import AlphaEdge, AsyncAlphaEdge


def main() -> None:
    client = AlphaEdge()
    models = client.models.list()
    model = client.models.get("a model/1", fields="id")
    vectors = client.embeddings.create(model="m", input=["a", "b"], dimensions=3)
    reveal(models.data[0].id)
    reveal(model.created)
    reveal(vectors.data[0].embedding)
    reveal(client.models.with_raw_response.list().status_code)


async def amain() -> None:
    async with AsyncAlphaEdge() as client:
        reveal((await client.models.list()).object)
        reveal((await client.embeddings.create(model="m", input="a")).usage.total_tokens)


main()
asyncio.run(amain())
"""
TYPES = ["str", "int", "list[float]", "int", "Literal['list']", "int"]
TYPESCRIPT = """
import { AlphaEdge, type EmbeddingList, type Model, type ModelList } from "./made/typescript/src/index.js";

const client = new AlphaEdge();
const models: ModelList = await client.models.list();
const model: Model = await client.models.get("a model/1", { fields: "id" });
const vectors: EmbeddingList = await client.embeddings.create({ model: "m", input: ["a", "b"], dimensions: 3 });
models.data[0]?.id.toUpperCase();
model.created.toFixed();
vectors.data[0]?.embedding[0]?.toFixed();
(await client.models.withRawResponse.list({ timeout: 1000 })).parse();
// @ts-expect-error
await client.embeddings.create({ model: "m" });
// @ts-expect-error
await client.models.get(7);
"""


@pytest.fixture(scope="module")
def contract() -> Contract:
    contract = grown(["list of models", "one model", "embeddings"])
    generate.validate(contract)
    return contract


def test_python_has_a_method_for_each(contract: Contract, tmp_path: Path) -> None:
    made = generate.generate(contract, tmp_path)
    assert "model: Which one." in (made / "resources.py").read_text("utf-8")
    (tmp_path / "typed.py").write_text(CALLS.replace("reveal(", "reveal_type("), "utf-8")
    environment = {**os.environ, "MYPYPATH": str(tmp_path), "PYTHONPATH": str(tmp_path), "ALPHAEDGE_API_KEY": "sk-k"}
    done = subprocess.run(
        strict_mypy("operations", "typed.py", made.name),
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    revealed = [line.partition('"')[2].rstrip('"') for line in done.stdout.splitlines() if "Revealed type" in line]
    assert (done.returncode, [each.replace("builtins.", "") for each in revealed]) == (0, TYPES), done.stdout
    (tmp_path / "calls.py").write_text(CALLS.replace("reveal(", "print("), "utf-8")
    with serve(Mock(contract, "sk-k")) as url:
        done = subprocess.run(
            [sys.executable, "calls.py"],
            env={**environment, "ALPHAEDGE_BASE_URL": url},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["alphaedge-large-3-2512", "0", "[0]", "200", "list", "0"]


@pytest.mark.slow
def test_typescript_has_a_method_for_each(contract: Contract, tmp_path: Path, npm: None) -> None:
    accepted_by_tsc(contract, TYPESCRIPT, tmp_path)
    resources = (tmp_path / "made/typescript/src/resources.ts").read_text("utf-8")
    assert "path: `/v1/models/${encodeURIComponent(model)}`" in resources


def test_typescript_refuses_a_parameter_that_is_a_list_with_its_line(contract: Contract) -> None:
    schema = "/paths/~1v1~1models~1{model}/get/parameters/1/schema"

    document = edited(contract.document, [])
    document["paths"]["/v1/models/{model}"]["get"]["parameters"][1]["schema"] = {"type": "array"}
    listed = contract_of(document)
    generate.validate(listed)
    with pytest.raises(
        ConfigurationError, match="the TypeScript templates do not support this type of fields"
    ) as caught:
        typescript_package.resources(listed)
    assert caught.value.line == listed.line(schema)


def test_a_parameter_with_the_name_of_a_member_is_refused_with_its_line(contract: Contract) -> None:
    document = edited(contract.document, [])
    document["paths"]["/v1/embeddings"]["post"]["parameters"] = [
        {"name": "input", "in": "query", "description": "Another.", "schema": {"type": "string"}}
    ]
    taken = contract_of(document)
    with pytest.raises(ConfigurationError, match="`input` is a member of the request too") as caught:
        generate.validate(taken)
    assert caught.value.line == taken.line("/paths/~1v1~1embeddings/post/parameters/0")


def test_a_schema_with_the_name_of_a_class_of_the_client_is_refused_with_its_line(contract: Contract) -> None:
    document = edited(contract.document, [])
    document["components"]["schemas"]["Embeddings"] = {"type": "object", "description": "Another."}
    taken = contract_of(document)
    message = "Embeddings is the class of `/embeddings` in the clients; give the schema another name"
    with pytest.raises(ConfigurationError, match=message) as caught:
        generate.validate(taken)
    assert caught.value.line == taken.line("/components/schemas/Embeddings")
