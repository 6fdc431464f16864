"""What a fleet costs beside single runs: `python -m bench.fleet`, or `make bench-fleet`.

So many targets, of mocks that answer after 200 ms, at 50 hosts, each with a limit of its own. Prints exchanges a
second, the processor's time for each, and the largest memory of the coordinator; exit code 1 where a claim does not
hold. The mocks share the machine, so their time is given too. Then as many exchanges a second as one process and two
can do, of mocks that answer at once: two keep two processors busy, of which the mocks have a part that targets
elsewhere would not take, so what they took is subtracted. Linux alone: the hosts are addresses of 127.0.0.0/8.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import uvicorn
from starlette.types import Receive, Scope, Send

from alphaedge_conformance import report as views
from alphaedge_conformance.contract import Contract
from alphaedge_conformance.exchange import Effort
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.mock import Mock
from alphaedge_conformance.report.document import build_report
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.sending.settings import Settings

from .environment import ROOT

KEY, VARIABLE = "sk-the-key-of-the-bench", "FLEET_BENCH_KEY"
LATENCY = 0.2
"""Seconds until a mock answers; 0 where the processors are to have no rest."""
TARGETS, LANES = 1000, 50
PROCESSOR = 1.3
"""What an exchange of a fleet may cost, in times of one of a single run."""
MEMORY = 300_000_000
"""Bytes that the coordinator may take."""
SPEEDUP = 1.7
"""How many times the exchanges of one process two do, at least, where the processors are the limit."""
QUICK_TARGETS = 400
SINGLE = 8
"""Runs, one after the other, whose exchanges a fleet's are held against."""
Json = dict[str, Any]


def serve(port: int, lanes: int, models: int, latency: float) -> None:
    """Serves the mock at so many addresses, until standard input ends; prints what it took."""
    contract = Contract.load()
    app = Mock(contract, KEY)
    app.models = [f"model-{number}" for number in range(models)]

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(latency)
        await app(scope, receive, send)

    sockets = [socket.create_server((address(lane), port)) for lane in range(lanes)]
    for each in sockets:
        each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    config = uvicorn.Config(slow, log_level="critical", lifespan="off", date_header=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)

    async def until_the_end() -> None:
        serving = asyncio.create_task(server.serve(sockets))
        await asyncio.to_thread(sys.stdin.read)
        server.should_exit = True
        await serving

    print("ready", flush=True)
    began = time.process_time()
    asyncio.run(until_the_end())
    print(time.process_time() - began, flush=True)


def address(lane: int) -> str:
    return f"127.0.1.{lane + 1}"


@contextmanager
def mocks(port: int, lanes: int, models: int, latency: float = LATENCY) -> Iterator[Json]:
    """A process with the mocks; when it has ended, what it took is known."""
    took: Json = {}
    command = [sys.executable, "-m", "bench.fleet", "--serve", *map(str, (port, lanes, models, latency))]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield took
        finally:
            process.stdin.close()
            took["processor seconds"] = float(process.stdout.readline())


def single(port: int, effort: str, wanted: list[str]) -> None:
    """Some runs, one after the other, in a process of their own; the first is not counted."""
    suite = Suite.of(Contract.load())
    ids = [id for id in suite.requirements if not wanted or any(each in id for each in wanted)]
    exchanges, processor_seconds, seconds = 0, 0.0, 0.0
    for number in range(SINGLE + 1):
        target = build_target(suite.contract, f"http://{address(number)}:{port}", "model-0", KEY)
        began, clock = time.process_time(), time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            run = suite.run(ids, target, Settings(report=Path(folder), effort=Effort(effort)))
            views.write([build_report(run)], None, Path(folder), suite.contract)
        if number:
            exchanges += run.requests
            processor_seconds += time.process_time() - began
            seconds += time.perf_counter() - clock
    print(json.dumps(_figures(exchanges, processor_seconds, seconds)))


def fleet(folder: Path, port: int, arguments: argparse.Namespace) -> Json:
    """The command, as anybody runs it."""
    folder.mkdir()
    tables = "".join(
        f'[t{number}]\nurl = "http://{address(number % arguments.lanes)}:{port}"\n'
        f'model = "model-{number // arguments.lanes}"\nkey_variable = "{VARIABLE}"\n'
        for number in range(arguments.targets)
    )
    (folder / "targets.toml").write_text(tables, "utf-8")
    history = folder / "history.duckdb"
    program = str(Path(sys.executable).with_name("alphaedge-conform"))
    command = [program, "fleet", "targets.toml", "--history", str(history), "--effort", arguments.effort]
    command += ["--workers", str(arguments.workers)]
    if arguments.only:
        command += ["-k", " or ".join(arguments.only)]
    before, clock, peak, own = _children(), time.perf_counter(), 0, 0.0
    with subprocess.Popen(command, cwd=folder, env=os.environ | {VARIABLE: KEY}) as process:
        while process.poll() is None:
            peak, own = max(peak, _memory(process.pid)), max(own, _processor(process.pid))
            time.sleep(0.2)
    seconds, processor_seconds = time.perf_counter() - clock, _children() - before
    with duckdb.connect(history) as connection:
        found = connection.execute("SELECT count(*), sum(requests), any_value(verdict) FROM judgings").fetchone()
        rows = connection.execute("SELECT count(*) FROM verdicts").fetchone()
    assert found is not None
    assert rows is not None
    return {
        **_figures(int(found[1]), processor_seconds, seconds),
        "targets": found[0],
        "verdict of one": found[2],
        "exit": process.returncode,
        "coordinator peak bytes": peak,
        "coordinator processor ms per exchange": 1000 * own / int(found[1]),
        "rows": rows[0],
        "history bytes": history.stat().st_size,
        "kept bytes": sum(path.stat().st_size for path in history.with_suffix(".reports").rglob("*") if path.is_file()),
    }


def speed(folder: Path, port: int, workers: int, arguments: argparse.Namespace) -> Json:
    """What so many processes do where the processors are the limit, beside the mocks and without them."""
    few = argparse.Namespace(**vars(arguments) | {"targets": QUICK_TARGETS, "workers": workers})
    with mocks(port, arguments.lanes, -(-few.targets // few.lanes), 0) as took:
        found = fleet(folder / f"{workers}", port, few)
    seconds = found["seconds"] - took["processor seconds"] / (os.cpu_count() or 1)
    figures = {name: found[name] for name in ("exchanges", "seconds", "exchanges per second")}
    return {**figures, **took, "without the mocks": found["exchanges"] / seconds}


def _figures(exchanges: int, processor_seconds: float, seconds: float) -> Json:
    return {
        "exchanges": exchanges,
        "seconds": seconds,
        "exchanges per second": exchanges / seconds,
        "processor ms per exchange": 1000 * processor_seconds / exchanges,
    }


def _children() -> float:
    """The processor's seconds of all that this process has started, and that has ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _memory(pid: int) -> int:
    """The largest that a process had so far, in bytes."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("utf-8")
    except OSError:  # it has ended
        return 0
    return next((1024 * int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


def _processor(pid: int) -> float:
    """The processor's seconds of a process alone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.fleet", description=__doc__)
    parser.add_argument("--targets", type=int, default=TARGETS, metavar="N")
    parser.add_argument("--lanes", type=int, default=LANES, metavar="N")
    parser.add_argument("--workers", type=int, default=2, metavar="N")
    parser.add_argument("--effort", default="quick")
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="WORD", help="requirements with one of these in the id"
    )
    parser.add_argument("--serve", nargs=4, type=float, help=argparse.SUPPRESS)
    parser.add_argument("--single", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        port, lanes, models, latency = arguments.serve
        serve(int(port), int(lanes), int(models), latency)
        return 0
    if arguments.single:
        single(arguments.single, arguments.effort, arguments.only)
        return 0
    with socket.socket() as free:
        free.bind(("127.0.1.1", 0))
        port = free.getsockname()[1]
    models = -(-arguments.targets // arguments.lanes)
    with tempfile.TemporaryDirectory() as name:
        with mocks(port, max(arguments.lanes, SINGLE + 1), models):
            command = [sys.executable, "-m", "bench.fleet", "--single", str(port), "--effort", arguments.effort]
            command += ["--only", *arguments.only] if arguments.only else []
            alone = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
        with mocks(port, arguments.lanes, models) as took:
            together = fleet(Path(name) / "fleet", port, arguments)
        one, two = (speed(Path(name), port, workers, arguments) for workers in (1, 2))
    speedup = two["without the mocks"] / one["exchanges per second"]
    ratio = together["processor ms per exchange"] / alone["processor ms per exchange"]
    figures = {"single": alone, "fleet": together, "mocks": took, "fleet / single": ratio}
    figures |= {"one process": one, "two processes": two, "two processes / one": speedup}
    (ROOT / "reports").mkdir(exist_ok=True)
    (ROOT / "reports" / "bench-fleet.json").write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    print(json.dumps(figures, indent=1))
    wrong = [f"an exchange takes {ratio:.2f} times that of a single run"] if ratio > PROCESSOR else []
    if together["coordinator peak bytes"] > MEMORY:
        wrong.append(f"the coordinator took {together['coordinator peak bytes'] / 1e6:.0f} MB")
    if speedup < SPEEDUP:
        wrong.append(f"two processes do {speedup:.2f} times the exchanges of one")
    for each in wrong:
        print(f"DOES NOT HOLD: {each}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
