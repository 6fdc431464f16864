"""Every command and snippet of the documentation runs as it stands, and shows what the page shows."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
import yaml

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.mock import Mock, serve

from ..helpers import ROOT, strict_mypy
from ..pages import Block, Command, Shell, blocks, checkout, commands, inline, same

KEY = "sk-docs-0123456789"
MODEL = "name"
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CODE_OF_CONDUCT.md",
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md")),
]
SHELL = ("console", "sh")

NOT_RUN = {
    "make test": "is what runs this",
    "make check": "is run beside the tests, and takes a minute",
    'make generate PROFILES="tools sampling" OUTPUT=clients': "takes long; test_profile_clients.py does it",
    "make profiles PROFILES=tools": "takes minutes; tests/mock/test_profiles.py judges a part",
    "make mutants": "takes minutes; tests/mock/test_faults.py judges a part",
    "make bench": "takes minutes, and installs what it compares with",
    "make bench-suites ARGS='--sample 20'": "takes minutes",
    "make bench-suites ARGS='--sample 60'": "takes minutes",
    "make bench-fleet": "takes minutes",
    "make gate": "wants the state before in git, and takes a minute",
    "make servers TARGET=llm-katan": "installs a server from PyPI",
    "make servers": "installs servers for minutes",
    "pip install .": "changes this environment; tests/client/test_wheel.py installs the wheel into another",
    "npm install path/to/dist/alphaedge-alphaedge-*.tgz": "wants a project; tests/typescript installs the package",
}
"""Commands that are parsed and not run, and why."""

ELSEWHERE = {
    "docs/servers.md": "tests/scripts/test_servers.py",
    "docs/typescript.md": "tests/typescript/test_docs.py",
}
"""Pages whose snippets other tests run: what real servers answered, and TypeScript."""

MARKUP = {"text", "{requirements}", "{contract}", "{picture}", "{options}", "{api}"}
"""Languages of blocks that are not snippets: drawings, and places that the site fills."""


def of_page(page: str) -> list[Block]:
    return [block for block in blocks(page) if block.language not in MARKUP]


def typed(page: str) -> list[Command]:
    return [command for block in of_page(page) if block.language in SHELL for command in commands(block)]


RunPage = Callable[[str], None]


@pytest.fixture
def run_page(contract: Contract, tmp_path: Path) -> Iterator[RunPage]:
    """Reads a page from top to bottom and does what it says, in a checkout, with a server at http://host:8000."""
    mock = Mock(contract, KEY)
    mock.models.insert(0, MODEL)
    with serve(mock) as url:
        shell = Shell(checkout(tmp_path), {"ALPHAEDGE_API_KEY=…": f"ALPHAEDGE_API_KEY={KEY}", "http://host:8000": url})

        def run(page: str) -> None:
            for block in of_page(page):
                if block.file is not None:
                    path = tmp_path / block.file
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(shell.meant(block.text), "utf-8")
                elif block.language == "diff":
                    follow(block.text, tmp_path)
                elif block.language in SHELL:
                    type_all(shell, commands(block))

        yield run
        shell.close()


def follow(diff: str, folder: Path) -> None:
    """Applies a page's diff; whoever has followed the page already has it, and is taken a step back."""
    apply = ["git", "apply", "--whitespace=nowarn"]
    is_there = subprocess.run([*apply, "--reverse", "-"], cwd=folder, input=diff, text=True, capture_output=True)
    if is_there.returncode == 0:
        shutil.copy(folder / "openapi.yaml", folder / "before.yaml")
    subprocess.run([*apply, "-"], cwd=folder, input=diff, text=True, check=True)


def type_all(shell: Shell, every: list[Command]) -> None:
    """A command may fail only where the page asks for its exit code right after it."""
    for command, following in zip(every, [*every[1:], None], strict=True):
        if command.text in NOT_RUN:
            continue
        code, came = shell.run(command)
        place = f"{command.block.place}: {command.text}"
        assert KEY not in came, f"{place} shows the key"
        assert code == 0 or (following is not None and following.text == "echo $?"), (
            f"{place} exits with {code}:\n{came}"
        )
        if command.output is not None:
            assert same(command.output, came), f"{place} shows\n{came}\nand not\n{command.output}"


FIRST = ("README.md",)
"""What newcomers type; `make slow` types what the other pages say."""


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=() if page in FIRST else pytest.mark.slow) for page in PAGES if typed(page)],
)
def test_a_page(page: str, run_page: RunPage) -> None:
    run_page(page)


FIGURE = re.compile(r"\b(\d{2,}) (?:passed|waived|inconclusive|requests|requirements|exchanges)\b")


def test_no_page_shows_a_figure_of_todays_contract() -> None:
    """A contract that grows makes none of them wrong: what counts its requirements or requests is written as `…`."""
    held = [
        f"{command.block.place}: {found.group()}"
        for page in PAGES
        if page not in ELSEWHERE
        for command in typed(page)
        for found in FIGURE.finditer(command.output or "")
        if found.group(1) not in command.text
    ]
    assert held == []


EXAMPLES = [block for page in PAGES for block in of_page(page) if block.language == "python" and block.file is None]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serve(Mock(Contract.load(), KEY)) as address:
        yield address


@pytest.mark.parametrize("block", EXAMPLES, ids=[block.place for block in EXAMPLES])
def test_an_example(block: Block, url: str) -> None:
    environment = {**os.environ, "ALPHAEDGE_BASE_URL": url, "ALPHAEDGE_API_KEY": KEY}
    command = [sys.executable, "-W", "error", "-c", block.text]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert KEY not in done.stdout + done.stderr


def test_the_examples_are_typed(tmp_path: Path) -> None:
    for number, example in enumerate(EXAMPLES):
        (tmp_path / f"example_{number}.py").write_text(example.text, "utf-8")
    names = sorted(path.name for path in tmp_path.glob("*.py"))
    done = subprocess.run(
        strict_mypy("docs", *names), cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout


def read_units(text: str) -> None:
    """As systemd reads a unit: every line in a section."""
    units = configparser.ConfigParser(interpolation=None, strict=True)
    units.read_string(text)
    assert all(units[section] for section in units.sections())


PARSED: dict[str, Callable[[str], object]] = {"ini": read_units, "sql": duckdb.extract_statements}
"""Languages of snippets that nothing here could run, and what reads them."""


@pytest.mark.parametrize("language", PARSED)
def test_what_is_parsed_alone(language: str) -> None:
    texts = [block.text for page in PAGES for block in of_page(page) if block.language == language]
    assert texts
    for text in texts:
        PARSED[language](text)


# Nothing is left out silently


def test_every_block_has_a_test() -> None:
    known = {*SHELL, "python", "diff", *PARSED}
    left = {
        block.place: block.language
        for page in PAGES
        for block in of_page(page)
        if block.language not in known and block.file is None and not (page in ELSEWHERE and block.language != "sh")
    }
    assert left == {}


@pytest.mark.parametrize("page", [page for page in ELSEWHERE if (ROOT / page).exists()])
def test_what_other_tests_run(page: str) -> None:
    """They are there and name the page, and its commands are words that a shell can read."""
    test = (ROOT / ELSEWHERE[page]).read_text("utf-8")
    assert Path(page).name in test or Path(page).stem.replace("-", "_") in test
    for block in of_page(page):
        if block.language == "indented":
            subprocess.run(["bash", "-n"], input=block.text, text=True, check=True)


def test_what_is_not_run() -> None:
    """So many commands and no more; each entry is of use."""
    every = [command.text for page in PAGES for command in typed(page) if command.text in NOT_RUN]
    assert set(every) == set(NOT_RUN)
    assert len(every) == 20


@pytest.mark.parametrize("command", NOT_RUN)
def test_what_is_not_run_is_parsed(command: str) -> None:
    program, *words = shlex.split(command)
    if program == "make":
        subprocess.run(["make", "--dry-run", *words], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
        for word in words:
            if word.startswith("TARGET="):
                assert (ROOT / "servers" / f"{word.removeprefix('TARGET=')}.toml").exists()
    elif program == "pip":
        assert words == ["install", "."]
    else:
        assert words[:1] == ["install"]


OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
OF_OTHERS = {"--junitxml", "--conform", "--headless", "--port"}


def help_of(module: str, *words: str) -> str:
    command = [sys.executable, "-m", f"alphaedge_conformance.{module}", *words, "--help"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_options_and_targets_in_the_text() -> None:
    """What stands between backticks is there."""
    subcommands = (["report"], ["proxy"], ["gateway"], ["fleet"], ["history", "changes"], ["history", "page"])
    helps = [help_of("cli.conform"), *(help_of("cli.conform", *each) for each in subcommands), help_of("mock")]
    helps += [help_of("cli.contract", each) for each in ("lint", "diff")]
    helps.append(subprocess.check_output([sys.executable, "scripts/servers.py", "--help"], cwd=ROOT, text=True))
    options = OF_OTHERS | {option for text in helps for option in OPTION.findall(text)}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    assert {"--model", "--fault"} <= options
    for page in PAGES:
        if page in ELSEWHERE:
            continue
        for text in inline(page):
            assert set(OPTION.findall(text)) <= options, f"{page}: `{text}`"
            if found := re.match(r"make ([a-z-]+)", text):
                assert found.group(1) in targets, f"{page}: `{text}`"


PARSER = re.compile(r"^def (\w+)\(\) -> Parser:", re.M)


def test_every_command_is_in_the_reference() -> None:
    """The site lists the options of each function that makes a parser."""
    package = ROOT / "conformance" / "alphaedge_conformance"
    made = {
        f"{'.'.join(path.relative_to(package.parent).with_suffix('').parts)}:{name}"
        for path in package.rglob("*.py")
        for name in PARSER.findall(path.read_text("utf-8"))
    }
    listed = [found for page in PAGES for found in re.findall(r"^```\{options\} (\S+)$", text_of(page), re.M)]
    assert sorted(listed) == sorted(made)


OF_LIBRARIES = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"}
"""Variables that httpx and OpenSSL read."""
OF_OTHER_PROGRAMS = {"PYTEST_ADDOPTS", "PATH"}
"""Variables that are taken from, or given to, a program that is started."""


def test_every_environment_variable_is_in_the_reference() -> None:
    read = set()
    for folder in (ROOT / "conformance", ROOT / "scripts" / "runtime"):
        for path in folder.rglob("*.py"):
            for line in path.read_text("utf-8").splitlines():
                name = "[A-Z][A-Z_]{3,}" if "environ" in line else "ALPHAEDGE_[A-Z_]+"
                read |= set(re.findall(rf'"({name})"', line))
    assert {"ALPHAEDGE_API_KEY", "NO_COLOR"} <= read
    table = text_of("docs/cli.md").partition("## Environment variables")[2].partition("\n## ")[0]
    first = "\n".join(line.split("|")[1] for line in table.splitlines() if line.startswith("|"))
    assert set(re.findall(r"`([A-Z_]{4,})`", first)) == read - OF_OTHER_PROGRAMS | OF_LIBRARIES


def text_of(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def anchors(text: str) -> set[str]:
    """Those of the headings, as GitHub makes them."""
    return {re.sub(r"[^\w -]", "", found.lower()).replace(" ", "-") for found in re.findall(r"^#+ (.*)$", text, re.M)}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    """In the repository, as GitHub follows it; tests/docs/test_site.py follows those of the site."""
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        if "://" in link or link.startswith("mailto:"):
            continue
        is_there = target.exists() and (
            not anchor or target.suffix != ".md" or anchor in anchors(target.read_text("utf-8"))
        )
        broken += [] if is_there else [link]
    assert broken == []


# Files that others' CI reads


def file_of(name: str) -> str:
    return next(block.text for page in PAGES for block in of_page(page) if block.file == name)


def test_the_workflow_fits_the_action() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    (job,) = yaml.safe_load(file_of(".github/workflows/conformance.yml"))["jobs"].values()
    (step,) = [step for step in job["steps"] if "with" in step]
    assert set(step["with"]) <= set(action["inputs"])
    assert {"url", "model", "level", "waivers", "report"} <= set(step["with"])
    assert step["with"]["level"] in ("must", "should")
    assert set(step["env"]) == {"ALPHAEDGE_API_KEY"}


def test_the_pipeline_fits_the_template() -> None:
    pipeline = yaml.safe_load(file_of(".gitlab-ci.yml"))
    (include,) = pipeline.pop("include")
    template = yaml.safe_load((ROOT / include["file"]).read_text("utf-8"))
    (job,) = pipeline.values()
    assert set(job["variables"]) <= set(template[job["extends"]]["variables"])


# The reader itself


def page_of(folder: Path, *lines: str) -> str:
    path = folder / "page.md"
    path.write_text("\n".join(["```console", *lines, "```", ""]), "utf-8")
    return str(path)


def test_a_page_that_is_right(run_page: RunPage, tmp_path: Path) -> None:
    lines = [
        "$ echo one; \\",
        "echo two",
        "one",
        "…",
        "$ A=3; false",
        "$ echo $?",
        "1",
        "$ echo $A > file; cat file",
        "3",
    ]
    run_page(page_of(tmp_path, *lines, "$ curl -sS http://host:8000/v1/models", '{"error": …}'))


@pytest.mark.parametrize(
    "lines",
    [
        ["$ echo one", "two"],
        ["$ echo one; echo two", "one"],
        ["$ echo one", "one", "two"],
        ["$ false"],
        ["$ false", "$ echo $?", "2"],
        ["$ alphaedge-conform --modle x"],
        ["$ exit 0", "$ echo still there"],
        [f"$ echo {KEY}", "…"],
        ["no command"],
    ],
)
def test_a_page_that_is_wrong(lines: list[str], run_page: RunPage, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        run_page(page_of(tmp_path, *lines))


def test_what_is_the_same() -> None:
    assert same("1 s of … in 0.4 s", "1 s of 20 in 12.9 s\n")
    assert same("a\n…\nb", "a\nx\ny\nb\n")
    assert same("a\n…\nb", "a\nb")
    assert same("a", "a   \n\n")
    assert not same("a\n…", "b\n")
    assert not same("4 passed", "14 passed")
    assert not same("a", "a\nb")
    assert not same("", "a")
