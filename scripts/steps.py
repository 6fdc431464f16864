"""Steps of a gate: all run, each named with its time and result."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
Problems = Iterable[str]
LEFT_OUT = re.compile(r"^left out: |\bwas not looked at\b")
"""Lines of a program that say what it did not do, for want of another."""


class LeftOut(str):
    """A line that is not a problem: what a step did not do."""


class Note(str):
    """A line that is not a problem either: what whoever reads should know."""


@dataclass(frozen=True)
class Step:
    """What has to hold, and what to do where it does not."""

    name: str
    problems: Callable[[], Problems]
    """What does not hold, in lines; none but those of LeftOut and Note, if all does."""
    remedy: str


def run(steps: Iterable[Step]) -> int:
    """Runs every step and prints what failed and what was left out; 1 if one failed, else 0."""
    failed, left_out = [], 0
    for step in steps:
        started = time.monotonic()
        lines = list(step.problems())
        problems = [line for line in lines if not isinstance(line, LeftOut | Note)]
        left_out += sum(isinstance(line, LeftOut) for line in lines)
        print(f"{'FAIL' if problems else 'ok':5} {step.name:40} {time.monotonic() - started:6.1f} s", flush=True)
        if problems:
            failed.append(step.name)
            lines.append(f"→ {step.remedy}")
        for line in lines:
            print(f"      {line}", flush=True)
    result = f"{len(failed)} failed: {', '.join(failed)}" if failed else "all passed"
    print(f"{result}, {left_out} left out" if left_out else result)
    return 1 if failed else 0


def command(program: str, *arguments: str, notes: str = "(?!)") -> Callable[[], Problems]:
    """What a program of this environment says, where it fails; else what it says that it left out, and the lines that
    a pattern finds."""

    def problems() -> Iterator[str]:
        path = {"PATH": os.pathsep.join([str(BIN), os.environ.get("PATH", os.defpath)])}
        words = [str(BIN / program), *arguments]
        done = subprocess.run(words, cwd=ROOT, env=os.environ | path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = done.stdout.decode("utf-8", "replace").rstrip().splitlines()
        for line in said:
            if LEFT_OUT.search(line):
                yield LeftOut(line)
            elif done.returncode:
                yield line
            elif re.search(notes, line):
                yield Note(line)
        if done.returncode:
            yield f"{program} exited with {done.returncode}"

    return problems
