"""How fast a run is, beside the Schemathesis command line on the same contract and the same mock.

``make bench`` writes the figures to reports/bench.json; times are medians, and ratios within one run are what counts.
Exit code 1 where several targets at once take longer than is claimed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from attrs import evolve
from starlette.types import Receive, Scope, Send

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.probes import Plan
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.sending.settings import Settings

from .environment import ROOT
from .suites import KEY, Json, ours, schemathesis, timed

LATENCIES = (0.0, 0.2)
REPEATS = 5
LONGEST = 1.5
"""What several targets at once may take, in times of the slowest of them alone."""


@contextmanager
def mock(latency: float) -> Iterator[str]:
    """The address of a mock in a process of its own."""
    command = [sys.executable, "-m", "bench.suite", "--serve", str(latency)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def serve_one(latency: str) -> None:
    """Serves the mock until standard input ends."""
    app = Mock(Contract.load(), KEY)

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        """A refusal is as far away as an answer."""
        await asyncio.sleep(float(latency))
        await app(scope, receive, send)

    with serve(slow) as url:
        print(url, flush=True)
        sys.stdin.read()


def median(runs: list[Json]) -> Json:
    return {**runs[-1], "seconds": statistics.median(run["seconds"] for run in runs)}


def side_by_side(latency: float, repeats: int) -> Json:
    """(a) Both on the conforming mock, one after the other and then again."""
    runs: dict[str, list[Json]] = {"ours": [], "ours at concurrency 32": [], "schemathesis": []}
    with mock(latency) as url:
        for _ in range(repeats):
            runs["ours"].append(ours(url))
            runs["ours at concurrency 32"].append(ours(url, "--concurrency", "32"))
            runs["schemathesis"].append(schemathesis(url))
    found: Json = {name: median(each) for name, each in runs.items()}
    for name in ("ours", "ours at concurrency 32"):
        found[f"schemathesis / {name}"] = found["schemathesis"]["seconds"] / found[name]["seconds"]
    return found


def against_the_ideal(latency: float, concurrency: int, repeats: int) -> Json:
    """(b) The time of a run against the sum of all latencies, shared by so many at a time."""
    with mock(latency) as url:
        run = median([ours(url, "--concurrency", str(concurrency)) for _ in range(repeats)])
    seconds, ideal = run["seconds"], run["requests"] * latency / concurrency
    return {"seconds": seconds, "ideal": ideal, "allowed": 1.3 * ideal + 1.5, "ratio": seconds / ideal}


def compared(latency: float, repeats: int, targets: int = 5) -> Json:
    """(e) Several targets at once, against the slowest of them alone, in each round."""
    rounds = []
    with ExitStack() as stack:
        urls = [stack.enter_context(mock(latency)) for _ in range(targets)]
        for _ in range(repeats):
            alone = max(ours(url)["seconds"] for url in urls)
            command = [str(Path(sys.executable).with_name("alphaedge-conform")), *urls]
            with tempfile.TemporaryDirectory() as folder:
                together, code, said = timed([*command, "--report", folder])
            assert code == 0, said
            rounds.append({"slowest alone": alone, "together": together, "ratio": together / alone})
    return sorted(rounds, key=lambda each: each["ratio"])[len(rounds) // 2]


def grown(exchanges: int, latency: float) -> Json:
    """(c, d) One process that sends the plan again and again until it has so many exchanges."""
    with mock(latency) as url:
        command = [sys.executable, "-m", "bench.suite", "--send", url, str(exchanges)]
        found: Json = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    return found


def send(url: str, exchanges: str) -> None:
    suite = Suite.of(Contract.load())
    target = build_target(suite.contract, url, None, KEY)
    wanted, number = list(suite.requirements), int(exchanges)
    once = suite.plan(wanted, target, Settings()).probes
    more = (evolve(probe, name=f"{probe.name} {index}") for index in range(number) for probe in once[1:])
    plan = Plan((once[0], *(probe for probe, _ in zip(more, range(number - 1), strict=False))))
    before = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        run = suite.send(plan, wanted, target, Settings(report=Path(folder)))
    processor_seconds = time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    figures = {"exchanges": len(run.exchanges), "seconds": run.seconds, "peak_bytes": peak}
    print(json.dumps({**figures, "processor_ms_per_exchange": 1000 * processor_seconds / len(run.exchanges)}))


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.py", description=__doc__)
    parser.add_argument("--repeats", type=int, default=REPEATS, metavar="N")
    parser.add_argument("--output", type=Path, default=ROOT / "reports" / "bench.json", metavar="FILE")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--send", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve_one(arguments.serve)
        return 0
    if arguments.send:
        send(*arguments.send)
        return 0
    figures: Json = {}
    with mock(0.0) as url:
        ours(url)  # draws once, as a first run does
    figures["side by side"] = {f"{1000 * each:.0f} ms": side_by_side(each, arguments.repeats) for each in LATENCIES}
    figures["against the ideal"] = {
        f"concurrency {width}": against_the_ideal(0.2, width, arguments.repeats) for width in (8, 32)
    }
    figures["compared"] = compared(0.2, arguments.repeats)
    small, large = grown(100, 0.2), grown(2000, 0.2)
    ratios = {name: large[name] / small[name] for name in ("seconds", "peak_bytes")}
    figures["growth"] = {"100": small, "2000": large, "2000 / 100": ratios}
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    print(json.dumps(figures, indent=1))
    if (ratio := figures["compared"]["ratio"]) > LONGEST:
        sentence = f"five targets at once took {ratio:.2f} times the slowest alone"
        print(f"DOES NOT HOLD: {sentence}, at most {LONGEST:g} is allowed")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
