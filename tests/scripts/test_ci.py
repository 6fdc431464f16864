"""The files that CI systems of others read: their steps, as a shell there runs them."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from alphaedge_conformance.cli.conform import parser
from alphaedge_conformance.contract import Contract
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.mock.faults import BY_HAND

from ..client.test_wheel import constraints
from ..helpers import KEY, ROOT

pytestmark = pytest.mark.xdist_group("ci")
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
BROKEN = "usage.total-is-the-sum"


def bash(script: str, folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """As GitHub and GitLab run a script."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(
        command, cwd=folder, env={**kept, **environment}, capture_output=True, text=True, timeout=300, check=False
    )


installed = pytest.mark.slow
"""Of tests that install the suite as CI systems do; those of this repository do it for every change."""


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a GitHub runner on which the first step, Install, has run."""
    temporary = tmp_path_factory.mktemp("runner")
    environment = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_ACTION_PATH": str(ROOT),
        "RUNNER_TEMP": str(temporary),
        "ALPHAEDGE_API_KEY": KEY,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PIP_CONSTRAINT": str(constraints(temporary)),
        "PIP_NO_COMPILE": "1",
    }
    done = bash(ACTION["runs"]["steps"][0]["run"], temporary, environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return environment


def judge(runner: dict[str, str], folder: Path, **inputs: str) -> tuple[subprocess.CompletedProcess[str], str, str]:
    """Runs the second step; what it wrote to the outputs and the summary."""
    step = ACTION["runs"]["steps"][1]
    values = {name: str(each["default"]) for name, each in ACTION["inputs"].items()} | inputs
    expressions = {f"${{{{ inputs.{name} }}}}": value for name, value in values.items()}
    environment = {name: expressions[value] for name, value in step["env"].items()}
    outputs, summary = folder / "outputs", folder / "summary.md"
    environment |= {"GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(summary)}
    done = bash(step["run"], folder, runner | environment)
    return done, outputs.read_text(), summary.read_text("utf-8") if summary.exists() else ""


@installed
def test_the_action_judges(runner: dict[str, str], contract: Contract, tmp_path: Path) -> None:
    with serve(BY_HAND["total-is-the-prompt"].make(contract, KEY)) as url:
        done, outputs, summary = judge(runner, tmp_path, url=url, arguments="-k usage")
        assert (done.returncode, outputs) == (1, "verdict=deviates\n"), done.stdout + done.stderr
        assert f"`{BROKEN}`" in summary
        assert any(line.startswith("::error") and BROKEN in line for line in done.stdout.splitlines())
        assert {path.name for path in (tmp_path / "conformance").iterdir()} >= {"report.json", "junit.xml"}

        waivers = tmp_path / "waivers.toml"
        waivers.write_text(
            f'[[waiver]]\nrequirement = "{BROKEN}"\nreason = "known"\nowner = "us"\nlink = "t"\nexpires = 2999-01-01\n'
        )
        done, outputs, _ = judge(runner, tmp_path, url=url, arguments="-k usage", waivers="waivers.toml")
        assert (done.returncode, outputs.splitlines()[-1]) == (0, "verdict=conforms")


@installed
def test_the_action_takes_every_input(runner: dict[str, str], contract: Contract, tmp_path: Path) -> None:
    """A model with a blank in its name, two servers, another folder, and nothing in an input is a command."""

    class Named(Mock):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            self.models = ["a model; touch hacked"]

    with serve(Named(contract, KEY)) as one, serve(Named(contract, KEY)) as other:
        done, outputs, _ = judge(
            runner,
            tmp_path,
            url=f"{one} {other}",
            model="a model; touch hacked",
            level="should",
            report="out put",
            arguments="-k usage",
        )
    assert (done.returncode, outputs) == (0, "verdict=conforms\n"), done.stdout + done.stderr
    assert json.loads((tmp_path / "out put" / "comparison.json").read_text("utf-8"))["level"] == "SHOULD"
    assert not (tmp_path / "hacked").exists()


@installed
@pytest.mark.parametrize(
    ("inputs", "code", "verdict"),
    [({"url": "http://127.0.0.1:9"}, 2, "inconclusive"), ({"url": "no-url"}, 4, "failed")],
)
def test_the_action_is_never_green_without_a_verdict(
    runner: dict[str, str], tmp_path: Path, inputs: dict[str, str], code: int, verdict: str
) -> None:
    done, outputs, _ = judge(runner, tmp_path, **inputs)
    assert (done.returncode, outputs) == (code, f"verdict={verdict}\n")


@pytest.mark.parametrize(
    ("code", "verdict"),
    [(0, "conforms"), (1, "deviates"), (2, "inconclusive"), (3, "failed"), (4, "failed"), (137, "inconclusive")],
)
def test_each_code_has_its_verdict(tmp_path: Path, code: int, verdict: str) -> None:
    program = tmp_path / "alphaedge" / "bin" / "alphaedge-conform"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\nexit {code}\n")
    program.chmod(0o755)
    done, outputs, _ = judge({"RUNNER_TEMP": str(tmp_path)}, tmp_path)
    assert (done.returncode, outputs) == (code, f"verdict={verdict}\n")
    assert verdict in ACTION["outputs"]["verdict"]["description"]


def test_the_artifact_has_a_name_of_its_own() -> None:
    """An artifact's name may not contain a /, and may be used once in a run."""
    kept = ACTION["runs"]["steps"][2]["with"]
    assert (kept["name"], kept["path"]) == ("${{ inputs.artifact }}", "${{ inputs.report }}")
    assert ACTION["inputs"]["artifact"]["default"] == "alphaedge-conformance"


def test_no_expression_stands_in_a_script() -> None:
    """What is put into a script by an expression would be run by the shell."""
    assert not [step for step in ACTION["runs"]["steps"] if "${{" in step.get("run", "")]


@installed
def test_the_gitlab_job(runner: dict[str, str], contract: Contract, tmp_path: Path) -> None:
    job = yaml.safe_load((ROOT / "ci" / "gitlab.yml").read_text("utf-8"))[".alphaedge-conformance"]
    with serve(Mock(contract, KEY)) as url:
        given = {"PACKAGE": f"{ROOT}[conformance]", "URL": url, "ARGUMENTS": "-k usage"}
        variables = {name: given.get(name, value) for name, value in job["variables"].items()}
        kept = {name: runner[name] for name in ("ALPHAEDGE_API_KEY", "PIP_CONSTRAINT")}
        kept["PATH"] = os.pathsep.join([f"{runner['RUNNER_TEMP']}/alphaedge/bin", os.environ["PATH"]])
        done = bash("\n".join([*job["before_script"], *job["script"]]), tmp_path, kept | variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "CONFORMS" in done.stdout
    assert (tmp_path / job["artifacts"]["reports"]["junit"].replace("$REPORT", variables["REPORT"])).exists()


def test_the_gitlab_job_installs_nothing_by_a_name_on_an_index(tmp_path: Path) -> None:
    """Whoever owns that name there would run in the pipeline, with the key."""
    job = yaml.safe_load((ROOT / "ci" / "gitlab.yml").read_text("utf-8"))[".alphaedge-conformance"]
    (tmp_path / "pip").write_text('#!/bin/sh\ntouch "$(dirname "$0")/called"\n')
    (tmp_path / "pip").chmod(0o755)
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    done = bash("\n".join(job["before_script"]), tmp_path, job["variables"] | {"PATH": path})
    assert (done.returncode, done.stdout) == (4, "")
    assert "name this kit at a commit" in done.stderr
    assert not (tmp_path / "called").exists()


def test_both_call_the_same_command() -> None:
    """With options that there are."""
    gitlab = yaml.safe_load((ROOT / "ci" / "gitlab.yml").read_text("utf-8"))[".alphaedge-conformance"]["script"][-1]
    github = ACTION["runs"]["steps"][1]["run"]
    commands = []
    for script in (gitlab, github):
        command = re.search(r"alphaedge-conform\"? (.*?)(?: \|\||$)", script.replace("\\\n", ""), re.DOTALL)
        assert command is not None
        commands.append(shlex.split(command[1].replace("INPUT_", "")))
    assert commands[0] == commands[1]
    options = {option for action in parser()._actions for option in action.option_strings}
    assert {word for word in commands[0] if word.startswith("--")} <= options


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the linters of `make check` look at."""
    folder = tmp_path_factory.mktemp("checked")
    shutil.copytree(ROOT / ".github", folder / ".github")
    for name in ("Makefile", "action.yml", "ci/gitlab.yml"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(Path(sys.executable).parents[1])
    return folder


def linted(folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs those lines of `make check` that look at them."""
    command = ["make", "--no-print-directory", "--dry-run", "--assume-old=.venv/installed", "check"]
    lines = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    mine = [line for line in lines.replace("\\\n", "").splitlines() if re.search(r"/(zizmor|check-jsonschema) ", line)]
    assert len(mine) == 6
    return bash("\n".join(mine), folder, {})


def test_what_ci_reads_is_valid_and_safe(checked: Path) -> None:
    done = linted(checked)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("path", "old", "new", "says"),
    [
        (".github/workflows/ci.yml", "@08c6903cd8c0fde910a37f88322edcfb5dd907a8", "@v5", "unpinned-uses"),
        (".github/workflows/nightly.yml", "permissions: {}", "permissions: write-all", "excessive-permissions"),
        (
            ".github/workflows/nightly.yml",
            "runs-on: ubuntu-latest",
            "run-on: ubuntu-latest",
            "'runs-on' is a required property",
        ),
        (".github/ISSUE_TEMPLATE/wrong-client.yml", "type: dropdown", "type: menu", "menu"),
        (".github/ISSUE_TEMPLATE/config.yml", "true", "perhaps", "perhaps"),
        ("action.yml", "@ea165f8d65b6e75b540449e92b4886f43607fa02", "@v4", "unpinned-uses"),
        ("action.yml", "using: composite", "using: shell", "shell"),
        ("ci/gitlab.yml", "when: always", "when: sometimes", "sometimes"),
    ],
)
def test_a_mistake_in_what_ci_reads(checked: Path, path: str, old: str, new: str, says: str) -> None:
    before = (checked / path).read_text("utf-8")
    assert old in before
    (checked / path).write_text(before.replace(old, new, 1), "utf-8")
    done = linted(checked)
    (checked / path).write_text(before, "utf-8")
    assert done.returncode != 0
    assert says in done.stdout + done.stderr


def test_this_project_uses_its_own_action() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
    used = [step.get("uses") for job in workflow["jobs"].values() for step in job["steps"]]
    ran = [step.get("run", "") for job in workflow["jobs"].values() for step in job["steps"]]
    assert "./" in used
    assert ".ci/run" in ran
    assert any(command.startswith("make gate") for command in ran)
    inputs = next(s["with"] for job in workflow["jobs"].values() for s in job["steps"] if s.get("uses") == "./")
    assert set(inputs) <= set(ACTION["inputs"])
