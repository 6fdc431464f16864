"""What a shell completes, as bash does when somebody presses Tab."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

COMPLETE = """
source /dev/stdin
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
$(complete -p "$1" | sed 's/.* -F \\([^ ]*\\) .*/\\1/')
printf '%s\\n' "${COMPREPLY[@]}"
"""


def printed(name: str, shell: str) -> str:
    command = [str(Path(sys.executable).with_name(name)), "--print-completion", shell]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def completed(script: str, *words: str, folder: Path) -> set[str]:
    command = ["bash", "--norc", "--noprofile", "-c", COMPLETE, "bash", *words]
    done = subprocess.run(command, input=script, cwd=folder, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("alphaedge-conform", "--max-re"), {"--max-requests"}),
        (("alphaedge-conform", "--effort", ""), {"quick", "standard", "thorough"}),
        (("alphaedge-conform", "--waivers", "wai"), {"waivers.toml"}),
        (("alphaedge-conform", "--report", "re"), {"reports"}),
        (("alphaedge-contract", "l"), {"lint"}),
        (("alphaedge-contract", "lint", "--re"), {"--redocly"}),
        (("alphaedge-contract", "lint", "--page", "wai"), {"waivers.toml"}),
    ],
)
def test_bash(words: tuple[str, ...], expected: set[str], tmp_path: Path) -> None:
    (tmp_path / "waivers.toml").touch()
    (tmp_path / "reports").mkdir()
    assert completed(printed(words[0], "bash"), *words, folder=tmp_path) == expected


@pytest.mark.parametrize("name", ["alphaedge-conform", "alphaedge-contract"])
@pytest.mark.parametrize("shell", ["zsh", "tcsh"])
def test_other_shells(name: str, shell: str) -> None:
    """They are not here to be asked; each gets a script of its own."""
    script = printed(name, shell)
    assert {"zsh": f"#compdef {name}", "tcsh": f"complete {name} "}[shell] in script
    assert "print-completion" in script
