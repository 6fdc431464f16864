"""`alphaedge-contract` with profiles: what is allowed and probably a mistake is a warning, with its line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.contract.overlays import Overlay
from alphaedge_conformance.maintain.lint import Report, lint

HEAD = "overlay: 1.1.0\ninfo: {title: A test, version: 1.0.0}\n"
PROBE = "{name: two, why: Two., about: [a.b], request: {messages: []}}"


def linted(contract: Contract, folder: Path, text: str) -> Report:
    own = folder / "own.overlay.yaml"
    own.write_text(HEAD + text)
    return lint(contract.with_overlays([Overlay.read(own)]))


def test_an_action_that_selects_nothing_is_a_warning(contract: Contract, tmp_path: Path) -> None:
    made = linted(
        contract, tmp_path, "actions:\n  - target: $.info\n    update: {x-a: 1}\n  - target: $.nowhere\n    update: 1\n"
    )
    assert made.problems == []
    [warning] = made.warnings
    assert (warning.rule, Path(warning.file).name, warning.line) == ("overlay-target", "own.overlay.yaml", 6)
    assert "warning: " in str(made) and "$.nowhere selects nothing here" in str(made)
    assert json.loads(made.json)["warnings"][0]["rule"] == "overlay-target"


def test_an_overlay_for_another_document_is_a_warning(contract: Contract, tmp_path: Path) -> None:
    made = linted(contract, tmp_path, "extends: ./petstore.yaml\nactions:\n  - {target: $.info, update: {x-a: 1}}\n")
    assert [(each.rule, each.line) for each in made.warnings] == [("overlay-extends", 3)]


@pytest.mark.parametrize(
    ("probes", "line", "message"),
    [
        (PROBE, 5, "there is no requirement a.b"),
        (PROBE, 5, "the request is not valid: [] has less than 1 item"),
        ("{name: two, why: Two., request: {}}", 5, "expected a probe with name"),
        (f"{PROBE.replace('a.b', 'error.json')}, {PROBE}", 5, "the name 'two' is taken"),
    ],
)
def test_a_probe_is_in_order(contract: Contract, tmp_path: Path, probes: str, line: int, message: str) -> None:
    made = linted(contract, tmp_path, f"actions:\n  - target: $\n    update: {{x-probes: [{probes}]}}\n")
    assert message in str(made)
    assert {(Path(each.file).name, each.line) for each in made.problems} == {("own.overlay.yaml", line)}


def test_a_profile_names_its_control(contract: Contract, tmp_path: Path) -> None:
    made = linted(contract, tmp_path, "x-profile: {control: none}\nactions: [{target: $.info, update: {x-a: 1}}]\n")
    assert [(each.rule, each.line) for each in made.problems] == [("profile-probe", 3)]


@pytest.mark.parametrize("command", [["lint"], ["diff", "openapi.yaml", "openapi.yaml"]])
def test_the_commands_take_profiles(command: list[str]) -> None:
    program = str(Path(sys.executable).with_name("alphaedge-contract"))
    done = subprocess.run(
        [program, *command, "--profile", "sampling"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    wrong = subprocess.run([program, *command, "--profile", "none"], capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stderr.count("\n")) == (4, 1)
    assert "unknown profile 'none'" in wrong.stderr
