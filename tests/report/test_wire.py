"""What a page shows of an exchange: marked, laid out, cut, drawn; and the badge."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from alphaedge_conformance.archive.har import Journal
from alphaedge_conformance.contract import Contract
from alphaedge_conformance.contract.requirements import catalogue
from alphaedge_conformance.exchange import Chunk, Exchange, Probe, encode
from alphaedge_conformance.judging.checks import checks_for
from alphaedge_conformance.judging.evidence import Evidence
from alphaedge_conformance.judging.places import STATUS, Deviation, Place
from alphaedge_conformance.maintain.kill_matrix import trial
from alphaedge_conformance.mock import Mock
from alphaedge_conformance.report import document, render
from alphaedge_conformance.report.badge import badge
from alphaedge_conformance.report.page.environment import ranges
from alphaedge_conformance.report.page.jsontext import Node, lay_out, parse
from alphaedge_conformance.report.page.latency import histogram
from alphaedge_conformance.report.page.pieces import Piece, cut
from alphaedge_conformance.report.page.streams import Picture, is_stream, merged, ticks
from alphaedge_conformance.report.page.visible import attribute, visible
from alphaedge_conformance.report.page.wire import About, Wire
from alphaedge_conformance.run.suite import Suite

from ..helpers import KEY

REQUEST = {"model": "m", "messages": [{"role": "user", "content": "Hello!"}], "max_tokens": 4, "temperature": 2.5}
ANSWER = {"id": "a", "created": 1.5, "choices": [{"index": 0, "finish_reason": "end"}], "usage": {"total_tokens": 3}}


def exchange(body: Any = ANSWER, status: int = 200, label: str = "application/json", **request: Any) -> Exchange:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Exchange(
        number=1,
        probe=Probe("a probe", "", encode({**REQUEST, **request})),
        url="http://host/v1/chat/completions",
        started=0.0,
        status=status,
        headers=(("Content-Type", label), ("x-trace", "1")),
        chunks=(Chunk(0.5, data),),
        elapsed=0.5,
    )


def stream(*events: Any, every: float = 0.1, end: str = "data: [DONE]\n\n") -> Exchange:
    """Events that arrive one after another, or at once."""
    lines = [f"data: {json.dumps(event)}\n\n".encode() for event in events] + [end.encode()]
    chunks = [Chunk(0.5 + every * number, line) for number, line in enumerate(lines)]
    made = exchange(b"", label="text/event-stream", stream=True)
    return Exchange(1, made.probe, made.url, 0.0, 200, made.headers, tuple(chunks), chunks[-1].at)


def wire(of: Exchange, pointer: str = "/x", place: Place | None = None, longest: int = 16_384) -> Wire:
    return Wire(of, About.of(pointer, document.place_of(place or Place())), True, longest)


def text(markup: Any) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", str(markup or "")))


def marked(markup: Any) -> list[str]:
    return [text(found) for found in re.findall(r"<mark>(.*?)</mark>", str(markup or ""), re.DOTALL)]


SENT = "/components/schemas/ChatCompletionRequest/properties/"
CAME = "/components/schemas/ChatCompletion/properties/"
CHUNK = {"id": "a", "choices": [{"index": 0, "delta": {"content": "Hi"}}]}
OTHER = {"id": "b", "choices": [{"index": 0, "delta": {"content": 7}}]}
SECOND, THIRD = len(stream(CHUNK, end="").body), len(stream(CHUNK, OTHER, end="").body)
"""The offsets of the events after these."""


@pytest.mark.parametrize(
    ("pointer", "place", "sent", "came"),
    [
        (SENT + "temperature/maximum", STATUS, ['"temperature": 2.5'], []),
        (SENT + "max_tokens", Place(members=("total_tokens",)), ['"max_tokens": 4'], ['"total_tokens": 3']),
        (CAME + "created/type", Place(("created",)), [], ['"created": 1.5']),
        (
            "/components/schemas/FinishReason/enum",
            Place(("choices", 0, "finish_reason")),
            [],
            ['"finish_reason": "end"'],
        ),
        ("/components/schemas/FinishReason", Place(), [], ['"finish_reason": "end"']),
        (CAME + "id", Place(), [], ['"id": "a"']),
        ("/components/schemas/ChatCompletion/required/5", Place((), missing="model"), [], []),
        ("/paths/~1v1~1chat~1completions/post/security", STATUS, [], []),
        ("/x", Place(offsets=(8,)), [], ['"id": "a"']),
    ],
)
def test_what_a_finding_is_about_is_marked(pointer: str, place: Place, sent: list[str], came: list[str]) -> None:
    view = wire(exchange(), pointer, place)
    assert marked(view.request_body) == sent
    assert marked(view.body) == came


def test_a_missing_member_is_named() -> None:
    place = Place(("choices", 0), missing="message")
    assert "← choices[0].message is missing" in text(wire(exchange(), place=place).body)
    streamed = wire(stream(CHUNK, CHUNK), place=evolve(place, offsets=(0,)))
    assert [line.partition("}]}")[2] for line in text(streamed.body).splitlines()[:2]] == [
        " ← choices[0].message is missing",
        "",
    ]


def test_headers_are_marked() -> None:
    view = wire(exchange(), place=Place(header="content-type"))
    assert [name for name, _, is_marked in view.headers if is_marked] == ["Content-Type"]
    view = wire(exchange(), "/paths/~1v1~1chat~1completions/post/security", STATUS)
    assert [name for name, _, is_marked in view.request_headers if is_marked] == ["Authorization"]
    assert "method" in About.of("/paths/~1v1~1chat~1completions").request


@pytest.mark.parametrize(
    ("place", "came"),
    [
        (Place(("choices", 0, "delta", "content"), offsets=(SECOND,)), ['"content": 7']),
        (Place(members=("id",)), ['"id": "a"', '"id": "b"']),
        (Place(offsets=(THIRD,)), ["data: [DONE]"]),
        (Place(offsets=(0,)), [f"data: {json.dumps(CHUNK)}"]),
    ],
)
def test_events_are_marked(place: Place, came: list[str]) -> None:
    answer = stream(CHUNK, OTHER)
    assert marked(wire(answer, "/components/schemas/ChatCompletionChunk", place).body) == came


def test_events_have_their_times_and_none_is_lost() -> None:
    body = text(wire(stream(CHUNK, CHUNK, end="data: half"), place=Place(missing="[DONE]")).body)
    assert [line[:5] for line in body.splitlines()[:2]] == ["0.500", "0.600"]
    assert "data: half" in body
    assert "a client never sees it" in body
    assert "[DONE] is missing" in body


@pytest.mark.parametrize(
    ("raw", "offset", "came"),
    [
        ("<p> Ünfound</p>", 6, ["nfound</p>"]),
        ("{" + "é" * 40, 81, ["é" * 30]),
        ("", 0, []),
        ("x" * 9, None, []),
    ],
)
def test_what_is_not_json_is_marked_from_its_place_on(raw: str, offset: int | None, came: list[str]) -> None:
    place = Place(offsets=() if offset is None else (offset,))
    assert marked(wire(exchange(raw.encode()), place=place).body) == came


def test_an_event_whose_data_comes_after_its_name_is_marked() -> None:
    raw = b'event: x\ndata: {"id": 7}\n\ndata: {"id": 7}\n\n'
    view = wire(exchange(raw, label="text/event-stream"), place=Place(("id",), offsets=(0,)))
    assert marked(view.body) == ['"id": 7']
    assert text(view.body).count('"id": 7') == 2


def deviation(contract: Contract, id: str, of: Exchange) -> Deviation:
    """What the check of a requirement says of one exchange."""
    found = catalogue(contract)
    [(_, deviation)] = checks_for(contract, found)[id]([Evidence(of, contract)])
    assert deviation is not None
    return deviation


DONE = "data: [DONE]\n\n"


@pytest.mark.parametrize(
    ("id", "of", "place"),
    [
        ("completion.created-type", exchange(), Place(("created",))),
        ("completion.model-required", exchange(), Place((), missing="model")),
        ("completion.media-type", exchange(b'{"a": 1}', label="text/plain"), Place(header="content-type")),
        ("completion.strict-json", exchange('{"é": x}'.encode()), Place(offsets=(7,))),
        ("completion.strict-json", exchange(b'{"\xff": 1}'), Place(offsets=(2,))),
        ("endpoint.method-refused", exchange(), STATUS),
        ("error.no-stack-trace", exchange(b'{"a": "x\\n  File \\"a.py\\", line 3"}', 400), Place(offsets=(12,))),
        ("stream.done", stream(CHUNK, end=""), Place(missing="[DONE]")),
        ("stream.done", stream(end=2 * DONE), Place(offsets=(0, len(DONE)))),
        ("stream.one-identity", stream(CHUNK, {**CHUNK, "id": "b"}), Place(members=("id",))),
        (
            "chunk.id-type",
            stream(CHUNK, {**CHUNK, "id": 1}, {**CHUNK, "id": 2}),
            Place(("id",), offsets=(SECOND, 2 * SECOND - len('"a"') + len("1"))),
        ),
    ],
)
def test_a_check_says_where(contract: Contract, id: str, of: Exchange, place: Place) -> None:
    assert deviation(contract, id, of).place == place


def test_no_place_holds_the_key() -> None:
    place = Place(("a", KEY, 0), header=f"x-{KEY}").redacted(KEY)
    assert KEY not in str(place)
    assert place.path is not None
    assert (place.path[0], place.path[2]) == ("a", 0)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=40,
)


@given(JSON, st.sampled_from([None, 1]), st.booleans())
def test_laid_out_json_is_the_same_json(value: Any, indent: int | None, is_ascii: bool) -> None:
    raw = json.dumps(value, indent=indent, ensure_ascii=is_ascii)
    node = parse(raw)
    assert node is not None
    laid_out = "".join(piece.text for piece in lay_out(node, ()))
    assert json.dumps(json.loads(laid_out)) == json.dumps(value)


@pytest.mark.parametrize(
    "raw", ["", "{", "[1 2]", '{"a" 1}', '{"a":,}', '{"a":1 "b":2}', "[1]]", '["a', "1 2", '{"a"}', "x", "[01]", "[.5]"]
)
def test_what_is_no_json_is_not_laid_out(raw: str) -> None:
    assert parse(raw) is None
    assert text(wire(exchange(raw.encode())).body) == raw


def test_what_is_strange_in_json_stays() -> None:
    raw = b'{"a": NaN, "a": 1.50, "b": "\\u0041"}'
    assert text(wire(exchange(raw)).body) == raw.decode()


def values(node: Node) -> Iterator[tuple[Any, Any]]:
    """The path of each value, and the value."""
    yield node.path, None if node.close else json.loads(node.raw)
    for child in node.children:
        yield from values(child)


def expected(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    yield path, None if inner is not None else value
    for step, each in inner or ():
        yield from expected(each, (*path, step))


@given(JSON, st.sampled_from([None, 1]))
def test_each_value_is_found_at_its_path_and_place(value: Any, indent: int | None) -> None:
    raw = json.dumps(value, indent=indent)
    node = parse(raw)
    assert node is not None
    assert str(list(values(node))) == str(list(expected(value)))
    for each in node.walk():
        assert raw[each.start : each.end].startswith(each.key or each.raw)
        assert raw[each.start : each.end].endswith(each.close or each.raw)


def test_a_number_of_any_length_is_laid_out() -> None:
    raw = '{"a": ' + "9" * 5000 + ', "a": "\t"}'
    node = parse(raw)
    assert node is not None
    assert [each.path for each in node.children] == [("a",), ("a",)]


@pytest.mark.parametrize("raw", [b"[" * 5000 + b"]" * 5000, b"[" + b"1," * 50_000 + b"1]", b"\xff" * 3_000_000])
def test_large_bodies_are_cut(raw: bytes) -> None:
    body = wire(exchange(raw)).body
    assert len(text(body)) < 20_000
    assert ("characters left out" in body) == (len(raw) > 20_000)


def test_a_long_value_does_not_hide_the_others() -> None:
    body = text(wire(exchange({"id": "x" * 3_000_000, "usage": {"total_tokens": 3}})).body)
    assert '"total_tokens": 3' in body
    assert "2,997,9" in body
    assert len(body) < 4000


def test_what_is_marked_is_never_left_out() -> None:
    pieces = [Piece("a" * 5000), Piece("here", "mark"), Piece("b" * 5000)]
    kept = cut(pieces, 2000)
    assert Piece("here", "mark") in kept
    left_out = sum(int(piece.text) for piece in kept if piece.kind == "gap")
    assert sum(len(piece.text) for piece in kept if piece.kind != "gap") + left_out == 10_004
    assert cut(pieces, 20_000) == pieces


def test_nothing_hides_in_a_text() -> None:
    assert str(visible("a\u202eb\n<i>")) == 'a<b class="unseen">\\u202e</b>b<b class="unseen">\\n</b>&lt;i&gt;'
    assert str(attribute('"\u202e<')) == "&#34;\\u202e&lt;"
    assert str(visible("\ud800")) == '<b class="unseen">\\ud800</b>'
    assert "2,998,000 characters left out" in visible("x" * 3_000_000)


# Pictures

ROLE = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}
END = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
USAGE: dict[str, Any] = {"choices": [], "usage": {}}


def test_a_stream_is_drawn() -> None:
    picture = Picture.of(stream(ROLE, CHUNK, CHUNK, END, USAGE))
    assert [each.kind for each in picture.arrivals] == ["role", "text", "text", "finish", "other", "done"]
    assert picture.caption == "6 events in 6 pieces from 500 ms to 1 s, longest gap 100 ms"
    drawn = ElementTree.fromstring(str(picture.svg))
    paths = {each.get("class"): each.get("d") or "" for each in drawn.iter("path")}
    assert paths["role"] == "M300 1V12"
    assert paths["text"] == "M360 6V18M420 6V18"
    assert paths["done"] == "M600 0V24"
    assert [each.text for each in drawn.iter("text")] == ["0", "200 ms", "400 ms", "600 ms", "800 ms", "1 s"]
    assert len({paths[kind].split()[-1] for kind in ("role", "text", "finish", "done", "other")}) == 5


def test_a_buffered_stream_is_another_picture() -> None:
    picture = Picture.of(stream(ROLE, CHUNK, CHUNK, END, every=0))
    assert picture.caption == "all 5 events at once, after 500 ms"
    assert "5 at once" in picture.svg
    assert not Picture.of(stream(CHUNK, every=0)).at_once


def test_an_error_a_silence_and_a_comment_are_seen() -> None:
    picture = Picture.of(stream({"error": {}}, end=": ping\n\ndata: [DONE]\n\n"))
    assert [each.kind for each in picture.arrivals] == ["error", "done", "comment"]
    empty = exchange(b"", label="text/event-stream", stream=True)
    assert is_stream(empty)
    assert Picture.of(empty).caption == "no event, over after 500 ms"
    assert not is_stream(exchange(stream=True))


def test_arrivals_nearer_than_a_pixel_are_one_bar() -> None:
    assert merged([1, 2, 3, 9, 20, 21]) == [(1, 3), (9, 9), (20, 21)]
    many = Picture.of(stream(*[CHUNK] * 3000, every=0.001))
    assert len(many.svg) < 2000


@pytest.mark.parametrize("end", [1e-6, 0.004, 0.19, 0.2, 1, 7.7, 30, 86_400])
def test_ticks_are_few(end: float) -> None:
    assert 3 <= len(ticks(end)) <= 6
    assert 0 == ticks(end)[0] < ticks(end)[-1] <= end * (1 + 1e-9)


def test_latency() -> None:
    found = histogram([stream(CHUNK), exchange(), exchange(status=400)])
    assert found is not None
    assert [(row.label, row.counts) for row in found.rows] == [("to 500 ms", (2, 1)), ("to 700 ms", (0, 1))]
    assert found.measures[1].share(1) == "600 ms"
    assert histogram([exchange(status=400)]) is None


def test_ranges() -> None:
    assert ranges([4, 9, 8, 7, 1]) == "1, 4, 7–9"


# Files


def test_the_files_of_a_run(suite: Suite, tmp_path: Path) -> None:
    """What is shown of the wire is read back from exchanges.har, where no key is."""
    run = trial(suite, Mock)
    report = document.build_report(run)
    with Journal(tmp_path / "exchanges.har", run.target, 1) as journal:
        for each in run.exchanges:
            journal.add(each)
    render(report, tmp_path)
    page = (tmp_path / "report.html").read_text("utf-8")
    assert run.target.key
    assert run.target.key not in page
    assert page.count('<svg class="stream"') == sum(is_stream(each) for each in run.exchanges) > 10
    assert "AlphaEdge contract: conforms" in (tmp_path / "badge.svg").read_text("utf-8")


@pytest.mark.parametrize(
    "archive", ["{}", '{"log": {"entries": []}}', '{"log": {"entries": [{"request": "sk-secret"}]}}']
)
def test_an_archive_of_others_is_not_shown(suite: Suite, tmp_path: Path, archive: str) -> None:
    """It may hold a key."""
    (tmp_path / "exchanges.har").write_text(archive)
    render(document.build_report(trial(suite, Mock, ["usage.type"])), tmp_path)
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "exchanges.har was missing" in page
    assert "sk-secret" not in page


@pytest.mark.parametrize("verdict", ["conforms", "deviates", "inconclusive"])
def test_the_badge(verdict: str) -> None:
    requirement: Any = {"level": "MUST", "status": "failed" if verdict == "deviates" else "passed"}
    report: Any = {"verdict": verdict, "requirements": [requirement]}
    drawn = ElementTree.fromstring(badge(report))
    says = verdict + (": 1 MUST failed" if verdict == "deviates" else "")
    assert drawn.get("aria-label") == f"AlphaEdge contract: {says}"
    texts = [each.text for each in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["AlphaEdge contract", says]
