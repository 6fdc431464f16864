"""A release: release.py check [--base REF] says whether this state can be released, release.py freeze writes
requirements/VERSION.json of the contract."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator

from steps import ROOT, Step, command, run

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.contract.requirements import catalogue
from alphaedge_conformance.contract.versions import frozen

RELEASED = ROOT / "requirements"


def git(*arguments: str) -> str | None:
    """What git says; None where it cannot."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.rstrip("\n") if done.returncode == 0 else None


def version() -> str:
    """Of the package: pyproject.toml is its one place."""
    found: str = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    return found


def changed() -> Iterator[str]:
    yield from (git("status", "--porcelain") or "").splitlines()


def released_before() -> Iterator[str]:
    if git("tag", "--list", f"v{version()}"):
        yield f"version {version()} has the tag v{version()} already"


def untold() -> Iterator[str]:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    if not re.search(rf"^## {re.escape(version())} — \d{{4}}-\d\d-\d\d\n+[^#\s]", text, re.MULTILINE):
        yield f"expected in CHANGELOG.md: ## {version()} — YYYY-MM-DD, and below it what changed"


def unfrozen() -> Iterator[str]:
    contract = Contract.load()
    path = RELEASED / f"{contract.version}.json"
    if not path.exists():
        yield f"{path.relative_to(ROOT)} is missing"
    elif json.loads(path.read_text("utf-8")) != frozen(contract.version, catalogue(contract)):
        yield f"{path.relative_to(ROOT)} has other requirements than openapi.yaml of the same version"


def edited(base: str) -> Iterator[str]:
    """The files of released versions that are not as a git revision has them."""
    changes = git("diff", "--name-status", "--no-renames", base, "--", str(RELEASED))
    if changes is None:
        yield f"git knows no {base}; fetch it, or name another with BASE="
    for line in (changes or "").splitlines():
        status, path = line.split("\t")
        if status != "A":
            yield f"{path} was released; git checkout {base} -- {path}"


def freeze() -> None:
    contract = Contract.load()
    path = RELEASED / f"{contract.version}.json"
    text = json.dumps(frozen(contract.version, catalogue(contract)), indent=1, ensure_ascii=False)
    path.write_text(text + "\n", "utf-8")
    print(f"wrote {path.relative_to(ROOT)}")


def steps(base: str) -> Iterator[Step]:
    """What a state has to keep to be released."""
    yield Step("the tree is clean", changed, "commit these changes, or discard them")
    yield Step("the version is raised", released_before, "raise it in pyproject.toml")
    yield Step("CHANGELOG.md tells what changed", untold, "write the entry")
    yield Step("the requirements are frozen", unfrozen, "raise info.version if it was released; then make freeze")
    wheel = command("python", "-m", "pytest", "-q", "tests/client/test_wheel.py")
    yield Step("the wheel installs and runs", wheel, "make build, and look at dist/")
    yield Step("the gate is green", command("python", "scripts/gate.py", "--base", base), "make gate")


def main() -> int:
    parser = argparse.ArgumentParser(prog="release.py", description=__doc__)
    parser.add_argument("action", choices=("check", "freeze"))
    parser.add_argument("--base", default="origin/main", metavar="REF", help="the state before, as git names it")
    arguments = parser.parse_args()
    if arguments.action == "check":
        return run(steps(arguments.base))
    freeze()
    return 0


if __name__ == "__main__":
    sys.exit(main())
