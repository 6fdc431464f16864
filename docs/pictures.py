"""The pictures of the site: pages of the suite as a browser shows them, made anew by each `make docs`."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from attrs import evolve
from playwright.sync_api import sync_playwright

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.contract.requirements import subject
from alphaedge_conformance.maintain.kill_matrix import trial
from alphaedge_conformance.mock import Mock
from alphaedge_conformance.mock.faults import BY_HAND
from alphaedge_conformance.report import document
from alphaedge_conformance.report.comparison import compare
from alphaedge_conformance.report.page import comparison_page, report_page
from alphaedge_conformance.run.run import Run
from alphaedge_conformance.run.suite import Suite

WRONG = ("milliseconds", "total-is-the-prompt", "fractions", "stop-when-cut", "no-finish-reason", "detail")
SHOWN = {"completion", "usage", "finish-reason", "stream", "error"}
"""The subjects that the servers side by side are judged on: enough for a picture."""
WIDTH, HEIGHT = 1280, 900
SCHEMES = ("light", "dark")


def browser() -> str | None:
    """The program that takes the pictures."""
    return shutil.which("chromium")


def name(page: str, scheme: str) -> str:
    return f"{page}-{scheme}.png"


def take(folder: Path) -> None:
    """Writes a picture of each page and scheme."""
    pages = dict(_pages())  # first, since no event loop can begin while Playwright has one
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser(), args=["--no-sandbox", "--disable-gpu"])
        for page, text in pages.items():
            file = Path(made) / f"{page}.html"
            file.write_text(text, "utf-8")
            for scheme in SCHEMES:
                size = {"width": WIDTH, "height": HEIGHT}
                context = chromium.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
                opened = context.new_page()
                opened.goto(file.as_uri())
                if page == "comparison":
                    opened.locator("#requirements").scroll_into_view_if_needed()
                    opened.evaluate("document.querySelector('#requirements').scrollIntoView()")
                opened.screenshot(path=folder / name(page, scheme))
                context.close()
        chromium.close()


def _pages() -> Iterator[tuple[str, str]]:
    suite = Suite.of(Contract.load())

    class Several(BY_HAND["milliseconds"].make, BY_HAND["detail"].make):  # type: ignore[misc]
        pass

    run = _named(trial(suite, Several), "chat.example.com")
    yield "report", report_page(document.build_report(run), {each.number: each for each in run.exchanges})
    wanted = [id for id in suite.requirements if subject(id) in SHOWN]
    servers = {"provider-a": Mock} | {
        f"provider-{letter}": BY_HAND[fault].make for letter, fault in zip("bcdefg", WRONG, strict=True)
    }
    runs = [_named(trial(suite, make, wanted), name) for name, make in servers.items()]
    yield "comparison", comparison_page(compare([document.build_report(each) for each in runs], 0.0))


def _named(run: Run, name: str) -> Run:
    """A run as of a server of that name, so that no port of this machine is in the picture."""
    return evolve(run, target=evolve(run.target, name=name, url=f"https://{name}/v1/chat/completions"))
