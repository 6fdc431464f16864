"""`python -m bench.page`: how large the report of 2,000 exchanges is, and what a browser spends on opening it.

Two runs: one whose target breaks a few requirements, and one that breaks all of them in every third exchange. Prints
bytes, and seconds of the processor as the browser counts them; exit code 1 where a claim does not hold.
"""

from __future__ import annotations

import copy
import random
import shutil
import sys
import tempfile
from itertools import cycle, islice
from pathlib import Path

from attrs import evolve
from playwright.sync_api import Page, sync_playwright

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.exchange import Chunk, Exchange
from alphaedge_conformance.maintain.kill_matrix import trial
from alphaedge_conformance.mock.faults import BY_HAND
from alphaedge_conformance.report import document
from alphaedge_conformance.report.document import Report
from alphaedge_conformance.report.page import report_page
from alphaedge_conformance.run.run import Run
from alphaedge_conformance.run.suite import Suite

EXCHANGES = 2000
LARGEST = 5_000_000
LONGEST = 2.0
ROUNDS = 5
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def large(run: Run, all_broken: bool) -> tuple[Report, dict[int, Exchange]]:
    """A run as if it had so many exchanges: those it has, again and again, their streams at a pace of their own."""
    chance = random.Random(1)
    report = copy.deepcopy(document.build_report(run))
    exchanges = {
        number: evolve(_paced(exchange, chance), number=number)
        for number, exchange in enumerate(islice(cycle(run.exchanges), EXCHANGES), 1)
    }
    own = len(run.exchanges)
    for each in report["requirements"]:
        found, each["findings"] = each["findings"], []
        for number, exchange in exchanges.items():
            broken = next((one for one in found if one["exchange"] == (number - 1) % own + 1), None)
            if broken is None and all_broken and number % 3 == 0:
                message = f"expected something else, got {exchange.body[:100].decode('utf-8', 'replace')}"
                curl = f"curl {exchange.url} --data-binary '{(exchange.probe.body or b'').decode('utf-8', 'replace')}'"
                broken = {"message": message, "exchange": 0, "probe": exchange.probe.name, "impact": None, "curl": curl}
            if broken is not None:
                each["findings"].append({**broken, "exchange": number})
        if each["findings"]:
            each["status"], each["failed"], each["of"] = "failed", len(each["findings"]), EXCHANGES
            each["interval"] = [0.3, 0.4]
    return report, exchanges


def _paced(exchange: Exchange, chance: random.Random) -> Exchange:
    at, chunks = 0.3 * chance.random(), []
    for chunk in exchange.chunks:
        at += chance.expovariate(20)
        chunks.append(Chunk(at, chunk.data))
    return evolve(exchange, chunks=tuple(chunks), elapsed=at)


def sample() -> Run:
    """A run of the mock with a fault."""
    return trial(Suite.of(Contract.load()), BY_HAND["fractions"].make)


def processor_seconds(page: Page, path: Path) -> float:
    """Seconds of the renderer's processor time until a page has been opened and drawn."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    page.goto(path.as_uri())
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    return float(metrics["ProcessTime"])


def main() -> int:
    run, holds = sample(), True
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        for name, all_broken in (("a few broken", False), ("all broken", True)):
            path = Path(folder) / "report.html"
            path.write_text(report_page(*large(run, all_broken)), "utf-8")
            seconds = []
            for _ in range(ROUNDS):
                browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
                seconds.append(processor_seconds(browser.new_page(), path))
                browser.close()
            size, middle = path.stat().st_size, sorted(seconds)[ROUNDS // 2]
            holds &= size < LARGEST and middle < LONGEST
            print(f"{EXCHANGES} exchanges, {name}: {size / 1e6:.2f} MB, opened in {middle:.2f} s of processor time")
    print("holds" if holds else "DOES NOT HOLD", f"at most {LARGEST / 1e6:g} MB and {LONGEST:g} s")
    return int(not holds)


if __name__ == "__main__":
    sys.exit(main())
