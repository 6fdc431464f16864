"""How many wrong servers each conformance suite finds, and how many right ones it accuses: `make bench-suites`.

Every suite is pointed at the same servers, those of ``python -m alphaedge_conformance.mock --faults-server``, in a
process of their own for each suite. Prints a table, and writes each run to reports/bench-suites.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from urllib.request import urlopen

from .environment import ROOT
from .suites import KEY, Json, ours, schemathesis


def _ours(effort: str, url: str) -> Json:
    return ours(url, "--timeout", "5", "--effort", effort)


Run = Callable[[str], Json]
"""Takes the base URL of a server; gives whether anything was found, the requests and the seconds."""
SUITES: Mapping[str, tuple[str, Run]] = {
    **{
        f"alphaedge-conform --effort {effort}": ("alphaedge", partial(_ours, effort))
        for effort in ("quick", "standard", "thorough")
    },
    "schemathesis run": ("schemathesis", schemathesis),
}
"""By its command: the package whose version counts, and how to run it."""


@contextmanager
def faults_server() -> Iterator[list[Json]]:
    """The catalogue of all servers, which live as long as the block runs."""
    command = [sys.executable, "-m", "alphaedge_conformance.mock", "--faults-server", "--port", "0", "--key", KEY]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            address, *_ = process.stdout.readline().split()
            with urlopen(address) as answer:
                yield json.load(answer)
        finally:
            process.terminate()


def sample(catalogue: Sequence[Json], count: int) -> list[Json]:
    """So many of the faults, and as large a part of the others, evenly by their names; 0 is all."""
    faults = sorted((each for each in catalogue if each["kind"] == "fault"), key=lambda each: str(each["id"]))
    others = sorted((each for each in catalogue if each["kind"] != "fault"), key=lambda each: str(each["id"]))
    if count == 0 or count >= len(faults):
        return faults + others
    return [*evenly(faults, count), *evenly(others, max(1, len(others) * count // len(faults)))]


def evenly(every: Sequence[Json], count: int) -> list[Json]:
    return [every[len(every) * number // count] for number in range(count)]


def measure(count: int, suites: Mapping[str, tuple[str, Run]]) -> Json:
    """Each suite's runs by the id of the server."""
    figures: Json = {}
    for name, (package, run) in suites.items():
        runs: Json = {}
        with faults_server() as catalogue:
            for each in sample(catalogue, count):
                runs[each["id"]] = {"kind": each["kind"], **run(each["url"])}
                print(f"{name}: {each['id']}: {'found' if runs[each['id']]['found'] else '-'}", file=sys.stderr)
        figures[name] = {"version": version(package), "runs": runs}
    return figures


def table(figures: Json) -> str:
    """In Markdown: what each found and accused, and what that took."""
    columns = ["suite", "version", "faults found", "conforming servers accused", "requests", "seconds"]
    columns.append("faults per 1,000 requests")
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for name, each in figures.items():
        runs = each["runs"].values()
        faults = [run for run in runs if run["kind"] == "fault"]
        others = [run for run in runs if run["kind"] != "fault"]
        found, requests = sum(run["found"] for run in faults), sum(run["requests"] or 0 for run in runs)
        sent_to_faults = sum(run["requests"] or 0 for run in faults)
        cells = [
            f"`{name}`",
            each["version"],
            f"{found} of {len(faults)}",
            f"{sum(run['found'] for run in others)} of {len(others)}",
            f"{requests:,}",
            f"{sum(run['seconds'] for run in runs):,.0f}",
            f"{1000 * found / max(1, sent_to_faults):.1f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def missed(figures: Json, by: str, known_to: str) -> list[str]:
    """The faults that one suite finds and another does not."""
    one, other = figures[known_to]["runs"], figures[by]["runs"]
    return [id for id, run in one.items() if run["kind"] == "fault" and run["found"] and not other[id]["found"]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.faults", description=__doc__)
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="only so many faults, evenly; 0 for all")
    parser.add_argument("--suite", action="append", choices=SUITES, help="only this one; may be given again")
    parser.add_argument("--output", type=Path, default=ROOT / "reports" / "bench-suites.json", metavar="FILE")
    arguments = parser.parse_args()
    chosen = arguments.suite or list(SUITES)
    figures = measure(arguments.sample, {name: SUITES[name] for name in chosen})
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    print(table(figures))
    standard, theirs = "alphaedge-conform --effort standard", "schemathesis run"
    if {standard, theirs} <= figures.keys():
        print(f"\nfound by {theirs}, missed by {standard}: {', '.join(missed(figures, standard, theirs)) or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
