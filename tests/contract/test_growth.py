"""A property that is added to openapi.yaml is probed, checked, mocked and in the client, with no other edit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ..helpers import ROOT, copy_scripts

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("evolution")]  # what they share is made once
UNTRACKED = ("__pycache__", "node_modules", "dist")

TOP_P = """\
        top_p:
          description: Only the most likely tokens, up to this probability together.
          type: number
          minimum: 0
          maximum: 1
"""
FINGERPRINT = """\
        system_fingerprint:
          description: Which build of the server answered.
          type: string
"""
JUDGE = """
import json
from alphaedge_conformance import __file__ as where
from alphaedge_conformance.contract import Contract
from alphaedge_conformance.mock import Mock
from alphaedge_conformance.mock.faults import all_faults
from alphaedge_conformance.maintain.kill_matrix import failed, trial
from alphaedge_conformance.run.suite import Suite

suite = Suite.of(Contract.load())
new = lambda name: "top-p" in name or "system-fingerprint" in name
clean = trial(suite, Mock)
print(json.dumps({
    "where": where,
    "requirements": list(filter(new, suite.requirements)),
    "probes": [probe.name for probe in clean.plan.probes if "top_p" in probe.name],
    "clean": {id: verdict.status for id, verdict in clean.verdicts.items() if verdict.status != "passed"},
    "answer": json.loads(clean.exchanges[0].body),
    "mutants": {
        fault.name: [sorted(fault.breaks), sorted(failed(trial(suite, fault.make)))]
        for fault in all_faults(suite.contract).values() if new(fault.name)
    },
}))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with `top_p` in the request and `system_fingerprint` in the completion, generated."""
    folder = tmp_path_factory.mktemp("evolved")
    copy_scripts(folder)
    for name in ("generated", "conformance"):
        shutil.copytree(ROOT / name, folder / name, symlinks=True, ignore=shutil.ignore_patterns(*UNTRACKED))
    text = (ROOT / "openapi.yaml").read_text("utf-8")
    for old, new in (
        ("\n        stream:\n", f"\n{TOP_P}        stream:\n"),
        ("choices, usage]", "choices, usage, system_fingerprint]"),
        ("\n        usage:\n", f"\n{FINGERPRINT}        usage:\n"),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "openapi.yaml").write_text(text, "utf-8")
    python(folder, str(folder / "scripts/generate.py"))
    return folder


def python(folder: Path, *arguments: str) -> str:
    path = os.pathsep.join(str(folder / name) for name in ("conformance", "generated"))
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def judged(folder: Path) -> Any:
    found = json.loads(python(folder, "-c", JUDGE))
    assert found["where"].startswith(str(folder))
    return found


def test_requirements_and_probes(judged: Any) -> None:
    assert judged["requirements"] == [
        "request.top-p-type",
        "request.top-p-minimum",
        "request.top-p-maximum",
        "request.top-p-accepted",
        "request.top-p-lenient-type",
        "completion.system-fingerprint-required",
        "completion.system-fingerprint-type",
    ]
    probes = judged["probes"]
    assert {"top_p = 1.001", "top_p = -0.001", 'top_p = "0.5"', "top_p = 1e400"} <= set(probes)
    for value in ("top_p = 0", "top_p = 1"):
        assert any(value in probe.removesuffix(", streamed").split(" + ") for probe in probes)


def test_the_mock_keeps_the_new_contract(judged: Any) -> None:
    assert judged["clean"] == {}
    assert isinstance(judged["answer"]["system_fingerprint"], str)


def test_new_mutants_exist_and_die(judged: Any) -> None:
    assert len(judged["mutants"]) == 8
    for name, (stated, failed) in judged["mutants"].items():
        assert failed == stated, name


def test_the_client_has_both(folder: Path) -> None:
    program = """
import inspect
from alphaedge import ChatCompletion
from alphaedge.resources import AsyncChatCompletions, ChatCompletions
for resource in (ChatCompletions, AsyncChatCompletions):
    print(inspect.signature(resource.create).parameters["top_p"])
print(ChatCompletion.__annotations__["system_fingerprint"])
"""
    lines = python(folder, "-c", program).splitlines()
    assert lines == ["top_p: 'float | None' = None"] * 2 + ["str"]


TYPED = """
import { AlphaEdge, type ChatCompletionRequest } from "./generated/typescript/src/index.js";

const request: ChatCompletionRequest = { model: "m", messages: [], top_p: 0.5 };
const completion = await new AlphaEdge().chat.completions.create({ ...request, top_p: 0.9, stream: false });
completion.system_fingerprint.toUpperCase();
// @ts-expect-error
request.top_p = "most";
// @ts-expect-error
await new AlphaEdge().chat.completions.create({ ...request, top_q: 1 });
"""


def test_the_types_of_typescript_have_both(folder: Path, npm: None) -> None:
    (folder / "typed.mts").write_text(TYPED, "utf-8")
    tsc = str(folder / "scripts/typescript/node_modules/typescript/bin/tsc")
    options = ["--strict", "--noEmit", "--module", "node16", "--target", "es2022"]
    done = subprocess.run(["node", tsc, *options, "typed.mts"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    schema = (folder / "generated/typescript/src/schema.ts").read_text("utf-8")
    assert "up to this probability together. From 0 to 1. Source: convention. */\n      top_p?: number;" in schema
