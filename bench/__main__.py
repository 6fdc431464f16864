"""`python -m bench`: what the client costs beside raw httpx and the openai SDK, and the suite for each MB it judges.

All contestants run in turn, in processes of their own, five rounds in one go. Each claim is the median of the ratios
within a round, so that a busy machine counts for both sides; each figure is a median too. Both go to
reports/bench-client.json. Exit code 1 where a claim does not hold.
"""

from __future__ import annotations

import compileall
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from . import judging
from .environment import ROOT, python

ROUNDS = 5
HERE = Path(__file__).parent
REPORT = ROOT / "reports" / "bench-client.json"
CLIENTS = ("alphaedge", "httpx", "openai")

CLAIMS = (
    ("import", "openai", 0.03),
    ("start", "httpx", 1.3),
    ("start", "openai", 0.3),
    ("call", "httpx", 0.8),
    ("call", "openai", 0.4),
    ("each", "httpx", 1.4),
    ("each", "openai", 0.2),
    ("block", "httpx", 1.4),
    ("block", "openai", 0.2),
    ("memory", "openai", 0.55),
    ("size", "openai", 0.15),
    ("memory of 100 times the chunks", "itself", 1.05),
)
"""What is measured, against whom, and the ratio that is claimed at most."""
TENTH, GROWTH = "a tenth of it", 11
"""Judging is measured against less of the same; ten times the input takes so many times as long at most."""

WORDS = {
    "import": "import, whole process, ms",
    "start": "import to first completion, whole process, ms",
    "call": "sync call, µs",
    "async call": "async call, µs",
    "each": "streamed chunk, one a write, µs",
    "block": "streamed chunk, 16 KiB a write, µs",
    "memory": "resident after 400 calls and a stream of 1000 chunks, MB",
    "memory of 100 times the chunks": "the same with 100 000 chunks, MB",
    "size": "installed, with all it needs, MB",
}


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, served() as url:
        # As installers leave it: with bytecode, which the rest of the environment has too.
        shutil.copytree(ROOT / "generated" / "alphaedge", Path(folder) / "alphaedge")
        compileall.compile_dir(folder, quiet=2)
        os.environ["PYTHONPATH"] = folder
        rounds = measure(url)
    rounds["size"] = {name: [installed_size(name)] * ROUNDS for name in CLIENTS}
    figures = {what: {name: statistics.median(found) for name, found in of.items()} for what, of in rounds.items()}
    claims: list[dict[str, Any]] = []
    for what, whom, at_most in CLAIMS:
        others = rounds["memory"]["alphaedge"] if whom == "itself" else rounds[what][whom]
        ratio = statistics.median(ours / other for ours, other in zip(rounds[what]["alphaedge"], others, strict=True))
        claims.append({"what": what, "against": whom, "ratio": round(ratio, 3), "at_most": at_most})
    for kind, amount in judging.KINDS.items():
        less, _ = judged(kind, amount // 10)
        seconds, megabytes = judged(kind, amount)
        what, per_mb = f"judging {judging.WORDS[kind]}", seconds / megabytes
        ratio = round(seconds / less, 3)
        claims.append({"what": what, "against": TENTH, "ratio": ratio, "at_most": GROWTH, "seconds_per_mb": per_mb})
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps({"rounds": ROUNDS, "figures": figures, "claims": claims}, indent=2) + "\n", "utf-8")
    print(f"{'median of ' + str(ROUNDS):56} {CLIENTS[0]:>9} {CLIENTS[1]:>9} {CLIENTS[2]:>9}")
    for what, words in WORDS.items():
        print(f"{words:56}", *(f"{figures[what][name]:9.4g}" for name in CLIENTS))
    print()
    for claim in claims:
        held = "holds" if claim["ratio"] <= claim["at_most"] else "DOES NOT HOLD"
        words = f"{claim['what']}, to {claim['against']}"
        rate = f", {claim['seconds_per_mb']:.3g} s per MB" if "seconds_per_mb" in claim else ""
        print(f"{words:46} {claim['ratio']:6.3f}  at most {claim['at_most']:<5} {held}{rate}")
    return int(any(claim["ratio"] > claim["at_most"] for claim in claims))


def measure(url: str) -> dict[str, dict[str, list[float]]]:
    """What each contestant costs in each round."""
    rounds: dict[str, dict[str, list[float]]] = {what: {name: [] for name in CLIENTS} for what in WORDS}
    for _ in range(ROUNDS):
        for what, of in rounds.items():
            for name in CLIENTS:
                if what == "import":
                    of[name].append(1e3 * processor_seconds("-c", f"import {name}"))
                elif what == "start":
                    of[name].append(1e3 * processor_seconds(str(HERE / "contestant.py"), name, "start", url))
                elif what.startswith("memory"):
                    chunks = "memory" if what == "memory" else "100000"
                    of[name].append(1e-6 * measured_by_contestant(name, chunks, url))
                elif what != "size":
                    of[name].append(1e6 * measured_by_contestant(name, what, url))
    return rounds


def measured_by_contestant(name: str, what: str, url: str) -> float:
    """What a contestant measures itself."""
    contestant = command(str(HERE / "contestant.py"), name, what, url)
    done = subprocess.run(contestant, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


def judged(kind: str, amount: int) -> tuple[float, float]:
    """The seconds of processor time and the megabytes of a stream that the suite judges; the least of some, where that
    takes no minutes."""
    judge = [sys.executable, str(HERE / "judging.py"), kind, str(amount)]
    done = [
        subprocess.run(judge, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
        for _ in range(judging.ROUNDS[kind])
    ]
    return min((float(seconds), float(megabytes)) for seconds, megabytes in done)


def processor_seconds(*arguments: str) -> float:
    """The seconds of processor time of a whole process, the least of three."""
    found = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command(*arguments), check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(found)


def command(*arguments: str) -> list[str]:
    return [str(python()), *arguments]


@contextmanager
def served() -> Iterator[str]:
    """The address of a server in a process of its own."""
    with subprocess.Popen([sys.executable, str(HERE / "server.py")], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.terminate()


def installed_size(name: str) -> float:
    """Megabytes of a package and of all that it needs, without compiled bytecode."""
    lib = next((python().parent.parent / "lib").glob("python*/site-packages"))
    found = {dist.metadata["Name"].lower().replace("_", "-"): dist for dist in distributions(path=[str(lib)])}
    total, wanted = 0, {name}
    if name == "alphaedge":
        total = sum(path.stat().st_size for path in (ROOT / "generated" / name).glob("*.py"))
        wanted = {"attrs", "httpx"}
    seen: set[str] = set()
    while wanted - seen:
        package = (wanted - seen).pop()
        seen.add(package)
        if package in found:
            total += size(found[package])
            wanted |= needed(found[package])
    return total / 1e6


def size(dist: Distribution) -> int:
    paths = [Path(str(file.locate())) for file in dist.files or () if file.suffix != ".pyc"]
    return sum(path.stat().st_size for path in paths if path.exists())


def needed(dist: Distribution) -> set[str]:
    """The names of what it requires, extras left out."""
    names = set()
    for requirement in dist.requires or ():
        if "extra ==" not in requirement:
            name = "".join(char if char.isalnum() or char in "-_." else " " for char in requirement).split()[0]
            names.add(name.lower().replace("_", "-"))
    return names


if __name__ == "__main__":
    sys.exit(main())
