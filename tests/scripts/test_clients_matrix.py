"""What named clients make of departures: the cells, the replay server, and the page; no client runs here."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from alphaedge_conformance.mock.faults import BY_HAND

from ..helpers import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import clients_matrix

TEXT, DUE = {"text": "Hello!"}, {"text": "Hello! How"}


@pytest.mark.parametrize(
    ("came", "due", "cell"),
    [
        (DUE, DUE, "nothing"),
        (TEXT, DUE, "loses text"),
        ({"text": ""}, DUE, "loses the text"),
        ({"text": None}, DUE, "the text None"),
        ({"text": "Hello!Hello! How"}, DUE, "another text"),
        ({"raises": "APIError"}, DUE, "raises APIError"),
        ({"hangs": True}, DUE, "hangs"),
        ({"raises": "BadRequestError"}, {"raises": "BadRequestError"}, "nothing"),
        ({"raises": "InternalServerError"}, {"raises": "BadRequestError"}, "raises InternalServerError"),
        (TEXT, {"raises": "BadRequestError"}, "no BadRequestError"),
    ],
)
def test_a_cell(came: dict[str, Any], due: dict[str, Any], cell: str) -> None:
    assert clients_matrix.cell(came, due) == cell


def exchange(end: str) -> dict[str, Any]:
    chunks = [[0.0, "data: 1\n\n"], [0.05, "data: \u00c3\u00a9\n\n"]]
    headers = [["Content-Type", "text/event-stream"], ["Content-Length", "3"]]
    return {"status": 203, "headers": headers, "chunks": chunks, "end": end}


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    for end in ("whole", "broken", "open"):
        recording = {"departure": exchange(end), "expected": exchange("whole")}
        (tmp_path / f"{end}.json").write_text(json.dumps(recording))
    command = [sys.executable, str(clients_matrix.CLIENTS / "replay.py"), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.terminate()


def test_a_recording_is_replayed_byte_for_byte(url: str) -> None:
    for which in ("departure", "expected"):
        answer = httpx.post(f"{url}/whole/{which}/v1/chat/completions", content=b"{}", trust_env=False)
        assert answer.status_code == 203
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.content == "data: 1\n\ndata: é\n\n".encode()


def test_the_end_of_a_recording_is_replayed_too(url: str) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(f"{url}/broken/departure/v1/chat/completions", content=b"{}", trust_env=False)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{url}/open/departure/v1/chat/completions", content=b"{}", timeout=0.5, trust_env=False)


def test_the_recordings_are_of_findings_and_hold_no_key() -> None:
    for each in clients_matrix.recordings():
        assert each["requirement"] in BY_HAND[each["fault"]].breaks
        assert each["departure"] != each["expected"]
        assert "sk-" not in json.dumps(each)


def test_the_page_is_what_the_results_give() -> None:
    results = json.loads(clients_matrix.RESULTS.read_text("utf-8"))
    assert clients_matrix.page(results) == clients_matrix.PAGE.read_text("utf-8")
    assert [row["fault"] for row in results["rows"]] == list(clients_matrix.FAULTS)
    assert results["versions"].keys() == {*clients_matrix.PYTHON, *clients_matrix.NODE}
    for row in results["rows"]:
        assert row["cells"].keys() == results["versions"].keys()


def test_the_locks_name_no_host() -> None:
    packages = json.loads((clients_matrix.CLIENTS / "node" / "package-lock.json").read_text())["packages"]
    assert all("integrity" in each and "resolved" not in each for name, each in packages.items() if name)
    lines = (clients_matrix.CLIENTS / "requirements.lock").read_text().splitlines()
    assert all(line.endswith(" \\") or line.startswith("    --hash=sha256:") for line in lines)
