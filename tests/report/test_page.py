"""report.html and comparison.html as a browser opens them, from disk."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from attrs import evolve
from bench.page import EXCHANGES, LARGEST, large
from playwright.sync_api import Browser, BrowserContext, Page

from alphaedge_conformance.exchange import Chunk, Exchange
from alphaedge_conformance.maintain.kill_matrix import trial
from alphaedge_conformance.mock import Mock
from alphaedge_conformance.mock.faults import BY_HAND
from alphaedge_conformance.report import comparison, document
from alphaedge_conformance.report.comparison import Comparison
from alphaedge_conformance.report.document import Report
from alphaedge_conformance.report.latency import EDGES
from alphaedge_conformance.report.page import comparison_page, report_page
from alphaedge_conformance.run.run import Run
from alphaedge_conformance.run.suite import Suite

from ..chromium import chromium
from ..helpers import some
from .many import many, name

pytestmark = pytest.mark.xdist_group("opens chromium")  # one browser, not one a worker

PLANTED = (
    '"\'><script>window.planted=1</script><img src=x onerror="window.planted=1">'
    '<a href="javascript:window.planted=1">x</a></style></script></pre></details><svg onload="window.planted=1">'
    "`<b>`{{ 7 * 7 }}\u202e\u2066\x00\x07\x1b[31m\x85\ud800\n\r\t'; curl evil #"
)
MEGABYTES = "A<\u202e" * 600_000  # 3 MB
KEPT = {"level", "status", "verdict", "source", "started", "format"}
"""Members whose values the schemas list."""


class Several(BY_HAND["stop-when-cut"].make, BY_HAND["fractions"].make, BY_HAND["detail"].make):  # type: ignore[misc]
    """Breaks requirements of each level, and leaves some without an answer."""

    def completion(self, request: Any, reply: Any) -> Any:
        return {**super().completion(request, reply), "created": 1.5}


@pytest.fixture(scope="module")
def run(suite: Suite) -> Run:
    return trial(suite, Several)


@pytest.fixture(scope="module")
def good(suite: Suite) -> Run:
    return trial(suite, Mock)


@pytest.fixture(scope="module")
def report(run: Run) -> Report:
    return document.build_report(run)


@pytest.fixture(scope="module")
def exchanges(run: Run) -> dict[int, Exchange]:
    return {exchange.number: exchange for exchange in run.exchanges}


@pytest.fixture(scope="module")
def compared(report: Report) -> Comparison:
    other = copy.deepcopy(report)
    other["target"]["name"] = "the other"
    for each in other["requirements"]:
        if each["id"] == "completion.created-type":
            each.update({"status": "passed", "failed": 0, "findings": []})
    other["requirements"] = [each for each in other["requirements"] if each["id"] != "stream.data"]
    return comparison.compare([report, other], 1.0, against="the other")


@pytest.fixture(scope="module")
def browser(run: Run, good: Run) -> Iterator[Browser]:
    """Started after the runs: they cannot begin an event loop where Playwright has one."""
    with chromium() as browser:
        yield browser


Open = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a page from disk; at the end nothing was asked for but the page, and the console is silent."""
    contexts: list[BrowserContext] = []
    heard: list[str] = []
    asked: list[str] = []

    def open_page(text: str, after: str = "", **options: Any) -> Page:
        path = tmp_path / f"page-{len(contexts)}.html"
        path.write_text(text, "utf-8")
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("dialog", lambda dialog: heard.append(dialog.message))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri() + after)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert heard == []
    assert {url.partition("?")[0].partition("#")[0] for url in asked} == {path.as_uri() for path in tmp_path.iterdir()}


def visible_ids(page: Page) -> list[str]:
    """The ids of the requirements that are seen."""
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('.requirement')].filter((e) => e.checkVisibility()).map((e) => e.id)"
    )
    return found


def ids(report: Report, **wanted: str) -> set[str]:
    return {
        each["id"]
        for each in report["requirements"]
        if all(cast(Any, each)[name] == is_ for name, is_ in wanted.items())
    }


def test_the_verdict_is_at_the_top(opened: Open, report: Report, exchanges: dict[int, Exchange]) -> None:
    page = opened(report_page(report, exchanges), viewport={"width": 1280, "height": 720})
    seen = page.inner_text("header")
    assert page.inner_text("h1").lower().startswith("deviates")
    for text in (
        report["target"]["url"],
        report["target"]["model"],
        f"{report['cost']['requests']} requests",
        report["started"][:4],
    ):
        assert text in seen
    counts = page.inner_text(".counts").split()
    failed = [len(ids(report, level=level, status="failed")) for level in ("MUST", "SHOULD", "MAY")]
    assert counts[counts.index("failed") + 1 :][:3] == [str(count) for count in failed]
    assert page.evaluate("document.querySelector('.counts').getBoundingClientRect().bottom") < 720


def test_every_requirement_is_there(opened: Open, report: Report, exchanges: dict[int, Exchange]) -> None:
    page = opened(report_page(report, exchanges))
    assert sorted(visible_ids(page)) == sorted(ids(report))
    texts, findings = page.evaluate(
        """[(e) => e.textContent, (e) => e.querySelectorAll('.finding').length].map((of) =>
          Object.fromEntries([...document.querySelectorAll('.requirement')].map((e) => [e.id, of(e)])))"""
    )
    for each in report["requirements"]:
        said = [each["title"].replace("`", ""), each["quote"] or "", each["pointer"], each["source"]]
        said += [each["status"], each["level"]]
        said += [finding["message"].partition("\n")[0] for finding in each["findings"][:3]]
        assert [word for word in said if word not in texts[each["id"]]] == []
        assert findings[each["id"]] == min(3, each["failed"])


def test_a_finding_opens_to_what_went_over_the_wire(
    opened: Open, report: Report, exchanges: dict[int, Exchange]
) -> None:
    page = opened(report_page(report, exchanges))
    finding = page.locator("[id='completion.created-type'] .finding").first
    assert not finding.locator(".wire").is_visible()
    finding.locator("summary").focus()
    page.keyboard.press("Enter")
    seen = finding.inner_text()
    for text in (
        "POST /v1/chat/completions",
        "Bearer [key]",
        "HTTP 200",
        '"created": 1.5',
        "curl -sS http",
        "In a program",
    ):
        assert text in seen
    assert finding.locator("mark").all_inner_texts() == ['"created": 1.5']
    # Exchanges that differ on purpose are no sample of anything, so there is no interval.
    assert "confidence" not in page.inner_text("[id='completion.created-type']")


def test_what_fails_says_what_came_and_how_often(opened: Open, report: Report, exchanges: dict[int, Exchange]) -> None:
    """The sentence alone reads like a success."""
    page = opened(report_page(report, exchanges), viewport={"width": 1280, "height": 720})
    rows = page.locator("#failures li:not(.cause)")
    broken = {each["title"].replace("`", ""): each for each in report["requirements"] if each["findings"]}
    said = rows.evaluate_all("(rows) => rows.map((row) => [...row.children].map((part) => part.textContent.trim()))")
    assert len(said) == len(broken) > 2
    for level, text, often in said:
        (each,) = (each for title, each in broken.items() if text.startswith(title))
        assert level == each["level"]
        assert often == f"{each['failed']} of {each['of']}"
        assert each["findings"][0]["message"][:60] in text
    places = rows.evaluate_all("(rows) => rows.map((r) => [...r.children].map((e) => e.getBoundingClientRect().left))")
    assert all(level < sentence < often for level, sentence, often in places)  # also where it is only reported


def test_what_has_one_cause_stands_together(opened: Open, report: Report, exchanges: dict[int, Exchange]) -> None:
    """Three requirements of the same wrong status, two of the same member, and one by itself."""
    found = copy.deepcopy(report)
    alike = [each for each in found["requirements"] if not each["findings"] and each["level"] == "MUST"][:6]
    place: Any = {"path": None, "missing": None, "members": [], "header": None, "status": False, "offsets": []}
    member = {**place, "path": ["choices", 0, "logprobs"]}
    places: list[Any] = [{**place, "status": True}] * 3 + [member, {**place, "missing": "logprobs"}, None]
    for number, (each, where) in enumerate(zip(alike, places, strict=True)):
        finding: Any = {"message": "m", "place": where, "status": 418, "exchange": 1, "probe": "p", "curl": "c"}
        finding |= {"impact": None, "only_concurrent": False}
        each.update({"id": f"door.n-{number}", "status": "failed", "failed": 1, "findings": [finding]})
    page = opened(report_page({**found, "requirements": alike}, exchanges))
    causes = page.locator("#failures .cause")
    assert [text.split("\n")[0] for text in causes.locator("> p").all_inner_texts()] == [
        "door: answered 418 breaks 3 requirements",
        "logprobs breaks 2 requirements",
    ]
    assert [causes.nth(number).locator("li").count() for number in (0, 1)] == [3, 2]
    assert page.locator("#failures > ol > li").count() == 3


def test_a_requirement_leads_to_its_line(opened: Open, report: Report, exchanges: dict[int, Exchange]) -> None:
    page = opened(report_page(report, exchanges))
    for id, link, says in [
        ("completion.created-type", ".pointer", "type: integer"),
        ("completion.created-type", ".quote", "The Unix timestamp"),
        ("usage.total-is-the-sum", ".quote", "total_tokens"),
    ]:
        page.evaluate(f"location.hash = '#{id}'")
        page.click(f"[id='{id}'] a{link}")
        line = page.locator("#contract span:target")
        line.wait_for(state="visible")
        assert says in line.inner_text()


def test_a_contract_that_is_not_at_hand_has_no_links(
    opened: Open, report: Report, exchanges: dict[int, Exchange]
) -> None:
    other: Report = {**report, "contract": {"version": "9.9.9", "digest": "0" * 64}}
    page = opened(report_page(other, exchanges))
    assert page.locator("#contract, a.pointer, a.quote").count() == 0


def test_what_passed_throughout_takes_one_line(opened: Open, report: Report, exchanges: dict[int, Exchange]) -> None:
    page = opened(report_page(report, exchanges))
    subjects = {each["id"].partition(".")[0] for each in report["requirements"]}
    flawed = {each["id"].partition(".")[0] for each in report["requirements"] if each["status"] != "passed"}
    assert 0 < len(flawed) < len(subjects)
    assert set(page.locator(".subjects tr:not(.flawless) th").all_inner_texts()) == flawed
    assert set(page.locator(".subjects .flawless a").all_inner_texts()) == subjects - flawed


def test_streams_that_look_alike_are_folded(opened: Open, report: Report, exchanges: dict[int, Exchange]) -> None:
    page = opened(report_page(report, exchanges))
    streams = sum(each.probe.streams and each.status == 200 for each in exchanges.values())
    first = page.locator("#streams > figure")
    assert page.locator("#streams figure").count() == streams
    assert first.count() + page.locator("#streams details figure").count() == streams
    assert first.count() < streams / 3
    assert re.fullmatch(r"\d+ more like this", page.inner_text("#streams summary >> nth=0"))
    times = page.locator("#streams svg.stream").evaluate_all("(all) => all.map((e) => e.textContent)")
    assert len(set(times)) == 1  # one axis for all


def test_filters(opened: Open, report: Report, exchanges: dict[int, Exchange]) -> None:
    page = opened(report_page(report, exchanges))
    page.select_option("[name=status]", "failed")
    assert set(visible_ids(page)) == ids(report, status="failed")
    page.select_option("[name=level]", "SHOULD")
    assert set(visible_ids(page)) == ids(report, status="failed", level="SHOULD")
    assert page.inner_text("output") == f"{len(visible_ids(page))} of {len(report['requirements'])} shown"
    page.click("text=Show all")
    page.wait_for_function(
        "(all) => document.querySelector('output').textContent.startsWith(`${all} of`)", arg=len(report["requirements"])
    )
    page.select_option("[name=subject]", "usage")
    assert set(visible_ids(page)) == {id for id in ids(report) if id.startswith("usage.")}
    page.select_option("[name=subject]", "")
    page.fill("[name=q]", "SUM of prompt")
    assert visible_ids(page) == ["usage.total-is-the-sum"]
    page.reload()
    assert visible_ids(page) == ["usage.total-is-the-sum"]


def test_links_lead_to_what_a_filter_hides(opened: Open, report: Report, exchanges: dict[int, Exchange]) -> None:
    hidden = sorted(ids(report, status="passed"))[::30]
    page = opened(report_page(report, exchanges), f"?status=failed#{hidden[0]}", viewport={"width": 800, "height": 600})
    for id, then in zip(hidden, [*hidden[1:], ""], strict=True):
        place = page.locator(f"[id='{id}']")
        place.wait_for(state="visible")
        assert place.get_attribute("open") is not None
        assert 0 <= page.evaluate(f"document.getElementById('{id}').getBoundingClientRect().top") < 600
        page.select_option("[name=status]", "failed")
        assert id not in visible_ids(page)
        page.evaluate(f"location.hash = '#{then}'")
    targets = page.evaluate("[...document.querySelectorAll('a')].map((a) => a.getAttribute('href'))")
    assert len(targets) > 150
    assert all(target.startswith("#") for target in targets)
    assert page.evaluate("(all) => all.every((one) => document.getElementById(one.slice(1)))", targets)


def test_the_curl_line_is_copied_exactly(opened: Open, report: Report, exchanges: dict[int, Exchange]) -> None:
    found = copy.deepcopy(report)
    lines = ["curl 'a \u202e b\n<c>\r'", "curl 'plain'"]
    failed = next(each for each in found["requirements"] if each["failed"] > 1)
    for finding, line in zip(failed["findings"], lines, strict=False):
        finding["curl"] = line
    page = opened(report_page(found, exchanges), permissions=["clipboard-read", "clipboard-write"])
    for place, line in enumerate(lines):
        opens = page.locator(f"[id='{failed['id']}'] .finding").nth(place)
        opens.locator("summary").click()
        opens.locator(".copy").click()
        page.wait_for_function("[...document.querySelectorAll('.copy')].some((e) => e.textContent === 'Copied')")
        assert page.evaluate("navigator.clipboard.readText()") == line
    assert "\\u202e" in page.locator(f"[id='{failed['id']}'] .curl").first.inner_text()


def test_without_scripts(opened: Open, report: Report, exchanges: dict[int, Exchange]) -> None:
    page = opened(report_page(report, exchanges), java_script_enabled=False)
    assert not page.is_visible(".filters")
    assert not page.is_visible(".copy >> nth=0")
    assert page.is_visible(f"text={report['requirements'][0]['title'].split('`')[0].strip()} >> nth=0")
    page.click("[id='completion.created-type'] .finding summary >> nth=0")
    assert page.is_visible("[id='completion.created-type'] .wire >> nth=0")


def test_without_exchanges(opened: Open, report: Report) -> None:
    page = opened(report_page(report, {}))
    assert "exchanges.har was missing" in page.inner_text("#requirements")
    assert page.locator(".wire, #streams, #latency").count() == 0
    assert page.locator(".finding .curl").count() > 0


def test_exchanges_of_another_run_are_not_shown(opened: Open, report: Report, exchanges: dict[int, Exchange]) -> None:
    other = {number: evolve(each, probe=evolve(each.probe, name="other")) for number, each in exchanges.items()}
    page = opened(report_page(report, other))
    assert page.locator(".wire").count() == 0
    assert "This exchange is not in exchanges.har." in (page.text_content("#requirements") or "")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(opened: Open, report: Report, exchanges: dict[int, Exchange], scheme: str) -> None:
    """Every text stands out from what is behind it as WCAG 2 asks of AA: 4.5 to 1."""
    for text in (report_page(report, exchanges), comparison_page(many(report, 8))):
        page = opened(text, color_scheme=scheme)
        page.evaluate("for (const e of document.querySelectorAll('details')) e.open = true")
        faint: list[str] = page.evaluate(CONTRAST)
        assert faint == []


CONTRAST = """() => {
  const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = parts(getComputedStyle(at).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found;
    }
  };
  const faint = new Set();
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility() || element.closest("script, option")) continue;
    const style = getComputedStyle(element);
    const front = light(parts(element.closest("svg") ? style.fill : style.color));
    const back = light(behind(element.closest("svg")?.parentElement ?? element));
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (ratio < 4.5) faint.add(`${element.localName}.${element.getAttribute("class")} ${ratio.toFixed(2)}`);
  }
  return [...faint];
}"""


def test_a_phone_scrolls_only_down(
    opened: Open, report: Report, exchanges: dict[int, Exchange], compared: Comparison
) -> None:
    for text in (report_page(report, exchanges), comparison_page(compared)):
        page = opened(text, viewport={"width": 360, "height": 740})
        page.evaluate("for (const e of document.querySelectorAll('details')) e.open = true")
        assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_on_paper(opened: Open, report: Report, exchanges: dict[int, Exchange]) -> None:
    page = opened(report_page(report, exchanges))
    page.emulate_media(media="print", color_scheme="dark")
    assert not page.is_visible(".filters")
    assert page.is_visible("[id='completion.created-type'] .wire >> nth=0")
    assert not page.is_visible("[id='completion.created-type'] .wire >> nth=1")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(252, 252, 250)"
    assert len(page.pdf()) > 10_000


# A hostile server


def spoiled(value: Any, planted: str, name: str = "") -> Any:
    """A report or a comparison with something planted in every text."""
    if isinstance(value, dict):
        return {
            planted + key if name == "targets" else key: spoiled(inner, planted, key) for key, inner in value.items()
        }
    if isinstance(value, list):
        return [spoiled(inner, planted) for inner in value]
    if name == "pointer":
        return value
    return planted + value if isinstance(value, str) and name not in KEPT else value


def spoiled_exchange(exchange: Exchange, planted: str) -> Exchange:
    data = planted.encode("utf-8", "surrogatepass")
    event = b"data: " + json.dumps({"choices": [{"index": 0, "delta": {"content": planted}}], "id": planted}).encode()
    inner = [Chunk(0.1, data), Chunk(0.2, exchange.body), Chunk(0.3, event + b"\n\n" + b"data: " + data)]
    if exchange.number % 3 == 0:
        inner = [Chunk(0.1, json.dumps({"created": planted, planted: [planted], "usage": {planted: 1}}).encode())]
    if exchange.number % 3 == 1:
        inner = [Chunk(0.1, event + b"\n\n"), Chunk(0.2, b": " + data + b"\n\n"), Chunk(0.3, b"event: " + data)]
    return evolve(
        exchange,
        url=f"http://x/{planted}",
        headers=((planted, planted), ("content-type", "text/event-stream"), *exchange.headers),
        chunks=tuple(inner),
        failure=planted,
        probe=evolve(exchange.probe, name=planted + exchange.probe.name),
    )


def harmless(page: Page, text: str) -> None:
    assert page.evaluate("window.planted") is None
    strange = "document.querySelectorAll('img, iframe, object, embed, link, body style, [onload], [onerror]').length"
    assert page.evaluate(strange) == 0
    assert page.evaluate("document.querySelectorAll('script').length") == 1
    assert page.evaluate("[...document.querySelectorAll('[href]')].every((e) => !/^\\s*javascript:/i.test(e.href))")
    assert not re.search("[\u202e\u2066\x00\x07\x1b\x85\ud800]", re.sub(r'data-copy="[^"]*"', "", text))
    assert not re.search(r"(?<!\d)49(?!\d)", page.inner_text("h1"))  # of {{7*7}}; a port may hold these digits


@pytest.mark.parametrize("planted", some([PLANTED, PLANTED + MEGABYTES], 2), ids=["scripts", "megabytes"])
def test_a_hostile_server(
    opened: Open, report: Report, exchanges: dict[int, Exchange], compared: Comparison, planted: str
) -> None:
    big = len(planted) > 10_000
    hostile, chosen = copy.deepcopy(report), exchanges
    if big:
        hostile["requirements"] = [each for each in report["requirements"] if each["failed"]][:1]
        numbers = {finding["exchange"] for each in hostile["requirements"] for finding in each["findings"][:3]}
        for each in hostile["requirements"]:
            each["findings"] = each["findings"][:4]
        chosen = {number: exchange for number, exchange in exchanges.items() if number in numbers}
    text = report_page(
        spoiled(hostile, planted), {number: spoiled_exchange(each, planted) for number, each in chosen.items()}
    )
    assert len(text.encode()) < LARGEST
    page = opened(text, viewport={"width": 360, "height": 700})
    page.evaluate("for (const e of document.querySelectorAll('details')) e.open = true")
    harmless(page, text)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.locator(".wire").count() == (3 if big else page.locator(".finding").count()) > 2
    assert page.locator("b.unseen").count() > 100
    assert "\\u202e" in page.inner_text("h1")
    assert "<script>window.planted=1</script>" in page.inner_text("h1")
    if big:
        assert "characters left out" in page.inner_text("h1")
        return
    matrix = comparison_page(spoiled(compared, planted))
    harmless(opened(matrix), matrix)


def test_a_script_that_got_in_would_not_run(opened: Open, report: Report, exchanges: dict[int, Exchange]) -> None:
    """The policy alone holds it back; that is heard on the console, so the page is opened without listening."""
    text = report_page(report, exchanges)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy[1]
    page = opened(report_page(report, exchanges))
    context = page.context
    planted = context.new_page()
    planted.set_content(
        text.replace("</main>", "<script>window.planted=1</script><p id=end style='color:red'>x</main>")
    )
    assert planted.locator("#end").count() == 1
    assert planted.evaluate("window.planted") is None
    assert planted.evaluate("getComputedStyle(document.getElementById('end')).color") != "rgb(255, 0, 0)"


# A comparison


def test_the_matrix(opened: Open, report: Report, compared: Comparison) -> None:
    page = opened(comparison_page(compared))
    differing = {"completion.created-type", "stream.data"}
    assert set(visible_ids(page)) == differing
    assert page.inner_text(".filters output") == f"2 of {len(report['requirements'])} shown"
    row = page.locator("[id='completion.created-type'] td")
    (broken,) = (each for each in report["requirements"] if each["id"] == "completion.created-type")
    assert row.nth(0).inner_text().split() == ["✕", "failed", str(broken["failed"]), "of", str(broken["of"])]
    assert row.nth(1).inner_text().split() == ["✓", "passed"]
    assert "not asked" in page.inner_text("[id='stream.data']")
    link = row.nth(0).locator("a").get_attribute("href")
    assert link == f"{compared['targets'][0]['report']}/report.html#completion.created-type"
    page.uncheck("#only-differing")
    assert len(visible_ids(page)) == len(report["requirements"])
    page.select_option("[name=status]", "failed")
    assert set(visible_ids(page)) == ids(report, status="failed")
    page.check("#only-differing")
    assert visible_ids(page) == ["completion.created-type"]
    page.evaluate("location.hash = '#usage.total-is-the-sum'")
    page.wait_for_timeout(50)
    assert "usage.total-is-the-sum" in visible_ids(page)


def test_the_matrix_without_scripts(opened: Open, report: Report, compared: Comparison) -> None:
    page = opened(comparison_page(compared), java_script_enabled=False)
    assert page.locator("tr.requirement:visible").count() == 2
    page.uncheck("#only-differing")
    assert page.locator("tr.requirement:visible").count() == len(report["requirements"])


def test_the_matrix_against_nobody_shows_what_fails_too(opened: Open, report: Report, compared: Comparison) -> None:
    page = opened(comparison_page({**compared, "against": None}))
    assert set(visible_ids(page)) == ids(report, status="failed") | {"stream.data"}
    page.uncheck("#only-differing")
    assert len(visible_ids(page)) == len(report["requirements"])


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_fifty_targets(opened: Open, report: Report, width: int, height: int) -> None:
    """A narrow cell each, with headings that stay; the page itself scrolls only down."""
    made = many(report, 50)
    page = opened(comparison_page(made), viewport={"width": width, "height": height})
    assert page.evaluate("document.documentElement.scrollWidth") == width
    differing = {row["id"] for row in made["requirements"] if row["differs"]}
    assert set(visible_ids(page)) == differing
    assert page.inner_text("#targets output") == "50 of 50 targets"
    cells = page.locator(f"[id='{next(iter(differing))}'] td")
    assert cells.count() == 50
    assert max(cells.evaluate_all("(all) => all.map((cell) => cell.getBoundingClientRect().width)")) < 32
    page.uncheck("#only-differing")
    places = """() => {
        const box = document.querySelector('.tall');
        box.scrollIntoView();
        box.scrollTo(box.scrollWidth, box.scrollHeight);
        const at = (e) => e.getBoundingClientRect();
        const name = at(document.querySelector('.matrix thead th:last-child'));
        const row = at(document.querySelector('.matrix tbody:last-child tr:last-child th'));
        return [name.top - at(box).top, row.left - at(box).left];
    }"""
    assert page.evaluate(places) == [0, 0]


def test_fifty_targets_are_sorted_and_filtered(opened: Open, report: Report) -> None:
    page = opened(comparison_page(many(report, 50)), viewport={"width": 1280, "height": 800})
    names = "(all) => all.filter((one) => one.checkVisibility()).map((one) => one.textContent)"
    listed, columns = page.locator(".targets tbody th a"), page.locator(".matrix thead th + th a")
    assert listed.evaluate_all(names) == columns.evaluate_all(names) == [name(number) for number in range(50)]
    page.click("text=MUST failed")
    assert listed.evaluate_all(names)[0] == name(1)  # breaks two
    assert columns.evaluate_all(names) == listed.evaluate_all(names)
    page.click("text=MUST failed")
    assert listed.evaluate_all(names)[0] == name(0)
    page.click("button:has-text('Cost')")
    assert listed.evaluate_all(names)[0] == name(49)
    page.fill("[name=target]", "provider-1")
    assert set(columns.evaluate_all(names)) == {name(number) for number in range(10, 20)}
    page.select_option("[name=verdict]", "conforms")
    assert page.inner_text("#targets output") == "0 of 50 targets"
    page.fill("[name=target]", "")
    assert columns.evaluate_all(names) == [name(0)]


def test_a_cell_of_fifty_says_and_opens_the_finding(opened: Open, report: Report) -> None:
    made = many(report, 50)
    row = next(row for row in made["requirements"] if row["differs"])
    broken = [name for name, cell in row["targets"].items() if cell["failed"]]
    page = opened(comparison_page(made))
    links = page.locator(f"[id='{row['id']}'] td a.failed")
    assert links.count() == len(broken)
    assert links.first.get_attribute("title") == f"{broken[0]}: failed, 3 of 40 exchanges"
    assert (links.first.get_attribute("href") or "").endswith(f"/report.html#{row['id']}")


def test_musts_and_shoulds_stand_apart(opened: Open, report: Report) -> None:
    page = opened(comparison_page(many(report, 50)))
    page.uncheck("#only-differing")
    levels = page.evaluate("[...document.querySelectorAll('tr.requirement')].map((row) => row.dataset.level)")
    assert levels == sorted(levels, key=["MUST", "SHOULD", "MAY"].index)
    heads = [text.split()[0] for text in page.locator(".matrix .head th").all_inner_texts()]
    assert heads == ["MUST", "SHOULD", "MAY"]


def test_histograms_have_one_axis(opened: Open, report: Report) -> None:
    other = copy.deepcopy(report)
    other["target"]["name"] = "the slow one"
    assert other["latency"]
    for bucket in other["latency"]["histogram"]:
        bucket["to"] = EDGES[EDGES.index(bucket["to"] or EDGES[-1]) + 6]  # ten times as long
    page = opened(comparison_page(comparison.compare([report, other], 1.0)))
    quick, slow = (
        page.locator("#latency tbody tr").nth(number).locator(".histogram").first.locator("rect") for number in (0, 1)
    )
    starts = "(all) => all.map((bar) => Number(bar.getAttribute('x')))"
    assert quick.count() == slow.count() > 0
    begin = [bars.evaluate_all(starts) for bars in (quick, slow)]
    apart = {round(there - here, 1) for here, there in zip(*begin, strict=True)}
    assert len(apart) == 1
    assert apart.pop() > 0


# Its size


def test_two_thousand_exchanges(opened: Open, run: Run) -> None:
    """`python -m bench.page` says what opening it costs."""
    assert len(report_page(*large(run, all_broken=False)).encode()) < LARGEST
    report, exchanges = large(run, all_broken=True)
    assert len(exchanges) == EXCHANGES
    text = report_page(report, exchanges)
    assert len(text.encode()) < LARGEST
    streams = sum(exchange.probe.streams and exchange.status == 200 for exchange in exchanges.values())
    assert opened(text).locator("#streams figure").count() == streams > 0


def test_a_run_that_conforms(opened: Open, good: Run) -> None:
    page = opened(report_page(document.build_report(good), {each.number: each for each in good.exchanges}))
    assert page.inner_text("h1").lower().startswith("conforms")
    assert page.locator("#failures, #unjudged, .finding").count() == 0
