"""The command `alphaedge-conform proxy`: what it finds in traffic, what it writes, and what it never writes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from io import BytesIO, TextIOWrapper
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from attrs import evolve

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.contract.overlays import shipped
from alphaedge_conformance.exchange import Expect
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.live import judge_process
from alphaedge_conformance.live.feed import WAITING, Feed
from alphaedge_conformance.live.masking import masked
from alphaedge_conformance.live.messages import Setup, send
from alphaedge_conformance.live.passed import LARGEST, Budget, Passed, Tap
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.mock.faults import BY_HAND
from alphaedge_conformance.mock.faults.profiles import UsageUnasked
from alphaedge_conformance.mock.faults.streams import KeepAliveAsData
from alphaedge_conformance.mock.unusual import OF_PROFILES
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.sending.settings import Settings

from ..helpers import KEY, Conform
from .traffic import PATH, Proxied, proxied

TEXT = "the pyramids of a secret customer"
ASKED = {"model": "alphaedge-large-3-2512", "messages": [{"role": "user", "content": f"Tell me of {TEXT}!"}]}


def talk(proxy: Proxied, times: int = 3, key: str = KEY) -> None:
    """Plain, streamed, refused."""
    with httpx.Client(trust_env=False, timeout=60, headers={"Authorization": f"Bearer {key}"}) as http:
        for _ in range(times):
            assert http.post(proxy.url + PATH, json=ASKED).status_code == (200 if key == KEY else 401)
            assert http.post(proxy.url + PATH, json={**ASKED, "stream": True}).status_code in (200, 401)
            assert http.post(proxy.url + PATH, json={**ASKED, "max_tokens": 0}).status_code in (400, 401)


def failed(report: dict[str, Any]) -> set[str]:
    return {each["id"] for each in report["requirements"] if each["status"] == "failed"}


def files(folder: Path) -> str:
    return "".join(path.read_text("utf-8") for path in folder.iterdir())


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_server_that_conforms(contract: Contract, tmp_path: Path, conform: Conform, signum: int) -> None:
    with serve(Mock(contract, KEY)) as url, proxied(url, tmp_path) as proxy:
        talk(proxy)
        code, said, report = proxy.end(signum)
    assert (code, failed(report), report["reason"]) == (0, set(), None)
    assert "CONFORMS: " in said
    assert report["traffic"]["exchanges"] == report["traffic"]["judged"] == report["cost"]["requests"] == 9
    assert report["latency"]["answers"] == 6
    assert KEY not in files(tmp_path) + said
    assert TEXT not in files(tmp_path) + said
    again = conform("--from-har", str(tmp_path / "traffic.har"), "--seen", "--quiet")
    assert again.returncode == 0, again.stdout


def test_a_fault_is_found_shown_and_counted(contract: Contract, tmp_path: Path, conform: Conform) -> None:
    fault = BY_HAND["total-is-the-prompt"]
    with serve(fault.make(contract, KEY)) as url, proxied(url, tmp_path) as proxy:
        talk(proxy, times=5)
        page = proxy.get("/__conformance__")
        numbers = proxy.get("/__conformance__/metrics")
        code, said, report = proxy.end()
    assert code == 1
    assert failed(report) == fault.breaks
    (found,) = [each for each in report["requirements"] if each["status"] == "failed"]
    assert (found["failed"], found["of"], len(found["findings"])) == (5, 10, 3)
    assert "usage.total-is-the-sum" in page.text
    assert 'alphaedge_findings_total{requirement="usage.total-is-the-sum",level="MUST"} 5' in numbers.text
    assert 'alphaedge_requests_total{status="200"} 10' in numbers.text
    assert 'alphaedge_tokens_total{kind="prompt"} ' in numbers.text
    assert numbers.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert numbers.text.endswith("# EOF\n")
    written = files(tmp_path) + said + page.text + numbers.text
    assert (KEY in written, TEXT in written) == (False, False)
    again = conform("--from-har", str(tmp_path / "traffic.har"), "--seen", "--quiet")
    assert again.returncode == 1, again.stdout


def test_a_claimed_profile_is_judged(tmp_path: Path) -> None:
    server = UsageUnasked(Contract.load(None, ["stream-usage"]), KEY)
    with serve(server) as url, proxied(url, tmp_path, "--profile", "stream-usage") as proxy:
        talk(proxy)
        _, _, report = proxy.end()
    assert failed(report) == {"stream-usage.only-on-request"}
    assert [each["name"] for each in report["profiles"]] == ["stream-usage"]


@pytest.mark.parametrize(("kind", "breaks"), [(Mock, set()), (KeepAliveAsData, {"stream.data"})])
def test_what_a_client_read_before_it_left_is_judged(
    contract: Contract, tmp_path: Path, kind: type[Mock], breaks: set[str]
) -> None:
    """It may leave because of that. Whatever needs the end of a stream says nothing."""
    with serve(kind(contract, KEY, tokens_per_second=5)) as url, proxied(url, tmp_path) as proxy:
        headers = {"Authorization": f"Bearer {KEY}"}
        request = httpx.stream("POST", proxy.url + PATH, json={**ASKED, "stream": True}, headers=headers, timeout=60)
        with request as response:
            assert next(response.iter_lines()).startswith("data: ")
        _, _, report = proxy.end()
    assert failed(report) == breaks
    assert "stream.data" in {each["id"] for each in report["requirements"] if each["status"] in ("passed", "failed")}


@pytest.mark.slow
@pytest.mark.parametrize("name", [None, *OF_PROFILES])
def test_traffic_that_uses_profiles_accuses_nobody(name: str | None, tmp_path: Path) -> None:
    """All valid requests that the suite has for a profile, to the mock and to servers that are unusual and conform."""
    profiles, kind = (list(shipped()), Mock) if name is None else ([OF_PROFILES[name][0]], OF_PROFILES[name][1])
    contract = Contract.load(None, profiles)
    suite = Suite.of(contract)
    asked = suite.plan(list(suite.requirements), build_target(contract, "http://127.0.0.1:1", None), Settings()).probes
    claimed = [word for each in profiles for word in ("--profile", each)]
    with (
        serve(kind(contract, KEY)) as url,
        proxied(url, tmp_path, *claimed) as proxy,
        httpx.Client(trust_env=False, timeout=60, headers={"Authorization": f"Bearer {KEY}"}) as http,
    ):
        for probe in asked:
            if probe.operation is None and probe.expect is Expect.ACCEPTED and probe.request and not probe.turn:
                http.post(proxy.url + PATH, json=probe.request)
        _, _, report = proxy.end()
    assert failed(report) == set()
    passed = {each["source"] for each in report["requirements"] if each["status"] == "passed"}
    of_operations = {"profile:models", "profile:embeddings"}
    assert {f"profile:{each}" for each in profiles} - of_operations <= passed


@pytest.mark.parametrize("name", ["shows-the-key", "key-in-a-header"])
def test_texts_are_kept_if_asked_and_keys_never(contract: Contract, tmp_path: Path, name: str) -> None:
    """The server shows a client its own key, or that of another client."""
    fault = BY_HAND[name]
    with serve(fault.make(contract, KEY)) as url, proxied(url, tmp_path, "--keep-bodies") as proxy:
        talk(proxy)
        talk(proxy, 1, "sk-another-client-of-the-server-987654321")
        code, said, report = proxy.end()
    assert code == 1
    assert failed(report) >= {"authorization.key-not-echoed"}
    written = files(tmp_path) + said
    assert TEXT in written
    assert KEY not in written
    assert "sk-another" not in written


def test_a_finding_about_a_text_does_not_show_it(contract: Contract, tmp_path: Path) -> None:
    fault = BY_HAND["text-so-far"]
    with serve(fault.make(contract, KEY)) as url, proxied(url, tmp_path) as proxy:
        talk(proxy)
        _, said, report = proxy.end()
    (found,) = [each for each in report["requirements"] if each["id"] == "stream.deltas"]
    assert found["failed"] == 3
    assert "is in a text, which is not kept" in found["findings"][0]["message"]
    assert TEXT not in files(tmp_path) + said


def test_judging_pauses_while_nobody_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    said = BytesIO()
    passed = Passed(1, 0.0, "GET", (), b"", 405, (), (), 0.1)
    for message in (Setup("http://127.0.0.1:9/v1/chat/completions", tmp_path), passed, evolve(passed, is_awaited=True)):
        send(said, message)
    said.seek(0)
    monkeypatch.setattr(judge_process, "time", SimpleNamespace(perf_counter=time.perf_counter, sleep=pauses.append))
    monkeypatch.setattr("sys.stdin", TextIOWrapper(said))
    judge_process.main()
    assert len(pauses) == 1
    assert 0 < pauses[0] <= judge_process.LONGEST
    assert json.loads((tmp_path / "report.json").read_text("utf-8"))["traffic"]["judged"] == 2


def test_the_judging_process_is_killed(contract: Contract, tmp_path: Path) -> None:
    with serve(Mock(contract, KEY)) as url, proxied(url, tmp_path) as proxy:
        talk(proxy)
        assert proxy.get("/__conformance__").status_code == 200
        os.kill(proxy.judge(), signal.SIGKILL)
        talk(proxy, times=4)
        code, said, report = proxy.end()
    assert code == 2
    assert report["traffic"]["lost"] >= 9
    assert report["traffic"]["exchanges"] == 21
    assert report["traffic"]["judged"] + report["traffic"]["lost"] == 21
    for words in (said, report["reason"]):
        assert "was killed by signal 9" in words


def test_the_proxy_is_killed(contract: Contract, tmp_path: Path) -> None:
    """The judging process writes what it knows."""
    with serve(Mock(contract, KEY)) as url, proxied(url, tmp_path) as proxy:
        talk(proxy)
        assert proxy.get("/__conformance__").status_code == 200
        judge = proxy.judge()
        proxy.process.kill()
        while Path(f"/proc/{judge}").exists():
            pass
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert report["traffic"]["judged"] == 9


def test_a_server_below_another_path(contract: Contract, tmp_path: Path) -> None:
    class Below(Mock):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            assert scope["path"].startswith("/api/v3/")
            await super().__call__({**scope, "path": scope["path"].replace("/api/v3/", "/v1/")}, receive, send)

    with serve(Below(contract, KEY)) as url, proxied(f"{url}/api/v3", tmp_path) as proxy:
        talk(proxy, 1)
        assert proxy.get("/v1/models").status_code == 401
        _, _, report = proxy.end()
    assert report["traffic"]["judged"] == 3


def test_a_server_with_a_certificate(contract: Contract, tmp_path: Path) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=tests"
    command += f" -addext subjectAltName=IP:127.0.0.1 -keyout {key} -out {certificate}"
    subprocess.run(command.split(), check=True, capture_output=True)
    with serve(Mock(contract, KEY), ssl_certfile=certificate, ssl_keyfile=key) as url:
        secure = url.replace("http:", "https:")
        with proxied(secure, tmp_path / "trusted", "--ca-file", str(certificate)) as proxy:
            talk(proxy, 1)
        with proxied(secure, tmp_path / "untrusted") as proxy:
            refused = httpx.post(proxy.url + PATH, json=ASKED, trust_env=False, timeout=60)
    assert refused.status_code == 502
    assert "TLS failed" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["proxy", "http://127.0.0.1:9"], "--report"),
        (["proxy", "http://127.0.0.1:9", "--report", "/proc/nothing"], "cannot be written into"),
        (["proxy", "--report", "x"], "UPSTREAM"),
        (["proxy", "http://127.0.0.1:9", "--report", "x", "--port", "99999"], "--port"),
    ],
)
def test_wrong_usage(conform: Conform, arguments: list[str], said: str) -> None:
    done = conform(*arguments)
    assert done.returncode == 4
    assert said in done.stderr


def test_a_port_in_use(contract: Contract, tmp_path: Path, conform: Conform) -> None:
    with serve(Mock(contract)) as url:
        done = conform("proxy", url, "--report", str(tmp_path), "--port", url.rpartition(":")[2])
    assert done.returncode == 4
    assert "in use" in done.stderr


def tap(budget: Budget) -> Tap:
    return Tap(budget, 1, 0.0, "POST", ())


def test_what_finds_no_room_is_counted(tmp_path: Path) -> None:
    """Nobody judges here: the queue fills, and traffic is let go."""
    feed = Feed(Setup("http://127.0.0.1/v1/chat/completions", tmp_path))
    for _ in range(WAITING + 3):
        each = tap(feed.budget)
        each.answer(0.1, b"x" * 100)
        feed.offer(each, 0.2)
    assert (feed.counts.exchanges, feed.counts.behind) == (WAITING + 3, 3)


def test_a_large_exchange_is_not_kept() -> None:
    budget = Budget()
    before, each = budget.left, tap(budget)
    for _ in range(LARGEST // 1000 + 1):
        each.answer(0.1, b"x" * 1000)
    assert (each.why_not, budget.left) == ("too large", before)


def test_tiny_pieces_count_as_what_they_cost() -> None:
    budget = Budget()
    each = tap(budget)
    for _ in range(LARGEST // 100):
        each.answer(0.1, b"x")
    assert each.why_not == "too large"


def test_many_exchanges_share_one_room() -> None:
    budget = Budget(10_000)
    taps = [tap(budget) for _ in range(12)]
    for each in taps:
        each.request(b"x" * 1000)
    assert [each.why_not for each in taps] == [None] * 8 + ["behind"] * 4
    for each in taps:
        each.drop("behind")
    assert budget.left == 10_000


@pytest.mark.parametrize(
    ("body", "is_stream", "expected"),
    [
        (rb'{"id": "a-1", "content": "He said \"no\" \u00e9"}', False, rb'\{"id": "a-1", "content": "[a-z ]+"\}'),
        (rb'{"messages": [{"role": "user", "content": ["a b", 1.5]}]}', False, None),
        (b'{"content": "cut', False, rb'\{"content": "[a-z]{3}'),
        (b"<html>Sorry, Ms Secret</html>", False, rb"[a-z,]+ [a-z]+ [a-z]+"),
        (b'data: {"content": "Hi there"}\r\n\r\ndata: [DONE]\n\n', True, None),
        (b": a secret\nevent: error\nsecret\n", True, rb": [a-z] [a-z]+\nevent: error\n[a-z]+\n"),
        ('{"content": "日本語 ひみつ"}'.encode(), False, rb'\{"content": "[a-z]{9} [a-z]{9}"\}'),
    ],
)
def test_texts_become_letters(body: bytes, is_stream: bool, expected: bytes | None) -> None:
    made = masked(body, is_stream)
    assert len(made) == len(body)
    assert masked(body, is_stream) != made or made == body
    assert expected is None or re.fullmatch(expected, made), made
    for word in (b"secret", b"Secret", b"said", b"a b", b"Hi", "日".encode()):
        assert word not in made
    if is_stream:
        assert made.count(b"\n") == body.count(b"\n")
