"""Recordings of other programs: judged on what they show, and nobody accused for what the contract does not name."""

from __future__ import annotations

import errno
import io
import json
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaedge_conformance.archive import har
from alphaedge_conformance.contract import Contract
from alphaedge_conformance.errors import ConfigurationError
from alphaedge_conformance.exchange.authorization import headers
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.judging.verdicts import Status
from alphaedge_conformance.maintain.kill_matrix import trial
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.mock.faults import BY_HAND
from alphaedge_conformance.run.embedded_mock import MOCK_PACE
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.sending.settings import Settings

from ..changing import JSON, places, replaced
from ..helpers import KEY, Conform

Json = dict[str, Any]
HELLO = [{"role": "user", "content": "Hello!"}]
ASKED: Json = {"model": "alphaedge-large-3-2512", "messages": [{"role": "user", "content": "Hello!"}], "max_tokens": 8}


class Recorder:
    """A program that talks to a server, and saves what was said as browsers and proxies do: whole bodies, other
    requests besides, no arrival times."""

    def __init__(self, url: str) -> None:
        self.url, self.entries = url, list[Json]()
        self._send("GET", "/favicon.ico")

    def post(self, body: Any, sent: Mapping[str, str] | None = None) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"} if sent is None else sent
        self._send("POST", "/v1/chat/completions", content=content, headers=sent)

    def _send(self, method: str, path: str, **rest: Any) -> None:
        with httpx.Client(trust_env=False) as http:
            answer = http.request(method, self.url + path, **rest)
        request = answer.request
        entry: Json = {
            "startedDateTime": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "time": 1000 * answer.elapsed.total_seconds(),
            "request": {
                "method": request.method,
                "url": f"{request.url}?debug=1",
                "headers": [{"name": name, "value": value} for name, value in request.headers.items()],
            },
            "response": {
                "status": answer.status_code,
                "headers": [{"name": name, "value": value} for name, value in answer.headers.items()],
                "content": {"size": len(answer.content), "mimeType": answer.headers.get("content-type", "")},
            },
            "timings": {"send": 0, "wait": 1, "receive": 0},
        }
        entry["request"]["bodySize"] = len(request.content)
        if request.content:
            entry["request"]["postData"] = {"mimeType": "application/json", "text": request.content.decode()}
        if answer.content:
            entry["response"]["content"] |= {"text": b64encode(answer.content).decode(), "encoding": "base64"}
        self.entries.append(entry)

    def save(self, path: Path, change: Callable[[Json], object] = lambda entry: None) -> Path:
        for entry in self.entries:
            change(entry)
        log = {"version": "1.2", "creator": {"name": "a browser", "version": "1"}, "entries": self.entries}
        path.write_text(json.dumps({"log": log}), "utf-8")
        return path


@pytest.fixture
def recorder(contract: Contract) -> Iterator[Recorder]:
    with serve(Mock(contract, KEY)) as url:
        yield Recorder(url)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "saved.har"


def judged(conform: Conform, file: Path, *arguments: str) -> tuple[int, dict[str, Json]]:
    """The exit code, and what is said of each requirement."""
    out = file.parent / "out"
    done = conform("--from-har", str(file), "--report", str(out), *arguments)
    assert KEY not in done.stdout + done.stderr + "".join(path.read_text("utf-8") for path in out.iterdir())
    found = json.loads((out / "report.json").read_text("utf-8"))
    return done.returncode, {each["id"]: each for each in found["requirements"]}


def failures(found: dict[str, Json]) -> set[str]:
    return {id for id, each in found.items() if each["status"] == "failed"}


def test_what_a_program_sent_shows_what_it_can(conform: Conform, recorder: Recorder, file: Path) -> None:
    recorder.post(ASKED)
    recorder.post({**ASKED, "stream": True})
    recorder.post({**ASKED, "max_tokens": 0})
    code, found = judged(conform, recorder.save(file))
    assert code == 2  # not all can be seen, so never green
    assert failures(found) == set()
    for id in ("usage.total-is-the-sum", "completion.id-type", "stream.done", "chunk.object-const", "error.error-type"):
        assert found[id]["status"] == "passed", id
    for id in ("request.temperature-maximum", "authorization.wrong-key-refused", "stream.incremental"):
        assert found[id]["status"] == "inconclusive", id


def test_a_fault_is_seen_in_what_a_program_sent(conform: Conform, contract: Contract, file: Path) -> None:
    with serve(BY_HAND["total-is-the-prompt"].make(contract, KEY)) as url:
        recorder = Recorder(url)
        recorder.post({**ASKED, "temperature": 0.3})
    code, found = judged(conform, recorder.save(file))
    assert code == 1
    assert failures(found) == {"usage.total-is-the-sum"}


def test_what_the_contract_does_not_name_accuses_nobody(conform: Conform, contract: Contract, file: Path) -> None:
    """Tools lead to another finish_reason, and n to more choices; that is between the program and its server."""

    class Calling(Mock):
        def completion(self, *arguments: Any) -> Json:
            made: Json = super().completion(*arguments)
            made["choices"][0]["finish_reason"] = "tool_calls"
            made["choices"][0]["message"]["content"] = None
            return made

    with serve(Calling(contract, KEY)) as url:
        recorder = Recorder(url)
        recorder.post({**ASKED, "tools": [{"type": "function"}]})
        recorder.post({**ASKED, "messages": [{"role": "user", "content": "Hi", "name": "Ann"}]})
    code, found = judged(conform, recorder.save(file))
    assert code == 2
    assert failures(found) == set()


@pytest.mark.slow
def test_our_own_run_through_a_proxy_is_known_again(suite: Suite, conform: Conform, file: Path) -> None:
    """Each probe of the plan is found by what it sends, so that nearly all can be judged."""
    with serve(Mock(suite.contract, KEY, tokens_per_second=MOCK_PACE)) as url:
        recorder = Recorder(url)
        target = build_target(suite.contract, url, None, KEY)
        for probe in suite.plan(list(suite.requirements), target, Settings()).probes:
            sent = headers(probe, KEY)
            if probe.method == "POST" and "".join(sent.values()).isascii():
                try:
                    (probe.body or b"").decode()
                except UnicodeDecodeError:
                    continue
                recorder.post(probe.body or b"", sent)
    code, found = judged(conform, recorder.save(file))
    left = {id for id, each in found.items() if each["status"] != "passed"}
    assert code == 2
    assert failures(found) == set()
    of_http = {id for id in found if id.startswith("endpoint.")} - {"endpoint.stays-available"}  # shown by the control
    no_text = {"body.malformed-json-refused", "authorization.wrong-key-refused"}
    same_json = {"body.odd-json-undecided", "request.large-never-5xx"}
    assert left == {*of_http, "stream.incremental", *no_text, *same_json}, left


def no_key(entry: Json) -> None:
    sent = entry["request"]["headers"]
    entry["request"]["headers"] = [header for header in sent if header["name"] != "authorization"]


def no_body(entry: Json) -> None:
    entry["response"]["content"].pop("text", None)


def test_browsers_leave_the_key_out(conform: Conform, recorder: Recorder, file: Path) -> None:
    recorder.post(ASKED)
    _, found = judged(conform, recorder.save(file, no_key))
    assert found["usage.total-is-the-sum"]["status"] == "passed"
    assert found["authorization.key-not-echoed"]["status"] == "not-applicable"


def test_a_body_that_was_not_saved_says_nothing(conform: Conform, recorder: Recorder, file: Path) -> None:
    recorder.post(ASKED)
    code, found = judged(conform, recorder.save(file, no_body))
    assert code == 2
    assert {each["status"] for each in found.values()} == {"inconclusive"}


def test_what_was_judged_can_be_judged_again(conform: Conform, recorder: Recorder, file: Path, tmp_path: Path) -> None:
    """The archive that the judging of an archive writes says the same, without the key."""
    recorder.post(ASKED)
    first = judged(conform, recorder.save(file))
    written = tmp_path / "again" / "exchanges.har"
    written.parent.mkdir()
    written.write_bytes((tmp_path / "out" / "exchanges.har").read_bytes())
    assert judged(conform, written) == first


def test_a_recording_is_not_overwritten(conform: Conform, recorder: Recorder, tmp_path: Path) -> None:
    recorder.post(ASKED)
    recorder.save(tmp_path / "exchanges.har")
    done = conform("--from-har", str(tmp_path / "exchanges.har"), "--report", str(tmp_path))
    assert done.returncode == 4
    assert "would be overwritten" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["exchanges.har"]


def test_without_the_operation_there_is_nothing_to_judge(conform: Conform, recorder: Recorder, file: Path) -> None:
    done = conform("--from-har", str(recorder.save(file)))
    assert done.returncode == 4
    assert "with at least one request to /v1/chat/completions" in done.stderr


# What is read with doubt


def aborted(entry: Json) -> None:
    """As Chrome saves a stream that the user stopped."""
    entry["_error"] = "net::ERR_ABORTED"
    entry["response"]["content"]["text"] = b64encode(b'data: {"id": "x"').decode()


def truncated(entry: Json) -> None:
    content = entry["response"]["content"]
    content["text"] = b64encode(b64decode(content.get("text", ""))[:60]).decode()


def emptied(entry: Json) -> None:
    entry["response"]["content"] = {"size": 0, "mimeType": "text/event-stream"}


def unasked(entry: Json) -> None:
    entry["request"].pop("postData", None)
    entry["request"]["bodySize"] = 300


def odd(entry: Json) -> None:
    entry |= {"time": 1e308, "startedDateTime": "9999-12-31T23:59:59-23:00"}


@pytest.mark.parametrize("change", [aborted, truncated, emptied, unasked, odd])
def test_what_was_not_saved_whole_accuses_nobody(
    conform: Conform, recorder: Recorder, file: Path, change: Callable[[Json], object]
) -> None:
    recorder.post({**ASKED, "stream": True})
    for entry in recorder.entries:
        change(entry)
    recorder.post(ASKED)
    code, found = judged(conform, recorder.save(file))
    assert code == 2
    assert failures(found) == set()
    assert found["usage.total-is-the-sum"]["status"] == "passed"


def without_headers(entry: Json) -> None:
    entry["response"]["headers"] = []


def test_what_an_export_left_out_accuses_nobody(conform: Conform, recorder: Recorder, file: Path) -> None:
    recorder.post(ASKED)
    _, found = judged(conform, recorder.save(file, without_headers))
    assert failures(found) == set()


def test_an_exchange_that_is_there_twice_has_no_id_twice(conform: Conform, recorder: Recorder, file: Path) -> None:
    recorder.post(ASKED)
    recorder.entries.append(dict(recorder.entries[-1]))
    _, found = judged(conform, recorder.save(file))
    assert failures(found) == set()


def test_another_key_that_works_accuses_nobody(conform: Conform, contract: Contract, file: Path) -> None:
    with serve(Mock(contract)) as url:
        recorder = Recorder(url)
        recorder.post(ASKED)
        recorder.post(ASKED, {"Content-Type": "application/json", "Authorization": "Bearer sk-of-somebody-else"})
        recorder.post(ASKED, {"Content-Type": "application/json"})
    _, found = judged(conform, recorder.save(file))
    assert failures(found) == set()


def test_requests_to_two_servers_are_not_one(conform: Conform, recorder: Recorder, file: Path) -> None:
    recorder.post(ASKED)
    recorder.post(ASKED)
    recorder.entries[-1]["request"]["url"] = "http://other.example/v1/chat/completions"
    done = conform("--from-har", str(recorder.save(file)))
    assert done.returncode == 4
    assert "other.example; name one with --host" in done.stderr
    for host in ("other.example", recorder.url.removeprefix("http://")):
        judged(conform, file, "--host", host)
        assert host in json.loads((file.parent / "out" / "report.json").read_text("utf-8"))["target"]["url"]
    nowhere = conform("--from-har", str(file), "--host", "nowhere.example")
    assert nowhere.returncode == 4
    assert "holds no request to nowhere.example; there are requests to " in nowhere.stderr


def test_what_was_seen_can_be_green(conform: Conform, recorder: Recorder, file: Path) -> None:
    recorder.post(ASKED)
    recorder.post({**ASKED, "stream": True})
    recorder.save(file)
    assert conform("--from-har", str(file)).returncode == 2
    out = file.parent / "out"
    done = conform("--from-har", str(file), "--seen", "--report", str(out))
    found = json.loads((out / "report.json").read_text("utf-8"))
    statuses = [each["status"] for each in found["requirements"]]
    assert (done.returncode, found["verdict"], found["seen_only"]) == (0, "conforms", True)
    assert 0 < statuses.count("passed") < len(statuses)
    said = f"{statuses.count('passed')} of {len(statuses)} requirements judged, all passed"
    assert done.stdout.splitlines()[-1].startswith(f"CONFORMS: {said} · ")
    assert said in (out / "report.html").read_text("utf-8")
    assert "inconclusive MUST" not in done.stdout
    assert "<error" not in (out / "junit.xml").read_text("utf-8")


def test_what_was_seen_and_is_wrong_is_red(conform: Conform, contract: Contract, file: Path) -> None:
    with serve(BY_HAND["total-is-the-prompt"].make(contract, KEY)) as url:
        recorder = Recorder(url)
        recorder.post(ASKED)
    done = conform("--from-har", str(recorder.save(file)), "--seen")
    assert done.returncode == 1
    assert "requirements judged, 1 failed" in done.stdout


def test_nothing_seen_is_not_green(conform: Conform, recorder: Recorder, file: Path) -> None:
    recorder.post({**ASKED, "max_tokens": 0})
    assert conform("--from-har", str(recorder.save(file)), "--seen").returncode == 2
    done = conform("--from-har", str(file), "--seen", "-k", "temperature-maximum")
    assert done.returncode == 2


def test_several_files_are_one_recording(conform: Conform, recorder: Recorder, file: Path) -> None:
    recorder.post(ASKED)
    plain = recorder.save(file.with_name("plain.har"))
    recorder.entries.clear()
    recorder.post({**ASKED, "stream": True})
    recorder.save(file)
    code, found = judged(conform, file, "--from-har", str(plain), "--seen")
    assert code == 0
    for id in ("completion.id-type", "chunk.object-const"):
        assert found[id]["status"] == "passed"
    _, alone = judged(conform, file)
    assert alone["completion.id-type"]["status"] == "inconclusive"


def test_a_recording_of_ours_is_judged_by_itself(
    conform: Conform, suite: Suite, recorder: Recorder, file: Path
) -> None:
    trial(suite, Mock, ["usage.type"], report=file.parent)
    recorder.post(ASKED)
    ours = str(file.with_name("exchanges.har"))
    other = str(recorder.save(file))
    for more, says in ((("--from-har", other), "judge it alone"), (("--host", "x"), "omit --host")):
        done = conform("--from-har", ours, *more)
        assert done.returncode == 4
        assert says in done.stderr


@pytest.mark.parametrize(
    "line",
    [
        {"id": "chatcmpl-1", "call_type": "acompletion", "model": "m", "messages": [], "response": {}},  # LiteLLM
        {"custom_id": "request-1", "method": "POST", "url": "/v1/chat/completions", "body": {}},  # OpenAI
    ],
)
def test_the_log_of_a_gateway_is_told_from_a_recording(conform: Conform, file: Path, line: Json) -> None:
    file.write_text(f"{json.dumps(line)}\n" * 2, "utf-8")
    done = conform("--from-har", str(file))
    assert done.returncode == 4
    assert "found JSON lines" in done.stderr
    assert "record HAR instead, with a browser or a proxy" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("option", [("--seen",), ("--host", "x")])
def test_options_of_a_recording_want_one(conform: Conform, option: tuple[str, ...]) -> None:
    done = conform("http://127.0.0.1:9", *option)
    assert done.returncode == 4
    assert "goes with --from-har FILE" in done.stderr


def test_no_credential_of_a_recording_is_kept(conform: Conform, recorder: Recorder, file: Path) -> None:
    """Neither another key, nor a password in the address, nor a cookie."""
    other, password, cookie = "sk-of-somebody-else-77", "pa55word-88", "session-99"
    recorder.post(ASKED)
    recorder.post(
        ASKED, {"Content-Type": "application/json", "Authorization": f"Bearer {other}", "X-Api-Key": "k-66-k-66"}
    )

    def plant(entry: Json) -> None:
        entry["request"]["url"] = entry["request"]["url"].replace("http://", f"http://user:{password}@")
        said = f"{KEY} {other} {password} k-66-k-66"
        entry["response"]["headers"] += [
            {"name": "set-cookie", "value": cookie},
            {"name": f"x-{other}", "value": said},
        ]
        if entry["response"]["status"] == 401:
            entry["response"]["content"] = {"size": len(said), "text": said, "mimeType": "text/plain"}

    recorder.save(file, plant)
    judged(conform, file)
    kept = "".join(path.read_text("utf-8") for path in (file.parent / "out").iterdir()).lower()
    assert not [secret for secret in (KEY, other, password, cookie, "k-66-k-66") if secret.lower() in kept]


def test_a_recording_paints_no_terminal(conform: Conform, recorder: Recorder, file: Path) -> None:
    recorder.post({**ASKED, "model": "\x1b[2J\u202e"})
    recorder.entries[-1]["request"]["url"] = recorder.url + "/\x1b[2J/v1/chat/completions"
    done = conform("--from-har", str(recorder.save(file)))
    assert not [char for char in done.stdout if char in "\x1b\u202e"]


def test_a_probe_of_an_old_recording_is_known_by_what_was_sent(suite: Suite, tmp_path: Path) -> None:
    """Its name and its sentence may have changed since."""
    run = trial(suite, Mock, report=tmp_path)
    archive = json.loads((tmp_path / "exchanges.har").read_bytes())
    for number, entry in enumerate(archive["log"]["entries"]):
        entry["_probe"] |= {"name": f"an old name {number}", "why": "Another sentence.", "about": []}
    (tmp_path / "old.har").write_text(json.dumps(archive), "utf-8")
    recording = har.read([tmp_path / "old.har"], suite.contract.path)
    again = suite.replay(list(suite.requirements), recording, Settings())
    assert {id: each.status for id, each in again.verdicts.items()} == {
        id: each.status for id, each in run.verdicts.items()
    }


def test_a_request_that_was_valid_once_says_nothing(suite: Suite, tmp_path: Path) -> None:
    trial(suite, Mock, report=tmp_path)
    archive = json.loads((tmp_path / "exchanges.har").read_bytes())
    control = archive["log"]["entries"][0]
    control["request"]["postData"]["text"] = '{"model": "m", "prompt": "Hello!"}'
    archive["log"]["entries"] = [control]
    (tmp_path / "old.har").write_text(json.dumps(archive), "utf-8")
    again = suite.replay(list(suite.requirements), har.read([tmp_path / "old.har"], suite.contract.path), Settings())
    found = {each.status for each in again.verdicts.values()}
    assert found <= {Status.INCONCLUSIVE, Status.NOT_APPLICABLE, Status.PASSED}


PLACES: list[tuple[tuple[str | int, ...], object]] = [
    (("_number",), "1"),
    (("_started",), None),
    (("_started",), 10**400),
    (("_elapsed",), 1e400),
    (("_cut",), "no"),
    (("_chunks", 0, 0), []),
    (("_probe", "media_type"), 5),
    (("_probe", "about"), [[]]),
    (("_probe", "turn"), True),
    (("request", "url"), {}),
    (("response", "status"), "200"),
    (("response", "headers", 0, "value"), 7),
]


@pytest.mark.parametrize(("place", "value"), PLACES, ids=[f"{'/'.join(map(str, at))}={by!r:.9}" for at, by in PLACES])
def test_a_recording_of_ours_that_was_changed_is_refused(
    conform: Conform, suite: Suite, file: Path, place: tuple[str | int, ...], value: object
) -> None:
    trial(suite, Mock, ["usage.type"], report=file.parent)
    archive = json.loads(file.with_name("exchanges.har").read_bytes())
    *path, last = place
    reduce(lambda inner, step: inner[step], path, archive["log"]["entries"][0])[last] = value
    file.write_text(json.dumps(archive), "utf-8")
    done = conform("--from-har", str(file))
    assert (done.returncode, done.stdout) == (4, "")
    assert f"{file}: expected an HTTP Archive (HAR 1.2)" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow  # 30 s
def test_any_change_of_a_recording_is_refused_or_judged(suite: Suite, tmp_path: Path) -> None:
    trial(suite, Mock, ["usage.type", "stream.done", "error.json"], report=tmp_path)
    archive = json.loads((tmp_path / "exchanges.har").read_bytes())
    archive["log"]["entries"] = archive["log"]["entries"][:6]
    every, file = places(archive), tmp_path / "changed.har"

    @settings(max_examples=500, deadline=None)
    @given(where=st.integers(0, 10**6), value=JSON | st.sampled_from([10**400, "2026-99-99T00:00:00Z", "http://[::1"]))
    def judge_changed(where: int, value: Any) -> None:
        file.write_text(json.dumps(replaced(archive, every[where % len(every)], value)), "utf-8")
        with suppress(ConfigurationError):
            recording = har.read([file], suite.contract.path)
            verdicts = suite.replay(list(suite.requirements), recording, Settings()).verdicts.values()
            assert [each.reason for each in verdicts if each.status is Status.KIT_ERROR] == []

    judge_changed()


class Full(io.BytesIO):
    """A disk with room for so much, that writes less than it is asked to."""

    name = "exchanges.har"
    room = 10**9

    def write(self, data: Any) -> int:
        if self.tell() >= self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(bytes(data)[:1000])


@pytest.mark.parametrize("room", [0, 10_000, None])
def test_a_full_disk_loses_no_run(
    suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int | None
) -> None:
    disk = Full()
    disk.room = 10**9 if room is None else room
    opened = Path.open
    monkeypatch.setattr(
        Path,
        "open",
        lambda path, *arguments, **named: disk if path.name == disk.name else opened(path, *arguments, **named),
    )
    kept: list[bytes] = []
    monkeypatch.setattr(disk, "close", lambda: kept.append(disk.getvalue()))
    run = trial(suite, Mock, ["usage.type", "stream.done"], report=tmp_path)
    assert run.conclusion == "conforms"
    if room is None:
        assert run.archive_failure is None
        assert len(json.loads(kept[0])["log"]["entries"]) == len(run.exchanges)
    else:
        assert run.archive_failure == "exchanges.har: No space left on device; the archive is incomplete"


def test_a_full_disk_is_told_in_one_line(tmp_path: Path) -> None:
    command = ["sh", "-c", 'ulimit -f 64 && exec "$@"', "sh", str(Path(sys.executable).with_name("alphaedge-conform"))]
    command += ["-k", "usage", "--report", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert [line for line in done.stderr.splitlines() if "the archive is incomplete" in line]
    assert "Traceback" not in done.stderr
    assert "CONFORMS" in done.stdout


def test_another_key_that_is_refused_accuses_nobody(recorder: Recorder, file: Path, conform: Conform) -> None:
    """The request is one of the plan, and valid; whose key it carries, nobody knows."""
    recorder.post(ASKED)
    wrong = {"Content-Type": "application/json", "Authorization": "Bearer sk-mistyped-by-somebody"}
    recorder.post({name: value for name, value in ASKED.items() if name != "max_tokens"} | {"messages": HELLO}, wrong)
    code, verdicts = judged(conform, recorder.save(file), "--seen")
    assert {id: each["findings"] for id, each in verdicts.items() if each["status"] == "failed"} == {}
    assert code == 0
