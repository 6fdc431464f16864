"""The gate of a change: gate.py [--base REF] [--url URL] [ARGUMENT of alphaedge-conform ...]

Every step runs, whatever the others say. Exits with 1 if one failed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from functools import partial

import release
from steps import ROOT, Step, command, run

BREAKS = r":\d+: .*\bbreaking for (clients|servers)\b"
"""A change that breaks somebody, also where the version announces it."""
WAIVERS = ROOT / "waivers.toml"


def steps(base: str, url: str, arguments: Sequence[str]) -> Iterator[Step]:
    """What a change has to pass."""
    yield Step(
        "the contract is in order",
        command("alphaedge-contract", "lint", "--redocly"),
        "each line names a place in openapi.yaml, and what to write there",
    )
    yield Step("generated/ is fresh", command("python", "scripts/generate.py", "--check"), "make generate, and commit")
    yield Step(
        f"nothing breaks since {base}",
        command("alphaedge-contract", "diff", f"{base}:openapi.yaml", "openapi.yaml", notes=BREAKS),
        "revert the change, or raise info.version in openapi.yaml and say so in CHANGELOG.md",
    )
    yield Step(
        "released requirements are as they were",
        partial(release.edited, base),
        "restore them; a new version of the contract gets a new file: make freeze",
    )
    yield Step(
        "the mock conforms",
        command("alphaedge-conform", "--strict"),
        "the mock or a check is wrong; make mutants says which",
    )
    if url:
        waived = ["--waivers", str(WAIVERS)] if WAIVERS.exists() else []
        judge = command("alphaedge-conform", *url.split(), "--report", "reports/gate", *waived, *arguments)
        yield Step(f"{url} conforms", judge, "open reports/gate/report.html")


def main() -> int:
    parser = argparse.ArgumentParser(prog="gate.py", description=__doc__)
    parser.add_argument("--base", default="origin/main", metavar="REF", help="the state before, as git names it")
    parser.add_argument("--url", default="", help="one or more servers to judge besides the mock")
    arguments, rest = parser.parse_known_args()
    return run(steps(arguments.base, arguments.url, rest))


if __name__ == "__main__":
    sys.exit(main())
