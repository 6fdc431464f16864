"""The command as its users meet it: exit codes, messages, files, and what is never said."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from starlette.requests import Request
from starlette.responses import Response

from alphaedge_conformance.cli.conform import conformance
from alphaedge_conformance.contract import Contract
from alphaedge_conformance.errors import ConfigurationError
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.mock.faults import BY_HAND
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.sending.limits import Limits, options

from ..helpers import KEY, Conform, Counting, read_report
from ..targets import Asked, Target, response, serving


def test_the_mock_conforms(conform_process: Conform, tmp_path: Path) -> None:
    done = conform_process("--report", str(tmp_path), key="sk-a-key-of-the-user-that-is-not-sent")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("CONFORMS: ")
    found = read_report(tmp_path)
    assert found["verdict"] == "conforms"
    assert {requirement["status"] for requirement in found["requirements"]} == {"passed"}
    assert found["cost"]["requests"] == found["cost"]["planned_requests"]
    cases = ElementTree.parse(tmp_path / "junit.xml").getroot().iter("testcase")
    assert [case.get("name") for case in cases] == [requirement["id"] for requirement in found["requirements"]]


def test_a_deviation(conform_process: Conform, suite: Suite, contract: Contract, tmp_path: Path) -> None:
    with serve(BY_HAND["total-is-the-prompt"].make(contract, KEY)) as url:
        done = conform_process(url, "--report", str(tmp_path), key=KEY)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("MUST usage.total-is-the-sum"))
    assert re.search(r"(\d+) of (\d+) exchanges, documented", lines[at])
    assert lines[at + 1].strip() == "`total_tokens` is the sum of `prompt_tokens` and `completion_tokens`."
    assert lines[at + 2].strip() == "control: expected 3 + 9 = 12, got 3"
    assert lines[at + 3].strip().startswith(f"curl -sS {url}/v1/chat/completions")
    assert lines[-1].startswith(f"DEVIATES: 1 MUST failed, {len(suite.requirements) - 1} passed")
    (failure,) = (case for case in ElementTree.parse(tmp_path / "junit.xml").getroot().iter("failure"))
    assert "expected 3 + 9 = 12, got 3" in (failure.text or "")
    (broken,) = (each for each in read_report(tmp_path)["requirements"] if each["status"] == "failed")
    assert broken["id"] == "usage.total-is-the-sum"
    assert broken["quote"] == '"prompt_tokens": 5, "completion_tokens": 10, "total_tokens": 15'
    assert broken["failed"] == len(broken["findings"]) < broken["of"]


def test_a_finding_says_what_it_does_to_a_program(conform: Conform, contract: Contract, tmp_path: Path) -> None:
    with serve(BY_HAND["no-finish-reason"].make(contract, KEY)) as url:
        done = conform(url, "--report", str(tmp_path), "-k", "one-finish-reason", key=KEY)
    noticed = "in the folded stream reading `choices[0].finish_reason` raises MissingMemberError"
    assert f"  in a program, {noticed}\n" in done.stdout
    (broken,) = (each for each in read_report(tmp_path)["requirements"] if each["status"] == "failed")
    assert broken["findings"][0]["impact"] == noticed
    assert noticed in (tmp_path / "junit.xml").read_text("utf-8")


def test_the_curl_line_repeats_the_request(conform: Conform, contract: Contract, tmp_path: Path) -> None:
    with serve(BY_HAND["repairs-json"].make(contract, KEY)) as url:
        conform(url, "--report", str(tmp_path), key=KEY)
        (broken,) = (each for each in read_report(tmp_path)["requirements"] if each["status"] == "failed")
        line = broken["findings"][0]["curl"]
        assert KEY not in line
        again = subprocess.run(
            ["bash", "-c", line],
            env={"PATH": "/usr/bin:/bin", "ALPHAEDGE_API_KEY": KEY},
            capture_output=True,
            check=True,
        )
    head, _, body = again.stdout.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")  # the status is the finding
    assert json.loads(body)["object"] == "chat.completion"


def test_a_should_fails_only_a_strict_run(conform: Conform, contract: Contract, tmp_path: Path) -> None:
    with serve(BY_HAND["detail"].make(contract, KEY)) as url:
        assert conform(url, "--report", str(tmp_path), key=KEY).returncode == 0
        skipped = ElementTree.parse(tmp_path / "junit.xml").getroot().iter("skipped")
        assert any("SHOULD, reported only" in (each.get("message") or "") for each in skipped)
        assert conform(url, "--strict", key=KEY).returncode == 1
        assert conform(url, "--level", "should", "--source", "documented", key=KEY).returncode == 0


def test_nothing_listens(conform_process: Conform, tmp_path: Path) -> None:
    done = conform_process("http://127.0.0.1:9", "--report", str(tmp_path))
    assert done.returncode == 2
    (line,) = done.stdout.splitlines()
    assert line == "INCONCLUSIVE: http://127.0.0.1:9: nothing listens there; start the server or correct the URL"
    assert read_report(tmp_path)["reason"] == line.removeprefix("INCONCLUSIVE: ")
    assert {each["status"] for each in read_report(tmp_path)["requirements"]} == {"inconclusive"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("upstream",),
        ("ftp://host",),
        ("http://",),
        ("http://host:99999",),
        ("http://user:secret@host",),
        ("http://host/?key=secret",),
        ("http://host", "--concurrency", "0"),
        ("http://host", "--concurrency", "many"),
        ("http://host", "--timeout", "inf"),
        ("http://host", "--level", "may"),
        ("http://host", "--bogus"),
        ("http://host", "--mod", "x"),
        ("--model", "x"),
        ("-k", "no_such_requirement"),
        ("-k", "and and"),
        ("--contract", "/does/not/exist.yaml"),
        ("http://host", "--report", "/dev/null/folder"),
    ],
)
def test_wrong_usage_is_4_and_one_line(conform: Conform, arguments: tuple[str, ...]) -> None:
    done = conform(*arguments)
    assert done.returncode == 4
    assert len((done.stdout + done.stderr).strip().splitlines()) == 1, done.stdout + done.stderr
    assert "secret" not in done.stdout + done.stderr


def test_a_key_that_no_header_can_carry(conform_process: Conform) -> None:
    done = conform_process("http://127.0.0.1:9", key="sk-two\nlines")
    assert done.returncode == 4
    assert "ALPHAEDGE_API_KEY" in done.stderr
    assert "two" not in done.stdout + done.stderr


@pytest.mark.parametrize(("key", "says"), [(None, "is not set"), ("sk-wrong-but-long-enough", "was refused")])
def test_a_key_that_is_refused(conform: Conform, counting: tuple[Counting, str], key: str | None, says: str) -> None:
    mock, url = counting
    done = conform(url, key=key)
    assert done.returncode == 2
    assert says in done.stdout
    assert mock.requests == 1


def test_an_unknown_model(conform: Conform, counting: tuple[Counting, str]) -> None:
    mock, url = counting
    done = conform(url, "--model", "gpt-0", key=KEY)
    assert done.returncode == 2
    assert "does not know the model 'gpt-0'; it offers alphaedge-large-3-2512; name one with --model" in done.stdout
    assert mock.requests == 1


def test_of_many_models_those_of_a_similar_name_are_named(conform: Conform, contract: Contract) -> None:
    mock = Mock(contract, KEY)
    mock.models[:] = [*(f"vendor/m-{number}" for number in range(300)), "gpt-0-mini"]
    with serve(mock) as url:
        done = conform(url, "--model", "gpt-0", key=KEY)
    assert "it offers gpt-0-mini, vendor/m-0, " in done.stdout
    assert "vendor/m-6 and 293 more; name one with --model" in done.stdout


def test_without_a_key_its_requirements_do_not_apply(conform: Conform, contract: Contract, tmp_path: Path) -> None:
    with serve(Mock(contract, tokens_per_second=400)) as url:
        done = conform(url, "--report", str(tmp_path))
    assert done.returncode == 0
    assert "without a key, so the requirements on keys were not judged" in done.stdout
    statuses = {each["id"]: each["status"] for each in read_report(tmp_path)["requirements"]}
    assert {id for id, status in statuses.items() if status == "not-applicable"} == {
        id for id in statuses if id.startswith("authorization.")
    }


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
def test_the_address_may_end_in_v1(conform: Conform, counting: tuple[Counting, str], suffix: str) -> None:
    _, url = counting
    assert conform(url + suffix, "-k", "completion and required", key=KEY).returncode == 0


def test_the_plan_is_what_is_sent(conform: Conform, counting: tuple[Counting, str], tmp_path: Path) -> None:
    mock, url = counting
    planned = conform(url, "--plan", key=KEY).stdout.splitlines()[-1]
    assert mock.requests == 0
    conform(url, "--report", str(tmp_path), key=KEY)
    assert planned.startswith(f"{mock.requests} requests, at most ")
    assert read_report(tmp_path)["cost"]["requests"] == mock.requests


def test_fewer_requirements_send_fewer_requests(conform: Conform, counting: tuple[Counting, str]) -> None:
    mock, url = counting
    assert conform(url, "-k", "temperature and maximum", key=KEY).returncode == 0
    planned = conform(url, "-k", "temperature and maximum", "--plan", key=KEY).stdout.splitlines()[-1]
    everything = conform(url, "--plan", key=KEY).stdout.splitlines()[-1]
    assert mock.requests == int(planned.split()[0]) < int(everything.split()[0]) / 5


def test_a_budget_that_cuts_the_plan_is_never_green(conform: Conform, counting: tuple[Counting, str]) -> None:
    mock, url = counting
    done = conform(url, "--max-requests", "15", key=KEY)
    assert done.returncode == 2
    assert mock.requests == 15
    assert "budget exhausted" in done.stdout


@pytest.mark.parametrize("name", ["shows-the-key", "key-in-a-header"])
def test_the_key_is_nowhere(conform: Conform, contract: Contract, tmp_path: Path, name: str) -> None:
    with serve(BY_HAND[name].make(contract, KEY)) as url:
        done = conform(url, "--report", str(tmp_path), key=KEY)
    assert done.returncode == 1
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    written = [path.read_text("utf-8") for path in files]
    assert {path.name for path in files} == {"report.json", "report.html", "badge.svg", "junit.xml", "exchanges.har"}
    for text in (done.stdout, done.stderr, *written):
        assert KEY not in text
        assert KEY[: len(KEY) * 2 // 3] not in text


def test_a_server_cannot_paint_the_terminal(conform: Conform, contract: Contract) -> None:
    class Painter(Mock):
        def completion(self, request: Any, reply: Any) -> Any:
            return {**super().completion(request, reply), "object": "\x1b[2J\u202egnorw[bold]"}

    with serve(Painter(contract, KEY)) as url:
        done = conform(url, key=KEY)
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert "[bold]" in done.stdout


def test_help_does_not_import_the_library(conform_process: Conform) -> None:
    done = conform_process("--help")
    assert done.returncode == 0
    for option in (
        "--model",
        "--report",
        "--level",
        "--source",
        "--max-requests",
        "--seed",
        "--plan",
        "ALPHAEDGE_API_KEY",
    ):
        assert option in done.stdout
    loaded = "import sys; from alphaedge_conformance.cli import conform; conform.parser(); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout.split()
    assert not {"schemathesis", "hypothesis", "httpx", "pytest", "attrs", "yaml"} & set(modules)


def test_each_limit_is_set_by_its_option() -> None:
    given = {option.name: str(number) for number, (_, _, option) in enumerate(options(), 2)}
    words = [word for pair in given.items() for word in pair]
    assert conformance(["http://host", *words]).settings.limits == tuple(range(2, 2 + len(given)))
    assert conformance(["http://host"]).settings.limits == Limits()


def test_pytest_of_people_without_the_suite_does_not_notice_the_plugin() -> None:
    """The entry point is there with the client alone, which brings attrs and httpx."""
    hidden = "schemathesis hypothesis jsonschema_rs yaml rich jinja2 starlette uvicorn httpx attrs attr"
    program = (
        f"import sys; sys.modules |= dict.fromkeys({hidden!r}.split()); import alphaedge_conformance.pytest_plugin"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_page_is_not_an_api(conform: Conform, contract: Contract) -> None:
    class Page(Mock):
        async def respond(self, http: Request) -> Response:
            return Response("<html>It works!</html>", media_type="text/html")

    with serve(Page(contract)) as url:
        done = conform(url)
    assert done.returncode == 2
    (line,) = done.stdout.splitlines()
    assert "answers with a page (text/html), so nothing can be judged; name the address of the API" in line


def test_pytest_takes_what_the_command_takes(
    counting: tuple[Counting, str], contract: Contract, tmp_path: Path
) -> None:
    _, url = counting
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "/dev/null", str(contract.source)]
    command += [f"--conform={url} -k usage --report {tmp_path}"]
    environment = {"PATH": "/usr/bin:/bin", "ALPHAEDGE_API_KEY": KEY}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    ids = {each["id"] for each in read_report(tmp_path)["requirements"]}
    assert "usage.total-is-the-sum" in ids
    assert all("usage" in id for id in ids)
    assert (tmp_path / "junit.xml").exists()


def test_as_a_pytest_plugin(counting: tuple[Counting, str], contract: Contract) -> None:
    """``pytest openapi.yaml --conform=URL``: pytest's own output, one item a requirement."""
    _, url = counting
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "/dev/null", "-v", "-k", "usage"]
    command += [f"--rootdir={contract.source.parent}", str(contract.source), f"--conform={url}"]
    environment = {"PATH": "/usr/bin:/bin", "ALPHAEDGE_API_KEY": KEY}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert re.search(r"openapi.yaml::usage(\.|::)total-is-the-sum PASSED", done.stdout)  # as pytest to 9.1, or from 9.2


def test_another_path_is_hinted_at(conform: Conform) -> None:
    async def not_found(asked: Asked) -> None:
        await asked.send(response(b"{}", status=b"404 Not Found"))

    with serving(Target(not_found)) as url:
        done = conform(url, key=KEY)
    assert done.returncode == 2
    assert "if the API has another path, name its whole URL" in done.stdout


@pytest.mark.parametrize("argument", ["--api-key sk-of-somebody", "--api-key=sk-of-somebody", "sk-of-somebody"])
def test_a_key_among_the_arguments_is_not_repeated(conform: Conform, argument: str) -> None:
    done = conform("http://127.0.0.1:9", *argument.split())
    assert done.returncode == 4
    assert "sk-of-somebody" not in done.stdout + done.stderr
    if argument.startswith("--"):
        assert "unknown option --api-key; the key is read from ALPHAEDGE_API_KEY" in done.stderr


@pytest.mark.parametrize("option", ["--waivers", "--model", "--max-requests"])
def test_an_option_given_twice_is_wrong_usage(conform: Conform, option: str) -> None:
    done = conform(option, "1", option, "2")
    assert done.returncode == 4
    assert f"{option} was given more than once" in done.stderr


def test_the_version(conform: Conform, contract: Contract) -> None:
    done = conform("--version")
    assert (done.returncode, done.stdout) == (
        0,
        f"alphaedge-conform {version('alphaedge')}, contract {contract.version}\n",
    )


def test_the_list_as_json(conform: Conform, suite: Suite) -> None:
    found = json.loads(conform("--list", "--json").stdout)
    assert [(each["id"], each["level"], each["source"], each["title"], each["quote"]) for each in found] == [
        (each.id, each.level, each.source, each.text, each.quote) for each in suite.requirements.values()
    ]
    assert all(each["line"] == suite.contract.line(each["pointer"]) for each in found)
    assert conform("--json").returncode == 4


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("localhost:8000", "http://localhost:8000"),
        ("localhost", "http://localhost"),
        ("127.0.0.1:8000/v1", "http://127.0.0.1:8000"),
        ("192.168.1.7", "http://192.168.1.7"),
        ("[::1]:8000", "http://[::1]:8000"),
        ("vllm:8000", "http://vllm:8000"),
        ("gateway.internal/api", "http://gateway.internal/api"),
        ("api.example.com", "https://api.example.com"),
        ("api.example.com:8443/v1", "https://api.example.com:8443"),
        ("8.8.8.8:8000", "https://8.8.8.8:8000"),
    ],
)
def test_an_address_without_a_scheme(contract: Contract, written: str, meant: str) -> None:
    assert build_target(contract, written, None).url == f"{meant}/v1/chat/completions"


@pytest.mark.parametrize("written", ["upstream", "eyJhbGciOi.eyJzdWIiOi.Sf", "sk-of-somebody", "1.5", "a b:80", ""])
def test_what_may_be_a_key_is_no_address(contract: Contract, written: str) -> None:
    with pytest.raises(ConfigurationError):
        build_target(contract, written, None)


SECRET = "hush-hush-0123456789"


class Echoing(Mock):
    """Notes the headers of each request, and repeats them wherever a server can."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.seen: list[Mapping[str, str]] = []

    async def respond(self, http: Request) -> Response:
        self.seen.append(dict(http.headers))
        answer = await super().respond(http)
        answer.headers["X-Echo"] = http.headers.get("x-tenant-token", "")
        return answer

    def completion(self, request: Any, reply: Any) -> Any:
        said = self.seen[-1].get("x-tenant-token", "")
        return {**super().completion(request, reply), "object": said, "note": f"{said[:15]} {said.upper()}"}


def test_a_header_of_the_callers_own(conform: Conform, contract: Contract, tmp_path: Path) -> None:
    """It goes out with every request; what it holds stays out of everything that is written."""
    mock = Echoing(contract, KEY)
    with serve(mock) as url:
        headers = ("-H", f"X-Tenant-Token: {SECRET}", "--header", "User-Agent: nightly/2")
        done = conform(url, *headers, "--report", str(tmp_path), "-k", "completion", key=KEY)
    assert done.returncode == 1
    assert mock.seen
    assert {(each["x-tenant-token"], each["user-agent"]) for each in mock.seen} == {(SECRET, "nightly/2")}
    assert '-H "X-Tenant-Token: $X_TENANT_TOKEN"' in done.stdout
    assert "-H 'User-Agent: nightly/2'" in done.stdout
    written = [path.read_text("utf-8") for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) == 5
    for text in (done.stdout, done.stderr, *written):
        assert SECRET not in text.lower()
        assert SECRET[:15] not in text
    assert read_report(tmp_path)["target"]["headers"] == ["X-Tenant-Token", "User-Agent"]
    assert '"X-Tenant-Token", "value": "[key]"' in (tmp_path / "exchanges.har").read_text("utf-8")


def test_a_short_or_common_value_is_not_masked(conform: Conform, counting: tuple[Counting, str]) -> None:
    """Else a header `X-Role: assistant` would spoil every answer."""
    _, url = counting
    assert (
        conform(url, "-H", "X-Role: assistant", "-H", "X-Team: a", "-k", "completion or message", key=KEY).returncode
        == 0
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["-H", f"Authorization: Bearer {SECRET}"], "the key is read from ALPHAEDGE_API_KEY"),
        (["-H", "Content-Type: text/plain"], "the suite sets this header itself"),
        (["-H", SECRET], "expected 'Name: value'"),
        (["-H", f"X-A: {SECRET}\n"], "expected a value of printable ASCII"),
        (["-H", f"X-A: {SECRET}é"], "expected a value of printable ASCII"),
        (["-H", f"X-A: {SECRET}", "-H", "x-a: 1"], "given more than once"),
        (["http://other.example", "-H", f"X-A: {SECRET}"], "would go to host.example and other.example"),
    ],
)
def test_a_header_that_is_refused(conform: Conform, arguments: list[str], says: str) -> None:
    done = conform("http://host.example", *arguments)
    assert done.returncode == 4
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert SECRET not in done.stderr


def test_the_curl_line_shows_the_head_where_that_is_the_finding(
    conform: Conform, contract: Contract, tmp_path: Path
) -> None:
    class Several(BY_HAND["total-is-the-prompt"].make):  # type: ignore[misc]
        async def respond(self, http: Request) -> Response:
            answer: Response = await super().respond(http)
            answer.status_code = 403 if answer.status_code == 401 else answer.status_code
            return answer

    with serve(Several(contract, KEY)) as url:
        conform(url, "--report", str(tmp_path), key=KEY)
    lines = {
        each["id"]: each["findings"][0]["curl"]
        for each in read_report(tmp_path)["requirements"]
        if each["status"] == "failed"
    }
    assert lines.pop("usage.total-is-the-sum").startswith("curl -sS http")
    assert lines
    assert all(line.startswith("curl -sS -i http") for line in lines.values())
