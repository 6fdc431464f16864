"""Archives as a browser has them: it opens ours, and what it saved is judged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.mock.faults import BY_HAND

from ..chromium import chromium
from ..helpers import KEY, Conform

pytestmark = pytest.mark.xdist_group("opens chromium")
FETCH = """async ([url, body, key]) => {
    const headers = {"Content-Type": "application/json", Authorization: `Bearer ${key}`};
    const answer = await fetch(url, {method: "POST", headers, body});
    return [answer.status, await answer.text()];
}"""
ASKED = {"model": "alphaedge-large-3-2512", "messages": [{"role": "user", "content": "Hello!"}], "max_tokens": 16}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.mark.slow
def test_a_browser_answers_from_our_archive(
    browser: Browser, conform_process: Conform, contract: Contract, tmp_path: Path
) -> None:
    """As if the server were there, with each answer as it was. This thread has the event loop of the browser."""
    with serve(Mock(contract, KEY)) as url:
        conform_process(url, "-k", "usage and sum", "--report", str(tmp_path), key=KEY)
    archive = tmp_path / "exchanges.har"
    entries = json.loads(archive.read_bytes())["log"]["entries"]
    with browser.new_context() as context:
        context.route(f"{url}/", lambda route: route.fulfill(body="<p>a page of the same origin</p>"))
        context.route_from_har(archive, not_found="abort", url=f"{url}/v1/**")
        page = context.new_page()
        page.goto(f"{url}/")
        seen: set[str] = set()
        for entry in entries:
            request, response = entry["request"], entry["response"]
            is_readable = entry["_probe"]["key"] == "right" and "text" in response["content"]
            if is_readable and request["postData"]["text"] not in seen:  # of two alike a browser takes the first
                asked = [request["url"], request["postData"]["text"], "of this page"]
                assert page.evaluate(FETCH, asked) == [response["status"], response["content"]["text"]]
                seen.add(request["postData"]["text"])
    assert len(seen) > 5


@pytest.mark.parametrize(("fault", "code"), [(None, 2), ("total-is-the-prompt", 1)])
def test_what_a_browser_saved_is_judged(
    browser: Browser, conform: Conform, contract: Contract, tmp_path: Path, fault: str | None, code: int
) -> None:
    archive = tmp_path / "saved.har"
    make = BY_HAND[fault].make if fault else Mock
    with serve(make(contract, KEY)) as url, browser.new_context(record_har_path=archive) as context:
        page = context.new_page()
        page.goto(f"{url}/v1/models")
        stream = {"stream": True}
        for body in (ASKED, ASKED | stream, {**ASKED, "messages": []}, {**ASKED, "messages": []} | stream):
            page.evaluate(FETCH, [f"{url}/v1/chat/completions", json.dumps(body, separators=(",", ":")), KEY])
    done = conform("--from-har", str(archive), "--report", str(tmp_path / "out"))
    assert done.returncode == code, done.stdout + done.stderr
    statuses = {
        each["id"]: each["status"]
        for each in json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))["requirements"]
    }
    assert {id for id, status in statuses.items() if status == "failed"} == (
        {"usage.total-is-the-sum"} if fault else set()
    )
    for id in ("completion.id-type", "stream.done", "request.messages-min-items", "error.error-type"):
        assert statuses[id] == "passed", id
    assert KEY in archive.read_text("utf-8")
    assert not [path for path in (tmp_path / "out").iterdir() if KEY in path.read_text("utf-8")]
