"""`python -m bench.live`: what the proxy of live traffic adds, and that it changes nothing.

A server, the proxy and the client are processes of their own. Asks in turn with and without the proxy, so that a busy
machine counts for both: the latency of the first byte, plain and streamed; then 1,000 mixed exchanges whose bytes have
to be the same; 200 streams at once; 10,000 exchanges, over which memory must not grow. Figures go to
reports/bench-live.json; exit code 1 where a claim does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from tests.live.traffic import PATH, Mixed, Proxied, exchange, proxied

from .__main__ import served
from .environment import ROOT

REPORT = ROOT / "reports" / "bench-live.json"
MEDIAN, P99 = 1.5, 10.0
"""Milliseconds that the first byte may come later."""
GROWTH = 1.1
"""How much more memory the second half of many exchanges may take than the first."""
ASKED = {"messages": [{"role": "user", "content": "Hello!"}]}
Json = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.live", description=__doc__)
    parser.add_argument("--calls", type=int, default=1000, metavar="N", help="of which the latency is measured")
    parser.add_argument("--mixed", type=int, default=1000, metavar="N", help="exchanges whose bytes are compared")
    parser.add_argument("--streams", type=int, default=200, metavar="N", help="at once")
    parser.add_argument("--many", type=int, default=10_000, metavar="N", help="exchanges over which memory is watched")
    parser.add_argument("--serve-mixed", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve_mixed:
        serve_mixed()
        return 0
    figures: Json = {}
    with served() as server, tempfile.TemporaryDirectory() as folder, proxied(server, Path(folder)) as proxy:
        figures["first byte"] = {
            kind: first_byte(server, proxy.url, kind, arguments.calls) for kind in ("plain", "each-50")
        }
        figures["streams at once"] = asyncio.run(at_once(proxy.url, arguments.streams))
        figures["memory"] = memory(proxy, arguments.many)
        _, _, report = proxy.end(signal.SIGTERM)
        figures["traffic"] = report["traffic"]
    with mixed() as server, tempfile.TemporaryDirectory() as folder, proxied(server, Path(folder)) as proxy:
        figures["mixed"] = {"exchanges": arguments.mixed, "different": different(server, proxy.url, arguments.mixed)}
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    print(json.dumps(figures, indent=1))
    broken = list(claims(figures))
    for each in broken:
        print(f"DOES NOT HOLD: {each}")
    return int(bool(broken))


def claims(figures: Json) -> Iterator[str]:
    """What does not hold."""
    for kind, found in figures["first byte"].items():
        for share, most in (("p50", MEDIAN), ("p99", P99)):
            if found["added"][share] > most:
                yield f"{kind}: the first byte comes {found['added'][share]:.2f} ms later ({share}), at most {most:g}"
    if figures["mixed"]["different"]:
        yield f"{figures['mixed']['different']} of {figures['mixed']['exchanges']} exchanges are not the same"
    if (whole := figures["streams at once"])["whole"] < whole["streams"]:
        yield f"{whole['whole']} of {whole['streams']} streams at once came whole"
    for name, grown in figures["memory"]["grown"].items():
        if grown > GROWTH:
            yield f"memory of the {name} grew {grown:.2f} times in the second half"


def first_byte(server: str, proxy: str, kind: str, calls: int) -> Json:
    """Milliseconds until the first byte of the body, without the proxy and with it, in turn."""
    times: dict[str, list[float]] = {"bare": [], "proxy": []}
    with httpx.Client(trust_env=False) as http:
        for number in range(calls + 20):
            for name, url in (("bare", server), ("proxy", proxy)):
                started = time.perf_counter()
                with http.stream("POST", url + PATH, json={"model": kind, **ASKED}) as response:
                    pieces = response.iter_raw()
                    next(pieces)
                    seconds = time.perf_counter() - started
                    for _ in pieces:
                        pass
                if number >= 20:
                    times[name].append(1000 * seconds)
    found: Json = {name: {"p50": quantile(each, 50), "p99": quantile(each, 99)} for name, each in times.items()}
    return {**found, "added": {share: found["proxy"][share] - found["bare"][share] for share in ("p50", "p99")}}


def quantile(times: list[float], percent: int) -> float:
    return round(statistics.quantiles(times, n=100)[percent - 1], 3)


async def at_once(url: str, streams: int) -> Json:
    """How many streams come whole that are all under way at the same time."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(trust_env=False, limits=limits, timeout=120) as http:

        async def one() -> bool:
            response = await http.post(url + PATH, json={"model": "each-200", **ASKED})
            return response.content.endswith(b"data: [DONE]\n\n")

        started = time.perf_counter()
        done = await asyncio.gather(*(one() for _ in range(streams)))
    return {"streams": streams, "whole": sum(done), "seconds": round(time.perf_counter() - started, 2)}


def memory(proxy: Proxied, exchanges: int) -> Json:
    """Megabytes of the proxy and of the judging process, a quarter of the way, in the middle and at the end."""
    seen: dict[str, list[float]] = {"proxy": [], "judging process": []}
    with httpx.Client(trust_env=False, timeout=60) as http:
        for number in range(1, exchanges + 1):
            kind = "each-20" if number % 4 == 0 else "plain"
            http.post(proxy.url + PATH, json={"model": kind, **ASKED, "stream": kind != "plain"})
            if number in (exchanges // 4, exchanges // 2, exchanges):
                proxy.get("/__conformance__/metrics")  # waits until judging has caught up
                for name, process in (("proxy", proxy.process.pid), ("judging process", proxy.judge())):
                    seen[name].append(resident(process))
    return {
        "exchanges": exchanges,
        "megabytes": seen,
        "grown": {name: each[2] / each[1] for name, each in seen.items()},
    }


def resident(process: int) -> float:
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGESIZE") / 2**20, 1)


def different(server: str, proxy: str, exchanges: int) -> int:
    """How many exchanges are not the same for the client with the proxy and without it."""
    with httpx.Client(trust_env=False, timeout=60) as http:
        return sum(exchange(http, proxy, case) != exchange(http, server, case) for case in range(exchanges))


@contextmanager
def mixed() -> Iterator[str]:
    """The address of a server whose answers are of every form."""
    command = [sys.executable, "-m", "bench.live", "--serve-mixed"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def serve_mixed() -> None:
    config = uvicorn.Config(Mixed(), log_level="critical", lifespan="off", server_header=False, port=0)
    socket = config.bind_socket()
    print(socket.getsockname()[1], flush=True)
    uvicorn.Server(config).run([socket])


if __name__ == "__main__":
    sys.exit(main())
