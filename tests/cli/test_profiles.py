"""`--profile` and `--discover`, as an operator types them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.contract.overlays import shipped
from alphaedge_conformance.errors import ConfigurationError
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.run.targets import read_targets

from ..helpers import KEY, Conform, read_report

OWN = """
overlay: 1.1.0
info: {title: Our own, version: 1.0.0}
actions:
  - target: $.components.schemas.ChatCompletionRequest.properties
    update: {top_k: {description: How many., type: integer, minimum: 1}}
"""


def test_a_profile_by_its_name_and_by_its_file(conform: Conform, tmp_path: Path) -> None:
    (tmp_path / "own.overlay.yaml").write_text(OWN)
    done = conform("--profile", "stream-usage", "--profile", str(tmp_path / "own.overlay.yaml"), "--list", "--json")
    sources = {each["id"]: each["source"] for each in json.loads(done.stdout)}
    assert sources["stream-usage.sent-on-request"] == "profile:stream-usage"
    assert sources["request.top-k-minimum"] == "profile:own"
    assert set(sources.values()) == {"documented", "convention", "profile:stream-usage", "profile:own"}


def test_one_requirement_says_the_profile_s_file_and_how_to_see_it_broken(conform: Conform) -> None:
    done = conform("--profile", "stream-usage", "--explain", "stream-usage.without-choices")
    assert "stream-usage.overlay.yaml, line " in done.stdout or "openapi.yaml, line " in done.stdout
    assert "mock --profile stream-usage --fault usage-beside-the-end" in done.stdout


def test_the_page_says_nothing_of_profiles(conform: Conform) -> None:
    done = conform("--profile", "stream-usage", "--source", "documented", "-k", "stream-usage")
    assert (done.returncode, done.stdout) == (4, "")
    assert "no requirement matches 'stream-usage'" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--profile", "tool"], "unknown profile 'tool': expected content-parts, embeddings, models,"),
        (["--profile", "openapi.yaml"], "expected an OpenAPI Overlay"),
        (["--discover", "--from-har", "docs/recording.har"], "--discover asks a server"),
    ],
)
def test_wrong_usage_is_one_line(conform: Conform, arguments: list[str], message: str) -> None:
    done = conform(*arguments)
    assert (done.returncode, done.stdout) == (4, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_matrix_shows_each_profile_for_each_target(conform: Conform, contract: Contract, tmp_path: Path) -> None:
    with serve(Mock(contract)) as plain, serve(Mock(Contract.load(None, shipped()))) as able:
        arguments = ["-k", "usage.total", "--discover", "--report", str(tmp_path)]
        done = conform(plain, able, *arguments)
    assert done.returncode == 0, done.stdout
    lines = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines() if line.split()[1:2]}
    assert lines["tools"] == ["ignored", "supported"]
    comparison = json.loads((tmp_path / "comparison.json").read_text("utf-8"))
    found = [{each["name"]: each["outcome"] for each in target["profiles"]} for target in comparison["targets"]]
    assert [each["sampling"] for each in found] == ["ignored", "supported"]
    own = read_report(next(path for path in tmp_path.iterdir() if path.is_dir()))
    assert {each["name"] for each in own["profiles"]} == set(shipped())


def test_a_mock_with_profiles(conform: Conform) -> None:
    command = [sys.executable, "-m", "alphaedge_conformance.mock", "--port", "0", "--profile", "sampling", "--key", KEY]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as mock:
        try:
            assert mock.stdout is not None
            url = mock.stdout.readline().split()[0]
            done = conform(url, "--profile", "sampling", "-k", "n-kept or n-accepted", key=KEY)
        finally:
            mock.terminate()
    assert done.returncode == 0, done.stdout
    assert "profile sampling  claimed" in done.stdout


def test_a_targets_file_says_what_is_ignored(contract: Contract, tmp_path: Path) -> None:
    file = tmp_path / "targets.toml"
    file.write_text('[a]\nurl = "http://127.0.0.1:8001"\nignores = ["seed", "n"]\n')
    assert read_targets(contract, [str(file)], None)[0].ignores == {"seed", "n"}
    file.write_text('[a]\nurl = "http://127.0.0.1:8001"\nignores = "seed"\n')
    with pytest.raises(ConfigurationError, match=r'\[a\]: ignores: expected a list of parameters, as \["seed"\]'):
        read_targets(contract, [str(file)], None)
