"""The site, built from a checkout by `make docs` and opened from disk in a browser."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from attrs import Factory, define
from playwright.sync_api import Browser, BrowserContext

import alphaedge
from alphaedge_conformance.contract.requirements import subject
from alphaedge_conformance.mock.faults import all_faults
from alphaedge_conformance.probes import everything
from alphaedge_conformance.run.suite import Suite

from ..chromium import chromium
from ..helpers import ROOT
from ..pages import checkout, environment

# One browser, not one a worker.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("opens chromium")]

COLLECT = """() => ({
    links: [...document.querySelectorAll('a[href]')].map((a) => a.href),
    parts: [...document.querySelectorAll('link[href], script[src], img[src]')].map((e) => e.href || e.src),
    ids: [...document.querySelectorAll('[id]')].map((e) => e.id),
})"""
REQUIREMENTS = """() => [...document.querySelectorAll('section section section')].map((section) => [
    section.id,
    section.querySelector('a[href^="contract.html"]').hash,
    ...[...section.children].map((child) => child.innerText.trim()),
])"""


def made(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "docs"], cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = checkout(tmp_path_factory.mktemp("checkout"))
    done = made(folder)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    return folder / "site"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@define
class Reader:
    """Opens pages, and keeps what they ask for and what the console says."""

    context: BrowserContext
    asked: set[str] = Factory(set)
    heard: list[str] = Factory(list)

    def read(self, url: str, script: str) -> Any:
        page = self.context.new_page()
        page.on("console", lambda message: self.heard.append(f"{url}: {message.text}"))
        page.on("pageerror", lambda error: self.heard.append(f"{url}: {error}"))
        page.on("request", lambda request: self.asked.add(request.url))
        page.goto(url)
        found = page.evaluate(script)
        page.close()
        return found


@pytest.fixture
def reader(browser: Browser, site: Path) -> Iterator[Reader]:
    context = browser.new_context()
    made = Reader(context)
    yield made
    context.close()
    assert made.heard == []
    assert [url for url in made.asked if not url.startswith((f"{site.as_uri()}/", "data:"))] == []


def test_no_link_is_broken(site: Path, reader: Reader) -> None:
    """From the first page on: every page is reached, every link leads to a file and an anchor there, and no part of a
    page comes from elsewhere."""
    first = (site / "index.html").as_uri()
    seen: dict[str, dict[str, list[str]]] = {}
    waiting = [first]
    while waiting:
        if (url := waiting.pop()) not in seen:
            seen[url] = reader.read(url, COLLECT)
            links = {link.partition("#")[0].partition("?")[0] for link in seen[url]["links"]}
            waiting += [link for link in links if link.startswith("file:") and link.endswith(".html")]
    assert {path.as_uri() for path in site.rglob("*.html")} - set(seen) == {(site / "search.html").as_uri()}
    broken = [
        (url.rpartition("/")[2], link)
        for url, found in seen.items()
        for link in found["links"] + found["parts"]
        if link.startswith("file:") and not leads_somewhere(link, seen)
    ]
    assert broken == []
    assert [part for found in seen.values() for part in found["parts"] if not part.startswith("file:")] == []


def leads_somewhere(link: str, seen: dict[str, dict[str, list[str]]]) -> bool:
    url, _, anchor = link.partition("#")
    if url in seen:
        return not anchor or anchor in seen[url]["ids"]
    return Path(url.removeprefix("file://").partition("?")[0]).is_file()


def test_the_list_of_requirements_is_the_catalogue(site: Path, reader: Reader, suite: Suite) -> None:
    contract = suite.contract
    plan = everything(contract, suite.requirements, str(contract.example_request["model"]), 1)
    faults = sorted(all_faults(contract).values(), key=lambda fault: (len(fault.breaks), fault.name))
    expected = []
    subjects = list(dict.fromkeys(map(subject, suite.requirements)))
    for each in sorted(suite.requirements.values(), key=lambda each: subjects.index(subject(each.id))):
        own = sum(each.id in probe.requirement_ids for probe in plan.probes)
        kinds = ", ".join(sorted(suite.checks[each.id].kinds))
        judged = (
            f"{own} request{'s' * (own > 1)} of its own"
            if own
            else f"every request that shows it, answered as: {kinds}"
        )
        first, *others = [fault for fault in faults if each.id in fault.breaks]
        others_broken = len(first.breaks) - 1
        more = f" It breaks {others_broken} other requirement{'s' * (others_broken > 1)}." if others_broken else ""
        expected.append([
            each.id,
            f"#line-{contract.line(each.pointer)}",
            each.id,
            f"{each.level} {each.source}",
            each.text.replace("`", ""),
            *([each.quote] if each.quote is not None else []),
            f"openapi.yaml, line {contract.line(each.pointer)}: {each.pointer}",
            f"Judged on {judged}.",
            f"Broken by this server of the mock: {first.text.replace('`', '')}{more}",
            f"python -m alphaedge_conformance.mock --fault {first.name}",
            *([f"As well: {', '.join(fault.name for fault in others)}"] if others else []),
        ])  # fmt: skip
    assert reader.read((site / "requirements.html").as_uri(), REQUIREMENTS) == expected


def test_a_line_of_the_contract_is_that_line(site: Path, reader: Reader, suite: Suite) -> None:
    """An anchor stands at each line, so that a requirement leads to its own."""
    script = "() => document.querySelector('.contract pre').innerText"
    numbered = reader.read((site / "contract.html").as_uri(), script).rstrip().splitlines()
    lines = suite.contract.text.rstrip().splitlines()
    assert [re.sub(r"^ *\d+", "", line).strip() for line in numbered] == [line.strip() for line in lines]
    ids = set(reader.read((site / "contract.html").as_uri(), COLLECT)["ids"])
    assert {f"line-{number}" for number in range(1, len(lines) + 1)} <= ids


def test_the_reference_has_every_class_and_every_option(site: Path, reader: Reader) -> None:
    ids = set(reader.read((site / "api.html").as_uri(), COLLECT)["ids"])
    public = {name for name in alphaedge.__all__ if not name.startswith("__")}
    assert public <= {name.rpartition(".")[2] for name in ids}
    assert "alphaedge.resources.ChatCompletions.create" in ids
    script = "() => [...document.querySelectorAll('dl.options dt')].map((term) => term.innerText)"
    text = " ".join(reader.read((site / "cli.html").as_uri(), script))
    named = re.findall(r"^```\{options\} (\S+):(\w+)$", (ROOT / "docs" / "cli.md").read_text("utf-8"), re.M)
    parsers = [getattr(import_module(module), function)() for module, function in named]
    every = [each for parser in parsers for each in (parser.subparsers or [parser])]
    expected = {option for parser in every for action in parser._actions for option in action.option_strings}
    assert {"--model", "--fault", "--redocly", "--help"} <= expected
    assert set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", text)) == expected


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_screen(site: Path, browser: Browser, width: int) -> None:
    """What is wide, as a table or a command, scrolls by itself."""
    script = "() => document.documentElement.scrollWidth"
    with browser.new_context(viewport={"width": width, "height": 900}) as context:
        found = {path.name: Reader(context).read(path.as_uri(), script) for path in sorted(site.glob("*.html"))}
    assert {name: wide for name, wide in found.items() if wide > width} == {}


@pytest.mark.parametrize(("words", "page"), [("max_tokens ignored", "requirements.html"), ("waiver", "judge.html")])
def test_search(words: str, page: str, site: Path, reader: Reader) -> None:
    script = """async () => {
        for (let i = 0; i < 100 && !/found/.test(document.querySelector('#search-results')?.innerText); i++)
            await new Promise((done) => setTimeout(done, 50));
        return [...document.querySelectorAll('#search-results li a')].map((a) => a.href);
    }"""
    found = reader.read(f"{(site / 'search.html').as_uri()}?q={words.replace(' ', '+')}", script)
    assert any(f"/{page}" in link for link in found)


def test_light_and_dark(site: Path, browser: Browser) -> None:
    script = "() => getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
    sums = {}
    for scheme in ("light", "dark"):
        with browser.new_context(color_scheme=scheme) as context:
            sums[scheme] = sum(Reader(context).read((site / "index.html").as_uri(), script))
    assert sums["light"] > 600
    assert sums["dark"] < 150


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", ["report", "comparison"])
def test_the_pictures_are_of_this_build(site: Path, browser: Browser, page: str, scheme: str) -> None:
    """Each `make docs` takes them; none lies in the repository, where it would grow stale."""
    script = f"""() => {{
        const seen = document.querySelector('img[src*="{page}-"]');
        return [seen.currentSrc, seen.naturalWidth, seen.alt];
    }}"""
    with browser.new_context(color_scheme="dark" if scheme == "dark" else "light") as context:
        source, width, alt = Reader(context).read((site / "judge.html").as_uri(), script)
    assert source == (site / "_images" / f"{page}-{scheme}.png").as_uri()
    assert width == 1280
    assert alt.startswith("The page of ")
    tracked = subprocess.run(["git", "ls-files", "docs"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not [name for name in tracked.splitlines() if name.endswith((".png", ".jpg", ".gif", ".webp"))]


def test_a_mistake_in_a_page_stops_it(site: Path) -> None:
    """A warning of Sphinx is an error, and each is told with its page and line."""
    page = site.parent / "docs" / "index.md"
    before = page.read_text("utf-8")
    damages = ("[nowhere](nowhere.md)", "[no heading](judge.md#nothing)", "```{unknown}\n```")
    page.write_text("\n\n".join((before, *damages)), "utf-8")
    options = ("python", "-m", "sphinx", "-W", "--keep-going", "-q")
    assert f"@$(BIN)/{' '.join(options)} " in (ROOT / "Makefile").read_text("utf-8")
    command = [*options, "-b", "html", "docs", str(site.parent / "other")]
    done = subprocess.run(command, cwd=site.parent, env=environment(site.parent), capture_output=True, text=True)
    page.write_text(before, "utf-8")
    assert done.returncode != 0
    warnings = {line for line in done.stderr.splitlines() if re.search(r"index\.md:\d+: WARNING", line)}
    for part in ("nowhere.md", "nothing", "unknown"):
        assert any(part in line for line in warnings), done.stderr
