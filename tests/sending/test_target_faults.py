"""Whatever a target does to the connection, a run ends with the right exit code, in bounded time and memory."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import ssl
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest

from alphaedge_conformance.archive import har
from alphaedge_conformance.contract import Contract
from alphaedge_conformance.exchange import Exchange
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.probes import Plan, is_unlimited
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.sending.limits import Limits
from alphaedge_conformance.sending.runner import Runner
from alphaedge_conformance.sending.settings import Settings

from ..helpers import Conform, read_report, some
from ..targets import Answer, Asked, Target, bomb, chunked, completion, piece, response, serving

LIMITS = ("--timeout", "1.2", "--idle-timeout", "0.8", "--max-pieces", "2000", "--max-lines", "2000")
"""What the tests allow an answer, so that a hanging one costs a second."""
MEMORY = 400 * 2**20


async def refuses_with_500(asked: Asked) -> None:
    await asked.send(response(b'{"error": {"message": "oops", "type": "server_error"}}', status=b"500 Oops"))


async def resets_midway(asked: Asked) -> None:
    await asked.send(response(completion())[:-20])
    asked.reset()


async def closes_without_an_answer(asked: Asked) -> None:
    asked.writer.close()


async def speaks_no_http(asked: Asked) -> None:
    await asked.send(b"SSH-2.0-OpenSSH_9.6\r\n\x00\xff\r\n\r\n")
    asked.writer.close()


async def hangs(asked: Asked) -> None:
    await asyncio.sleep(100)


async def hangs_after_the_headers(asked: Asked) -> None:
    await asked.send(chunked(), piece(b'{"id":'))
    await asyncio.sleep(100)


async def drips(asked: Asked) -> None:
    await asked.send(chunked())
    while True:
        await asked.send(piece(b" "))
        await asyncio.sleep(0.05)


async def endless_body(asked: Asked) -> None:
    await asked.send(chunked(), piece(b'{"x":"'))
    while True:
        await asked.send(piece(b"x" * 65536))


async def endless_in_small_pieces(asked: Asked) -> None:
    await asked.send(chunked())
    while True:
        await asked.send(piece(b"x") * 1000)


async def endless_stream(asked: Asked) -> None:
    """A good answer where no stream is asked for."""
    if not asked.streams:
        await asked.send(response(completion()))
        return
    await asked.send(chunked(media_type=b"text/event-stream"))
    while True:
        await asked.send(piece(b'data: {"choices":[]}\n\n'))
        await asyncio.sleep(0.05)


async def gzip_bomb(asked: Asked) -> None:
    await asked.send(response(bomb(300), b"Content-Encoding: gzip"))


async def nested_lists(asked: Asked) -> None:
    await asked.send(response(b"[" * 100_000 + b"]" * 100_000))


async def nested_in_a_stream(asked: Asked) -> None:
    if not asked.streams:
        await asked.send(response(completion()))
        return
    await asked.send(response(b"data: " + b"[" * 100_000 + b"]" * 100_000 + b"\n\n", media_type=b"text/event-stream"))


async def large_headers(asked: Asked) -> None:
    await asked.send(response(completion(), b"X-Large: " + b"x" * 70_000))


async def endless_headers(asked: Asked) -> None:
    await asked.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await asked.send(b"X-More: " + b"x" * 1000 + b"\r\n")


async def an_unknown_coding(asked: Asked) -> None:
    await asked.send(response(completion(), b"Content-Encoding: br"))


async def limits_everything(asked: Asked) -> None:
    await asked.send(response(b"", b"Retry-After: 0", status=b"429 Too Many Requests"))


async def many_lines(asked: Asked) -> None:
    """A million events in four megabytes."""
    if not asked.streams:
        await asked.send(response(completion()))
        return
    await asked.send(chunked(media_type=b"text/event-stream"))
    for _ in range(100):
        await asked.send(piece(b"data\n\n" * 10_000))
    await asked.send(piece(b"data: [DONE]\n\n"), b"0\r\n\r\n")


INCONCLUSIVE: dict[Answer, str] = {
    closes_without_an_answer: "the connection was closed or did not answer with HTTP",
    speaks_no_http: "the connection was closed or did not answer with HTTP",
    hangs: "no end within 1.2 s",
    refuses_with_500: "answered 500 to the contract's own example",
    large_headers: "headers of 70",
    endless_headers: "the connection was closed or did not answer with HTTP",
    hangs_after_the_headers: "no byte for 0.8 s",
    drips: "no end within 1.2 s; if it is only slow, raise --timeout",
    limits_everything: "answered 429 to the contract's own example",
}
DEVIATING: dict[Answer, tuple[str, str]] = {
    resets_midway: ("completion.strict-json", "the connection was "),
    endless_body: ("completion.strict-json", "then more than 4194304 bytes, of which the first 65536 are kept"),
    endless_in_small_pieces: ("completion.strict-json", "then more than 2000 pieces"),
    gzip_bomb: ("completion.strict-json", "then more than 4194304 bytes"),
    nested_lists: ("completion.strict-json", "then JSON nested more than 200 deep"),
    nested_in_a_stream: ("stream.data", "nested too deeply"),
    many_lines: ("stream.done", "expected [DONE] at the end"),
    an_unknown_coding: ("completion.strict-json", "Content-Encoding 'br' was not asked for"),
}


def ends(conform: Conform, url: str, folder: Path, *arguments: str, key: str | None = None) -> tuple[int, str]:
    """The exit code and the output, before the fixture's time is up and without a traceback; the report is there."""
    done = conform(url, "--report", str(folder), *LIMITS, *arguments, key=key)
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith(("INCONCLUSIVE", "DEVIATES", "CONFORMS"))
    assert {path.name for path in folder.iterdir()} == {
        "report.json",
        "report.html",
        "badge.svg",
        "junit.xml",
        "exchanges.har",
    }
    assert len(json.loads((folder / "exchanges.har").read_bytes())["log"]["entries"]) >= 1
    return done.returncode, done.stdout


@pytest.mark.parametrize("answer", some(INCONCLUSIVE, 2), ids=lambda answer: answer.__name__)
def test_a_target_that_cannot_be_judged(answer: Answer, conform: Conform, tmp_path: Path) -> None:
    with serving(Target(answer)) as url:
        code, output = ends(conform, url, tmp_path)
    assert code == 2
    assert INCONCLUSIVE[answer] in output
    assert read_report(tmp_path)["reason"] in output


CHILD = """
import sys
from alphaedge_conformance.cli.conform import main
code = main()
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
sys.exit(code)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize(
    "answer", some([gzip_bomb, endless_body, endless_in_small_pieces], 3), ids=lambda each: each.__name__
)
def test_memory_is_bounded_with_the_default_limits(answer: Answer) -> None:
    with serving(Target(answer)) as url:
        done = subprocess.run([sys.executable, "-c", CHILD, url], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert int(done.stdout.split()[-1]) * 1024 < MEMORY


@pytest.mark.parametrize("answer", some(DEVIATING, 2), ids=lambda answer: answer.__name__)
def test_a_target_that_answers_too_much_or_never_ends(answer: Answer, conform: Conform, tmp_path: Path) -> None:
    with serving(Target(answer)) as url:
        code, _ = ends(conform, url, tmp_path, "-k", "completion or stream or chunk or type or accepted")
    assert code == 1
    found = read_report(tmp_path)
    failed = {each["id"]: each["findings"][0]["message"] for each in found["requirements"] if each["findings"]}
    where, says = DEVIATING[answer]
    assert says in failed[where]


def test_a_stream_that_time_cut_says_nothing(conform: Conform, tmp_path: Path) -> None:
    """It may be slow, or without end: what is right of it cannot be told from what is wrong."""
    with serving(Target(endless_stream)) as url:
        code, _ = ends(conform, url, tmp_path, "-k", "stream.done or stream.folds")
    assert code == 2
    found = {each["id"]: (each["status"], each["reason"]) for each in read_report(tmp_path)["requirements"]}
    status, reason = found["stream.done"]
    assert status == "inconclusive"
    assert "no end within 1.2 s" in reason


@pytest.mark.parametrize(("pause", "code"), [(0.9, 0), (None, 1)])
def test_a_stream_has_its_own_time_to_end_after_done(suite: Suite, pause: float | None, code: int) -> None:
    """The limit of the whole exchange, here soon after [DONE], does not cut it short; one that stays open fails."""

    async def ends_late(asked: Asked) -> None:
        if not asked.streams:
            await asked.send(response(completion()))
            return
        await asked.send(chunked(media_type=b"text/event-stream"))
        await asyncio.sleep(0.3)
        await asked.send(piece(b"data: {}\n\ndata: [DONE]\n\n"))
        await asyncio.sleep(100 if pause is None else pause)
        await asked.send(b"0\r\n\r\n")

    with serving(Target(ends_late)) as url:
        limits = Limits(whole=0.8, after_done=0.9 if pause is None else 5)
        run = suite.run(
            ["stream.ends"], build_target(suite.contract, url, None, ""), Settings(limits=limits, concurrency=99)
        )
    verdict = run.verdicts["stream.ends"]
    assert run.conclusion.exit_code == code
    if code:
        assert "no end within 0.9 s of [DONE]" in verdict.findings[0].message
    assert Limits().after_done >= 3


def test_a_proxy_is_not_asked_for_a_loopback_address(
    suite: Suite, conform: Conform, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with serve(Mock(contract)) as url:
        for address in (url, url.replace("127.0.0.1", "localhost"), None):
            done = conform(*([address] if address else []), "-k", "usage and sum")
            assert done.returncode == 0, done.stdout
    done = conform("http://somewhere.invalid", "-k", "usage and sum")
    assert "nothing listens there" in done.stdout  # the proxy does not


def test_what_hangs_is_not_waited_for_again_and_again(conform: Conform, tmp_path: Path) -> None:
    """Three answers of a kind that do not end are enough, so that the run ends soon; the rest is inconclusive."""
    target = Target(endless_stream)
    with serving(target) as url:
        ends(conform, url, tmp_path)
    assert 3 <= sum(asked.streams for asked in target.asked) <= 10
    assert "3 streams in a row were given up before" in {
        (each["reason"] or "").partition("sent: ")[2] for each in read_report(tmp_path)["requirements"]
    }


def test_a_server_that_dies_midway(conform: Conform, tmp_path: Path) -> None:
    async def dies_after_20(asked: Asked) -> None:
        if asked.number <= 20:
            await asked.send(response(completion(), b"Connection: close"))
        else:
            await target.stop_listening()
            asked.reset()

    target = Target(dies_after_20)
    with serving(target) as url:
        code, output = ends(conform, url, tmp_path)
    assert code == 1
    assert "nothing listens there any more" in output
    assert read_report(tmp_path)["cost"]["requests"] < 60


def test_the_tests_own_server_leaves_no_connection_open() -> None:
    """It stops listening while others come; what it leaves open is a warning, and so an error, when it is collected."""

    async def stops(asked: Asked) -> None:
        await target.stop_listening()
        asked.reset()

    def comes(address: tuple[str, int]) -> None:
        with suppress(OSError), socket.create_connection(address, 1) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
            connection.recv(1)

    for _ in range(20):
        target = Target(stops)
        with serving(target) as url, ThreadPoolExecutor(20) as pool:
            list(pool.map(comes, [("127.0.0.1", int(url.rpartition(":")[2]))] * 20))
    gc.collect()


def test_a_kept_connection_that_is_closed(conform: Conform, tmp_path: Path) -> None:
    """As uvicorn does after an error of the application: the next request on the connection is read by nobody."""

    async def closes_after_each_second_answer(asked: Asked) -> None:
        seen[asked.writer] = seen.get(asked.writer, 0) + 1
        await asked.send(response(completion()))
        if seen[asked.writer] == 2:
            await asked.reader.read(1)
            asked.reset()

    seen: dict[asyncio.StreamWriter, int] = {}
    target = Target(closes_after_each_second_answer)
    with serving(target) as url:
        ends(conform, url, tmp_path, "-k", "completion.type or request.model-type")
    entries = json.loads((tmp_path / "exchanges.har").read_bytes())["log"]["entries"]
    assert {entry["response"]["status"] for entry in entries} == {200}
    assert len(entries) > 9
    assert len(entries) == len(target.asked) < read_report(tmp_path)["cost"]["requests"]


def test_what_is_sent_again_is_counted(conform: Conform, tmp_path: Path) -> None:
    """A server that closes whatever comes second on a connection gets one more request for it, and no third."""

    async def closes_what_comes_second(asked: Asked) -> None:
        if asked.writer in seen:
            asked.reset()
        else:
            seen.add(asked.writer)
            await asked.send(response(completion()))

    seen: set[asyncio.StreamWriter] = set()
    target = Target(closes_what_comes_second)
    with serving(target) as url:
        ends(conform, url, tmp_path, "--max-requests", "12", "--concurrency", "2")
    assert len(target.asked) == read_report(tmp_path)["cost"]["requests"] == 12
    entries = json.loads((tmp_path / "exchanges.har").read_bytes())["log"]["entries"]
    assert [entry["response"]["status"] for entry in entries].count(200) >= 6


def test_a_rate_limit_that_never_ends(conform: Conform, tmp_path: Path) -> None:
    async def limits_after_20(asked: Asked) -> None:
        await (asked.send(response(completion())) if asked.number <= 20 else limits_everything(asked))

    with serving(Target(limits_after_20)) as url:
        _, output = ends(conform, url, tmp_path)
    assert "the server answers 429 or 503 to everything" in output


def test_a_certificate_that_nobody_trusts(conform: Conform, contract: Contract, tmp_path: Path) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=tests"
    command += f" -addext subjectAltName=IP:127.0.0.1 -keyout {key} -out {certificate}"
    subprocess.run(command.split(), check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)

    async def good(asked: Asked) -> None:
        await asked.send(response(completion()))

    digest = sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text("ascii"))).hexdigest().upper()
    with serving(Target(good, tls)) as url:
        code, output = ends(conform, url, tmp_path / "untrusted")
        assert code == 2
        assert f"the certificate of {url}, SHA-256 {digest[:2]}:{digest[2:4]}:" in output
        assert "self-signed certificate; trust its issuer with --ca-file" in output
        code, _ = ends(conform, url, tmp_path / "trusted", "--ca-file", str(certificate), "-k", "usage and sum")
        assert code == 0
        code, output = ends(conform, url.replace("https", "http"), tmp_path / "no-tls")
        assert code == 2
    with serve(Mock(contract)) as url:
        code, output = ends(conform, url.replace("http", "https"), tmp_path / "tls-to-http")
    assert code == 2
    assert "TLS failed" in output


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_rejects_an_invalid_ca_file(conform: Conform, tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "ca.pem").write_text(content, "ascii")
    done = conform("https://127.0.0.1:9", "--ca-file", str(tmp_path / "ca.pem"))
    assert done.returncode == 4
    assert len(done.stderr.splitlines()) == 1
    assert "expected certificates in PEM" in done.stderr


@pytest.mark.parametrize("location", ["http://127.0.0.1:1/elsewhere", "/v1/elsewhere"])
def test_a_redirect_is_not_followed(conform: Conform, tmp_path: Path, location: str) -> None:
    async def redirects(asked: Asked) -> None:
        await asked.send(response(b"", f"Location: {location}".encode(), status=b"307 Temporary Redirect"))

    target = Target(redirects)
    with serving(target) as url:
        code, output = ends(conform, url, tmp_path, key="sk-a-key-that-goes-nowhere-else")
    assert code == 2
    assert f"points to {location}; the key is sent nowhere else, so give that URL yourself" in output
    assert len(target.asked) == 1


def odd(media_type: bytes, status: bytes) -> Answer:
    async def answers(asked: Asked) -> None:
        await asked.send(response(completion(), media_type=media_type, status=status))

    return answers


@pytest.mark.parametrize(
    ("answer", "breaks"),
    [
        (odd(b"text/html", b"200 OK"), "completion.media-type"),
        (odd(b"application/json", b"201 Created"), "request.temperature-accepted"),
    ],
)
def test_an_odd_label_of_a_completion_is_a_finding(suite: Suite, answer: Answer, breaks: str) -> None:
    """All else is judged."""
    wanted = [breaks, "usage.total-is-the-sum"]
    with serving(Target(answer)) as url:
        run = suite.run(wanted, build_target(suite.contract, url, None, ""), Settings())
    assert {id: verdict.status for id, verdict in run.verdicts.items()} == {
        breaks: "failed",
        "usage.total-is-the-sum": "passed",
    }


def test_requests_without_a_token_limit_come_last_and_alone(suite: Suite) -> None:
    now: set[int] = set()
    beside: list[set[int]] = []

    async def notes_what_is_under_way(asked: Asked) -> None:
        if b"max_tokens" not in asked.body and asked.body.startswith(b"{"):
            beside.append({*now})
        now.add(asked.number)
        await asyncio.sleep(0.05)
        now.remove(asked.number)
        await asked.send(response(completion()))

    server = Target(notes_what_is_under_way)
    with serving(server) as url:
        run = suite.run(
            ["request.max-tokens-accepted", "usage.type"], build_target(suite.contract, url, None, ""), Settings()
        )
    assert beside == [set()]
    unlimited = [is_unlimited(each.probe) for each in sorted(run.exchanges, key=lambda each: each.started)]
    assert 1 <= unlimited.count(True) < len(unlimited)
    assert unlimited == sorted(unlimited)


def test_every_attempt_is_in_the_archive(suite: Suite, tmp_path: Path) -> None:
    """And what is judged again is what was judged."""

    async def limits_every_third(asked: Asked) -> None:
        await (limits_everything(asked) if asked.number % 3 == 0 else asked.send(response(completion())))

    server = Target(limits_every_third)
    with serving(server) as url:
        settings = Settings(report=tmp_path)
        run = suite.run(["usage.type"], build_target(suite.contract, url, None, ""), settings)
    entries = json.loads((tmp_path / "exchanges.har").read_bytes())["log"]["entries"]
    assert len(entries) == len(server.asked) == run.requests > len(run.exchanges)
    assert [entry["response"]["status"] for entry in entries].count(429) == len(server.asked) // 3
    recording = har.read([tmp_path / "exchanges.har"], suite.contract.path)
    assert len(recording.exchanges) == len(run.exchanges)


def test_judging_does_not_hold_up_what_is_sent_and_read(suite: Suite) -> None:
    """The next request goes out while the answer before it is still being judged."""
    next_came = threading.Event()

    async def good(asked: Asked) -> None:
        if asked.number == 3:
            next_came.set()
        await asked.send(response(completion()))

    def judge(exchange: Exchange) -> None:
        assert exchange.number != 2 or next_came.wait(10)

    with serving(Target(good)) as url:
        target = build_target(suite.contract, url, None, "")
        plan = suite.plan(["usage.type"], target, Settings())
        Runner(target, Settings(concurrency=1), judge).run(Plan(plan.probes[:3]))


def test_what_judging_raises_ends_the_run(suite: Suite) -> None:
    def judge(exchange: Exchange) -> None:
        raise ZeroDivisionError

    async def good(asked: Asked) -> None:
        await asked.send(response(completion()))

    with serving(Target(good)) as url:
        target = build_target(suite.contract, url, None, "")
        plan = suite.plan(["usage.type"], target, Settings())
        with pytest.raises(ZeroDivisionError):
            Runner(target, Settings(), judge).run(plan)
