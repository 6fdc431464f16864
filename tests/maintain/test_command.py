"""`alphaedge-contract` as its users meet it: exit codes, what is shown, JSON, git, messages, with and without Node."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from alphaedge_conformance.cli import contract as command
from alphaedge_conformance.contract import Contract
from alphaedge_conformance.maintain.diff.change import BREAKING, SAFE, UNCLEAR, Change, Judgement
from alphaedge_conformance.maintain.diff.versions import verdict

from ..helpers import ROOT, in_this_process
from .changes import TEMPERATURE
from .test_diff import edited

Command = Callable[..., "subprocess.CompletedProcess[str]"]

LOWER = (TEMPERATURE, "          maximum: 1\n")
HIGHER = (TEMPERATURE, "          maximum: 3\n")
OTHER_WORDS = ("description: Who speaks.", "description: Who says it.")
PROGRAM = str(Path(sys.executable).with_name("alphaedge-contract"))


@pytest.fixture
def folder(contract: Contract, tmp_path: Path) -> Path:
    """A folder with the contract as `old.yaml`."""
    (tmp_path / "old.yaml").write_text(contract.text, "utf-8")
    return tmp_path


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs the command in that folder, in this process, without programs of others: no Node, no git."""
    monkeypatch.chdir(folder)

    def run(*arguments: str, path: str = "") -> subprocess.CompletedProcess[str]:
        return in_this_process(command.main, arguments, {**os.environ, "PATH": path})

    return run


@pytest.fixture
def run_process(folder: Path) -> Command:
    """The same as a user does."""

    def run(*arguments: str, path: str = "") -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PATH": path}
        return subprocess.run(
            [PROGRAM, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    return run


def write(folder: Path, contract: Contract, *edits: tuple[str, str]) -> None:
    (folder / "new.yaml").write_text(edited(contract.text, edits), "utf-8")


def test_what_breaks_is_shown_with_its_line_and_a_value(contract: Contract, folder: Path, run_process: Command) -> None:
    write(folder, contract, LOWER)
    done = run_process("diff", "old.yaml", "new.yaml")
    assert done.returncode == 1, done.stderr
    line = contract.text.splitlines().index(TEMPERATURE.rstrip("\n")) + 1
    assert done.stdout.splitlines() == [
        f"new.yaml:{line}: breaking for clients and servers: request body, `temperature`: `maximum` was 2, is 1",
        "    requirements: request.temperature-maximum, request.temperature-accepted",
        "    clients: request body, the old contract allows sending it, the new one does not:",
        '        {"messages": [{"content": "", "role": "user"}], "model": "", "temperature": 2.0}',
        "    servers: request body, the new contract requires it to be refused, the old one accepted it:",
        '        {"messages": [{"content": "", "role": "user"}], "model": "", "temperature": 2.0}',
        "1 change: 1 breaking for clients, 1 breaking for servers, 0 unclear for clients, 0 unclear for servers · "
        "version 1.0.0: something breaks, so raise info.version to 2.0.0 or above",
    ]
    assert run_process("diff", "old.yaml", "new.yaml").stdout == done.stdout


@pytest.mark.parametrize(
    ("version", "edits", "code", "said"),
    [
        ("1.0.0", (), 0, "version 1.0.0: as it should be"),
        ("0.1.0", (), 1, "version 1.0.0 → 0.1.0: was lowered, so raise info.version to 1.0.0 or above"),
        ("1.0.0-rc1", (), 1, "version 1.0.0 → 1.0.0-rc1: was lowered, so raise info.version to 1.0.0 or above"),
        ("0.9.0", (LOWER,), 1, "version 1.0.0 → 0.9.0: was lowered, so raise info.version to 2.0.0 or above"),
        ("1.0.0+b", (), 0, "version 1.0.0 → 1.0.0+b: as it should be"),
        ("1.0.0", (OTHER_WORDS,), 0, "version 1.0.0: nothing breaks that it does not announce; 1.0.1 is advised"),
        ("1.0.1", (OTHER_WORDS,), 0, "version 1.0.0 → 1.0.1: as it should be"),
        ("1.9.9", (LOWER,), 1, "version 1.0.0 → 1.9.9: something breaks, so raise info.version to 2.0.0 or above"),
        ("2.0.0", (LOWER,), 0, "version 1.0.0 → 2.0.0: as it should be"),
        ("1.0.1", (HIGHER,), 1, "version 1.0.0 → 1.0.1: something breaks, so raise info.version to 1.1.0 or above"),
        ("1.1.0", (HIGHER,), 0, "version 1.0.0 → 1.1.0: as it should be"),
    ],
)
def test_the_version_decides_the_exit_code(
    contract: Contract,
    folder: Path,
    run: Command,
    version: str,
    edits: tuple[tuple[str, str], ...],
    code: int,
    said: str,
) -> None:
    write(folder, contract, *edits, ("  version: 1.0.0", f"  version: {version}"))
    done = run("diff", "old.yaml", "new.yaml")
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout.endswith(f" · {said}\n")


@pytest.mark.parametrize(
    ("old", "new", "clients", "servers", "needed", "fine"),
    [
        ("0.1.0", "0.1.9", BREAKING, SAFE, "0.2.0", False),
        ("0.1.0", "0.2.0", BREAKING, SAFE, "0.2.0", True),
        ("0.1.0", "0.2.0", SAFE, BREAKING, "0.2.0", True),
        ("1.2.3", "2.0.0", BREAKING, BREAKING, "2.0.0", True),
        ("1.2.3", "1.2.3", UNCLEAR, UNCLEAR, None, True),
        ("1.2.3", "1.10.0", SAFE, BREAKING, "1.3.0", True),
        ("1.2.3", "0.9.0", SAFE, SAFE, "1.2.3", False),
        ("1.0.0-rc.2", "1.0.0-rc.10", SAFE, SAFE, None, True),
        ("1.0.0-rc.10", "1.0.0-rc.2", SAFE, SAFE, "1.0.0-rc.10", False),
        ("1.0.0-rc", "1.0.0-rc.1", SAFE, SAFE, None, True),
        ("1.0.0-rc", "1.0.0-1", SAFE, SAFE, "1.0.0-rc", False),
        ("1.0.0-rc1", "1.0.0", SAFE, SAFE, None, True),
    ],
)
def test_versions(
    contract: Contract, old: str, new: str, clients: Judgement, servers: Judgement, needed: str | None, fine: bool
) -> None:
    before, after = (
        Contract.parse(Path("x"), contract.text.replace("version: 1.0.0", f"version: {each}")) for each in (old, new)
    )
    made = verdict(before, after, [Change("x", "x", "/paths", 1, clients, servers)])
    assert (made.needed, made.fine) == (needed, fine)


def test_a_contract_of_another_form_is_told_in_words(contract: Contract, folder: Path, run_process: Command) -> None:
    write(folder, contract, ("x-requirements:\n", "x-requirements: 5\nx-rest:\n"))
    done = run_process("lint", "new.yaml")
    assert (done.returncode, done.stderr) == (1, "")
    assert "requirement-complete: expected a list of requirements; write one, or none" in done.stdout
    done = run_process("diff", "old.yaml", "new.yaml")
    assert (done.returncode, done.stdout) == (4, "")
    assert "expected a list of requirements" in done.stderr


def test_a_mistake_of_the_kit_is_3(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr("alphaedge_conformance.maintain.lint.lint", broken)
    assert command.main(["lint"]) == 3
    assert "RuntimeError: a mistake of ours" in capsys.readouterr().err


def test_json_says_the_same(contract: Contract, folder: Path, run: Command) -> None:
    write(folder, contract, LOWER, OTHER_WORDS)
    done = run("diff", "old.yaml", "new.yaml", "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert found["old"] == {"file": "old.yaml", "version": "1.0.0", "digest": contract.digest}
    assert (found["verdict"], found["version"]) == ("raise the version", {"needed": "2.0.0", "advised": "2.0.0"})
    assert found["summary"]["clients"] == {"breaking": 1, "unclear": 0, "safe": 1}
    assert found["left_out"] == []
    broken, words = found["changes"]
    assert (words["rule"], words["cosmetic"], words["clients"], words["examples"]) == ("description", True, "safe", [])
    assert broken["pointer"] == "/components/schemas/ChatCompletionRequest/properties/temperature/maximum"
    assert (broken["rule"], broken["file"], broken["clients"], broken["servers"]) == (
        "maximum",
        "new",
        *["breaking"] * 2,
    )
    assert broken["requirements"] == ["request.temperature-maximum", "request.temperature-accepted"]
    assert {example["audience"] for example in broken["examples"]} == {"clients", "servers"}
    for example in broken["examples"]:
        assert contract.violations(contract.request_schema, example["value"]) == []
        assert Contract.read(folder / "new.yaml").violations(contract.request_schema, example["value"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("diff",), "the following arguments are required: OLD, NEW; see alphaedge-contract diff --help"),
        ((), "the following arguments are required: diff | lint; see alphaedge-contract --help"),
        (("diff", "old.yaml", "new.yaml"), "new.yaml: cannot be read as a contract: "),
        (("diff", "old.yaml", "."), ".: cannot be read as a contract: "),
        (("diff", "old.yaml", "list.yaml"), "list.yaml:1: expected an OpenAPI document with `paths`; give the "),
        (("diff", "old.yaml", "broken.yaml"), "broken.yaml:2: is not valid YAML: "),
        (("diff", "old.yaml", "odd.yaml"), "a part of it or of old.yaml does not have the form that OpenAPI requires"),
        (("diff", "old.yaml", "lost.yaml"), "expected a $ref into this file, found #/components/responses/Lost"),
        (("diff", "old.yaml", "unnumbered.yaml"), "expected a version such as 1.2.3 in info.version; set one"),
        (("diff", "main:openapi.yaml", "old.yaml"), "main:openapi.yaml: there is no such file, and no git for a "),
        (("lint", "nowhere.yaml"), "nowhere.yaml: cannot be read as a contract: "),
        (
            ("diff", "old.yaml", "inline.yaml"),
            '/itemSchema/multipleOf is not a valid JSON Schema: "two" is not of type',
        ),
        (("lint", "old.yaml", "--page", "nowhere.txt"), "--page nowhere.txt: cannot be read: "),
        (("lint", "old.yaml", "--bogus"), "unknown option --bogus; see alphaedge-contract --help"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_usage_is_4_and_one_line(
    contract: Contract, folder: Path, run: Command, arguments: tuple[str, ...], said: str
) -> None:
    (folder / "list.yaml").write_text("- a\n", "utf-8")
    (folder / "broken.yaml").write_text("a: [\n", "utf-8")
    for name, edit in {
        "odd": ("  /v1/chat/completions:\n    post:\n", "  /v1/chat/completions:\n    get: [a]\n    post:\n"),
        "lost": ("responses/Error", "responses/Lost"),
        "inline": ("description: One server-sent event.", "multipleOf: two"),
        "unnumbered": ("version: 1.0.0", "version: first"),
    }.items():
        text = edited(contract.text, (edit,))
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    if "odd.yaml" in arguments:  # both have it, so that it is compared
        (folder / "old.yaml").write_text((folder / "odd.yaml").read_text("utf-8"), "utf-8")
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (4, ""), done.stdout
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert done.stderr.startswith("alphaedge-contract") and said in done.stderr, done.stderr


def test_old_may_come_from_git(contract: Contract, folder: Path, run_process: Command) -> None:
    def git(*arguments: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)

    git("init", "-q")
    git("add", "old.yaml")
    git("commit", "-q", "-m", "first")
    (folder / "old.yaml").write_text(edited(contract.text, (LOWER,)), "utf-8")
    done = run_process("diff", "HEAD:old.yaml", "old.yaml", path=os.environ["PATH"])
    assert done.returncode == 1, done.stderr
    assert "`maximum` was 2, is 1" in done.stdout
    missing = run_process("diff", "nowhere:old.yaml", "old.yaml", path=os.environ["PATH"])
    assert missing.returncode == 4
    assert re.fullmatch(
        r"alphaedge-contract: nowhere:old\.yaml: expected a file, or REVISION:PATH as in git; git says: .*\. "
        r"Name a file, or fetch the revision\n",
        missing.stderr,
    )


def test_make_diff_takes_old_from_git() -> None:
    made = subprocess.run(
        ["make", "--dry-run", "diff", "BASE=v1.0.0"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "alphaedge-contract diff 'v1.0.0:openapi.yaml' openapi.yaml" in made.stdout


def test_lint(contract: Contract, folder: Path, run: Command) -> None:
    page = str(ROOT / "tests" / "data" / "page.txt")
    done = run("lint", "old.yaml", "--page", page)
    assert (done.returncode, done.stdout) == (0, "old.yaml: no problems\n")
    write(folder, contract, ("          description: Who speaks.\n", ""))
    done = run("lint", "new.yaml", "--page", page, "--redocly")
    line = contract.text.splitlines().index("          description: Who speaks.")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        f"new.yaml:{line}: described: the member `role` has no `description`; say what it is for",
        "left out: redocly: node is not installed",
        "new.yaml: 1 problem",
    ]
    found = json.loads(run("lint", "new.yaml", "--page", page, "--json").stdout)
    (problem,) = found.pop("problems")
    assert (problem["rule"], problem["file"], problem["line"]) == ("described", "new.yaml", line)
    assert found == {"file": "new.yaml", "verdict": "problems", "left_out": [], "warnings": []}
