"""Steps of a gate: all run, each named with its time and result."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
Problems = Iterable[str]


@dataclass(frozen=True)
class Step:
    """What has to hold, and what to do where it does not."""

    name: str
    problems: Callable[[], Problems]
    """What does not hold, in lines; none, if all does."""
    remedy: str


def run(steps: Iterable[Step]) -> int:
    """Runs every step and prints what failed; 1 if one did, else 0."""
    failed = []
    for step in steps:
        started = time.monotonic()
        problems = list(step.problems())
        print(f"{'FAIL' if problems else 'ok':5} {step.name:40} {time.monotonic() - started:6.1f} s", flush=True)
        if problems:
            failed.append(step.name)
            print("\n".join(f"      {line}" for line in [*problems, f"→ {step.remedy}"]), flush=True)
    print(f"{len(failed)} failed: {', '.join(failed)}" if failed else "all passed")
    return 1 if failed else 0


def command(program: str, *arguments: str) -> Callable[[], Problems]:
    """What a program of this environment says, where it fails."""

    def problems() -> Iterator[str]:
        path = {"PATH": os.pathsep.join([str(BIN), os.environ.get("PATH", os.defpath)])}
        words = [str(BIN / program), *arguments]
        done = subprocess.run(words, cwd=ROOT, env=os.environ | path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            yield from done.stdout.decode("utf-8", "replace").rstrip().splitlines()
            yield f"{program} exited with {done.returncode}"

    return problems
