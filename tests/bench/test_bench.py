"""What the bench claims of itself; nothing is measured here."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path

import pytest
from bench import judging, suite

from alphaedge_conformance.exchange import sse


@pytest.mark.parametrize(("ratio", "code"), [(1.2, 0), (1.5, 0), (1.51, 1)])
def test_several_targets_cost_little_more_than_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ratio: float, code: int
) -> None:
    for name in ("ours", "side_by_side", "against_the_ideal"):
        monkeypatch.setattr(suite, name, lambda *_: {})
    monkeypatch.setattr(suite, "mock", lambda *_: nullcontext(""))
    monkeypatch.setattr(suite, "grown", lambda *_: {"seconds": 1, "peak_bytes": 1})
    monkeypatch.setattr(suite, "compared", lambda *_: {"ratio": ratio})
    monkeypatch.setattr("sys.argv", ["bench", "--output", str(tmp_path / "bench.json")])
    assert suite.main() == code
    said = f"DOES NOT HOLD: five targets at once took {ratio:.2f} times the slowest alone, at most 1.5 is allowed"
    assert (said in capsys.readouterr().out) == bool(code)
    assert json.loads((tmp_path / "bench.json").read_text("utf-8"))["compared"]["ratio"] == ratio


@pytest.mark.parametrize("kind", judging.KINDS)
def test_what_is_measured_of_judging_is_a_stream_that_is_judged(kind: str) -> None:
    """The same stream at a thousandth of its size."""
    chunks = judging.stream(kind, judging.KINDS[kind] // 1000)
    events = sse.decode(chunks).events
    assert (len(chunks), len(events)) == {"pieces": (20, 1), "events": (10, 1000)}[kind]
    assert all(json.loads(event.data)["choices"] for event in events)
    assert judging.judged(chunks) > 0
