"""The gate and the release check, in a clone: each kind of damage turns its step red; the whole gate runs where nothing
is wrong, and where four things are."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.mock import serve
from alphaedge_conformance.mock.faults import BY_HAND

from ..helpers import KEY, ROOT

FROZEN = f"{Contract.load().version}.json"
"""The requirements of this version of the contract."""

pytestmark = pytest.mark.xdist_group("gate")
KEPT, FRESH, UNBROKEN, RELEASED, MOCK = (
    "the contract is in order",
    "generated/ is fresh",
    "nothing breaks since base",
    "released requirements are as they were",
    "the mock conforms",
)
CHECKS, FILES = "conformance/alphaedge_conformance/judging/checks", ("pyproject.toml", "CHANGELOG.md", "openapi.yaml")
BROKEN = "usage.total-is-the-sum"


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git tracks here or would, as it is now, in a repository of its own whose first commit is `base`.

    What was just frozen is there before it is committed.
    """
    folder = tmp_path_factory.mktemp("gate")
    for name in git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0"):
        source = ROOT / name
        if name and (source.is_symlink() or source.exists()) and not name.startswith("tests/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, folder / name, follow_symlinks=False)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "base")
    git(folder, "branch", "base")
    return folder


@pytest.fixture
def folder(clone: Path) -> Iterator[Path]:
    """The clone, which is as it was afterwards."""
    yield clone
    git(clone, "reset", "-q", "--hard", "base")
    git(clone, "clean", "-qfd")


def environment_of(folder: Path) -> dict[str, str]:
    """Of a process that works in a clone. There is no Node: it takes most of the time."""
    paths = os.pathsep.join(str(folder / name) for name in ("conformance", "generated"))
    programs = folder.parent / "programs"
    if not programs.exists():
        programs.mkdir()
        (programs / "git").symlink_to(shutil.which("git") or "")
    return {**os.environ, "PYTHONPATH": paths, "PATH": str(programs), "ALPHAEDGE_API_KEY": KEY}


def run(folder: Path, script: str, *arguments: str) -> tuple[int, dict[str, bool], str]:
    """The exit code, whether each step passed, and all that was said."""
    done = subprocess.run(
        [sys.executable, f"scripts/{script}", *arguments],
        cwd=folder,
        env=environment_of(folder),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    steps = re.findall(r"^(ok|FAIL) +(.*?) +[\d.]+ s$", done.stdout, re.MULTILINE)
    return done.returncode, {name: result == "ok" for result, name in steps}, done.stdout + done.stderr


def edit(path: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / path).read_text("utf-8")
        assert old in text
        (folder / path).write_text(text.replace(old, new, 1), "utf-8")

    return change


def unfreeze(folder: Path) -> None:
    path = folder / "requirements" / FROZEN
    kept = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**kept, "requirements": kept["requirements"][1:]}))


def test_the_gate_is_green(folder: Path) -> None:
    code, steps, said = run(folder, "gate.py", "--base", "base")
    assert (code, steps) == (0, dict.fromkeys((KEPT, FRESH, UNBROKEN, RELEASED, MOCK), True)), said
    assert said.endswith("all passed, 3 left out\n")
    for name, expected in {
        KEPT: ["left out: quote-on-the-page: there is no page here", "left out: redocly: node is not installed"],
        FRESH: ["generated/typescript: was not looked at, because Node was not found"],
    }.items():
        _, *lines = said.partition(f"ok    {name} ")[2].splitlines()
        assert all(line.startswith(f"      {words}") for line, words in zip(lines, expected, strict=False)), said


def test_what_breaks_servers_is_said_though_the_version_announces_it(
    tmp_path: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those who run one hear of it nowhere else."""
    import gate
    import steps

    major, *_ = contract.version.split(".")
    old = "            maximum: 2\n" if "            maximum: 2\n" in contract.text else "          maximum: 2\n"
    assert old in contract.text
    new = contract.text.replace(old, old.replace("2", "3"), 1)
    new = new.replace(f"version: {contract.version}", f"version: {int(major) + 1}.0.0", 1)
    (tmp_path / "old.yaml").write_text(contract.text, "utf-8")
    (tmp_path / "openapi.yaml").write_text(new, "utf-8")
    monkeypatch.setattr(steps, "ROOT", tmp_path)
    problems = steps.command("alphaedge-contract", "diff", "old.yaml", "openapi.yaml", notes=gate.BREAKS)
    assert steps.run([steps.Step("nothing breaks", problems, "")]) == 0
    assert re.search(r"^      openapi.yaml:\d+: .*breaking for servers", capsys.readouterr().out, re.MULTILINE)


def test_what_was_left_out_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    from steps import LeftOut, Step, run

    quiet, noted = Step("a", list, ""), Step("b", lambda: [LeftOut("left out: c")], "d")
    assert run([quiet]) == 0
    assert capsys.readouterr().out.endswith("\nall passed\n")
    assert run([quiet, noted]) == 0
    assert capsys.readouterr().out.endswith("\n      left out: c\nall passed, 1 left out\n")
    assert run([noted, Step("e", lambda: ["wrong"], "mend it")]) == 1
    assert capsys.readouterr().out.endswith("\n      wrong\n      → mend it\n1 failed: e, 1 left out\n")


# Each change of a file, the steps that it turns red, and what they say of it. Those of one entry are made together.
DAMAGE = {
    "an undescribed property": [
        (
            edit("openapi.yaml", "          description: Who speaks.\n", ""),
            {KEPT: "the member `role` has no `description`", FRESH: "models.py: is not what openapi.yaml gives"},
        ),
    ],
    "an invalid example": [
        (
            edit("openapi.yaml", "- {role: user, content: Hello!}", "- {role: robot, content: Hello!}"),
            {KEPT: "robot", MOCK: "the contract's own example, the control, breaks it"},
        ),
    ],
    "a requirement without a check": [
        (
            edit(f"{CHECKS}/usage.py", f'@check("{BROKEN}")\n', ""),
            {KEPT: f"{BROKEN} has no check", MOCK: f"{BROKEN} has no check"},
        ),
    ],
    "a breaking change without a version": [
        (
            edit("openapi.yaml", "maximum: 2\n", "maximum: 1\n"),
            {FRESH: "resources.py: is not what", UNBROKEN: "raise info.version to 2.0.0"},
        ),
    ],
    "four at once": [
        (
            edit(
                f"{CHECKS}/usage.py",
                "\n\n\n@check",
                '\n\n\n@check("usage.spare")\ndef spare(usage: Json) -> None: ...\n\n\n@check',
            ),
            {KEPT: "usage.spare"},
        ),
        (edit("generated/alphaedge/models.py", "class ", "class  "), {FRESH: "models.py: is not what openapi.yaml"}),
        (unfreeze, {RELEASED: f"git checkout base -- requirements/{FROZEN}"}),
        (
            edit("conformance/alphaedge_conformance/mock/reply.py", '"total_tokens": ', '"total_tokens": 1 + '),
            {MOCK: f"MUST {BROKEN}"},
        ),
    ],
}


def damaged(folder: Path, kind: str) -> dict[str, str]:
    """Makes the changes of an entry; the steps that they turn red, and what these say."""
    says: dict[str, str] = {}
    for damage, expected in DAMAGE[kind]:
        damage(folder)
        says |= expected
    return says


def test_damage_turns_its_step_red(folder: Path) -> None:
    says = damaged(folder, "four at once")
    code, steps, said = run(folder, "gate.py", "--base", "base")
    assert code == 1
    assert {name for name, passed in steps.items() if not passed} == set(says), said
    assert len(steps) == 5  # all run, whatever fails
    for name, words in says.items():
        assert words in said.partition(f"FAIL  {name} ")[2].partition("→")[0], said


@pytest.mark.parametrize("kind", [kind for kind in DAMAGE if kind != "four at once"])
@pytest.mark.slow
def test_a_step_names_the_damage(folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """The steps that are red alone; `test_damage_turns_its_step_red` sees that others stay green."""
    import gate
    import steps

    environment = environment_of(folder)
    monkeypatch.setattr(steps, "ROOT", folder)
    for name in ("PYTHONPATH", "PATH", "ALPHAEDGE_API_KEY"):
        monkeypatch.setenv(name, environment[name])
    says = damaged(folder, kind)
    red = {step.name: "\n".join(step.problems()) for step in gate.steps("base", "", []) if step.name in says}
    assert red.keys() == says.keys()
    for name, words in says.items():
        assert words in red[name]


@pytest.mark.parametrize(
    ("members", "says"),
    [
        (None, f"MUST {BROKEN}"),
        ({}, None),
        ({"expires": "2020-01-01"}, f"the waiver of {BROKEN} expired on 2020-01-01"),
        ({"requirement": "usage.type"}, "usage.type is waived and passes; delete"),
    ],
)
@pytest.mark.slow
def test_a_server_and_its_waivers(
    tmp_path: Path,
    contract: Contract,
    monkeypatch: pytest.MonkeyPatch,
    members: dict[str, str] | None,
    says: str | None,
) -> None:
    import gate
    import steps

    monkeypatch.setattr(steps, "ROOT", tmp_path)
    monkeypatch.setattr(gate, "WAIVERS", tmp_path / "waivers.toml")
    monkeypatch.setenv("ALPHAEDGE_API_KEY", KEY)
    if members is not None:
        entry = {"requirement": BROKEN, "expires": "2999-01-01"} | members
        (tmp_path / "waivers.toml").write_text(
            f'[[waiver]]\nrequirement = "{entry["requirement"]}"\nreason = "known"\nowner = "us"\nlink = "t"\n'
            f"expires = {entry['expires']}\n"
        )
    with serve(BY_HAND["total-is-the-prompt"].make(contract, KEY)) as url:
        *_, step = gate.steps("base", url, ["-k", "usage"])
        assert step.name == f"{url} conforms"
        said = "\n".join(step.problems())
    assert (says in said) if says else (said == "")
    assert (tmp_path / "reports" / "gate" / "report.html").exists()


@pytest.mark.slow
def test_a_base_that_git_does_not_know(folder: Path) -> None:
    code, steps, said = run(folder, "gate.py", "--base", "nowhere")
    assert code == 1
    assert {name for name, passed in steps.items() if not passed} == {"nothing breaks since nowhere", RELEASED}
    assert "git knows no nowhere; fetch it, or name another with BASE=" in said
    assert "Traceback" not in said


# Releases


@pytest.mark.slow
def test_a_state_that_can_be_released(folder: Path) -> None:
    """All but the wheel, which has tests of its own, and which this clone has not."""
    _, steps, said = run(folder, "release.py", "check", "--base", "base")
    wheel = "the wheel installs and runs"
    assert [name for name, passed in steps.items() if not passed] == [wheel], said
    assert len(steps) == 6


@pytest.mark.parametrize(
    ("damage", "red", "says"),
    [
        (edit("README.md", "#", "##"), "the tree is clean", "README.md"),
        (lambda folder: git(folder, "tag", "-f", "v0.1.0"), "the version is raised", "v0.1.0 already"),
        (edit("CHANGELOG.md", "## 0.1.0", "## 0.0.9"), "CHANGELOG.md tells what changed", "## 0.1.0 — YYYY-MM-DD"),
        (
            lambda folder: (folder / "requirements" / FROZEN).unlink(),
            "the requirements are frozen",
            f"requirements/{FROZEN} is missing",
        ),
    ],
)
def test_a_state_that_cannot(
    folder: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], None], red: str, says: str
) -> None:
    import release

    monkeypatch.setattr(release, "ROOT", folder)
    monkeypatch.setattr(release, "RELEASED", folder / "requirements")
    damage(folder)
    step = next(step for step in release.steps("base") if step.name == red)
    assert says in "\n".join(step.problems())


def test_freezing_writes_what_the_gate_wants(folder: Path) -> None:
    (folder / "requirements" / FROZEN).unlink()
    code, _, said = run(folder, "release.py", "freeze")
    assert (code, said) == (0, f"wrote requirements/{FROZEN}\n")
    assert git(folder, "status", "--porcelain") == ""
