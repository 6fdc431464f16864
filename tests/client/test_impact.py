"""What an exchange does to a program, in one sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from attrs import evolve

from alphaedge_conformance.exchange import Chunk, Exchange, Expect, Key, Probe
from alphaedge_conformance.judging.client_impact import observe
from alphaedge_conformance.judging.places import Place

from .test_models import WHOLE

ERROR = {"error": {"message": "No.", "type": "t"}}
CHOICE = WHOLE["choices"][0]


def exchange(
    body: Any,
    status: int | None = 200,
    stream: bool = False,
    expect: Expect = Expect.ACCEPTED,
    failure: str | None = None,
) -> Exchange:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    probe = Probe("p", "why", b'{"stream": true}' if stream else b"{}", expect=expect)
    label = "text/event-stream" if stream else "application/json"
    headers = (("Content-Type", label), ("Content-Encoding", "gzip"), ("Content-Length", "1"))
    half = len(text) // 2
    chunks = (Chunk(0.1, text[:half]), Chunk(0.2, text[half:]))
    return Exchange(1, probe, "http://127.0.0.1:8000/v1/chat/completions", 0.0, status, headers, chunks, 1.0, failure)


def chunk(delta: Any, finish_reason: Any = None, **members: Any) -> bytes:
    head = {"id": "c", "object": "chat.completion.chunk", "model": "m", "created": 1}
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return b"data: " + json.dumps({**head, "choices": [choice], **members}).encode() + b"\n\n"


NO_CHOICES = b'data: {"id": "c", "object": "chat.completion.chunk", "model": "m", "created": 1, "choices": []}\n\n'
START, STOP, END = chunk({"role": "assistant", "content": "Hi"}), chunk({}, "stop"), b"data: [DONE]\n\n"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (WHOLE, None),
        ({**WHOLE, "extra": 1}, None),
        ({**WHOLE, "choices": []}, "`choices` is empty: `choices[0]` raises IndexError"),
        ({**WHOLE, "choices": None}, "`choices` is empty: `choices[0]` raises IndexError"),
        (
            {**WHOLE, "choices": [{**CHOICE, "message": {"role": "assistant"}}]},
            "reading `choices[0].message.content` raises MissingMemberError",
        ),
        (
            {**WHOLE, "choices": [{**CHOICE, "message": None}]},
            "`choices[0].message` is silently empty",
        ),
        (
            {**WHOLE, "choices": [{**CHOICE, "finish_reason": None}]},
            "reading `choices[0].finish_reason` raises MissingMemberError",
        ),
        (
            {**WHOLE, "choices": [{**CHOICE, "finish_reason": 7}]},
            "`choices[0].finish_reason` is 7, which the contract does not list",
        ),
        (
            {**WHOLE, "choices": [{**CHOICE, "finish_reason": "eos"}]},
            "`choices[0].finish_reason` is 'eos', which the contract does not list",
        ),
        ({**WHOLE, "created": "now"}, "`created` is silently a str"),
        ({**WHOLE, "created": True}, "`created` is silently a bool"),
        ({**WHOLE, "id": 7}, "`id` is silently an int"),
        ({name: WHOLE[name] for name in WHOLE if name != "usage"}, "`usage` is silently empty"),
        (b"<html>", "the client raises APIResponseError (expected JSON, got: '<html>')"),
        (b"", "the client raises APIResponseError (expected JSON, got nothing)"),
        (ERROR, "the client raises APIResponseError (the server reported an error: No.)"),
    ],
)
def test_a_plain_answer(body: Any, says: str | None) -> None:
    assert observe(exchange(body)).first == says


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (START + STOP + END, None),
        (
            START + STOP,
            "the client raises APIStreamError (the stream broke off: it ended without [DONE]; the answer may be cut), "
            "after 2 chunks",
        ),
        (
            START + b"data: {\n\n" + END,
            "the client raises APIStreamError (the stream broke off: expected JSON in an event, got: '{'), "
            "after 1 chunk",
        ),
        (START + chunk({}, "eos") + END, "`choices[0].finish_reason` is 'eos', which the contract does not list"),
        (START + END, "in the folded stream reading `choices[0].finish_reason` raises MissingMemberError"),
        (
            chunk({"content": "Hi"}) + STOP + END,
            "in the folded stream reading `choices[0].message.role` raises MissingMemberError",
        ),
        (chunk(None) + STOP + END, "`choices[0].delta` is silently empty"),
        (NO_CHOICES + END, "the folded stream has no choices: `choices[0]` raises IndexError"),
        (END, "the client raises APIStreamError (the stream broke off: it has no chunk before [DONE]), after 0 chunks"),
    ],
)
def test_a_streamed_answer(body: bytes, says: str | None) -> None:
    assert observe(exchange(body, stream=True)).first == says


@pytest.mark.parametrize(
    ("body", "status", "expect", "says"),
    [
        (ERROR, 400, Expect.REFUSED, None),
        (WHOLE, 200, Expect.REFUSED, None),
        (b"no", 400, Expect.REFUSED, "the client raises BadRequestError without `type`, `param` and `code`"),
        (
            {"message": "No.", "type": "t", "code": "c"},
            400,
            Expect.REFUSED,
            "the client raises BadRequestError without `param`",
        ),
        (
            {"type": "t", "code": None},
            400,
            Expect.REFUSED,
            "the client raises BadRequestError without `param` and `code`",
        ),
        ({"type": "t", "param": "p", "code": "c"}, 400, Expect.REFUSED, None),
        (ERROR, 500, Expect.REFUSED, "the client retries, twice by default, and then raises InternalServerError"),
        (ERROR, 429, Expect.ACCEPTED, "the client retries, twice by default, and then raises RateLimitError"),
        (ERROR, 400, Expect.ACCEPTED, "the client raises BadRequestError for a request that the contract accepts"),
    ],
)
def test_a_refusal(body: Any, status: int, expect: Expect, says: str | None) -> None:
    assert observe(exchange(body, status, expect=expect)).first == says


@pytest.mark.parametrize(
    ("status", "key", "says"),
    [
        (400, Key.WRONG, "the client raises BadRequestError, not AuthenticationError"),
        (401, Key.ABSENT, None),
        (400, Key.RIGHT, None),
    ],
)
def test_a_refused_key(status: int, key: Key, says: str | None) -> None:
    answered = exchange(ERROR, status, expect=Expect.REFUSED)
    assert observe(evolve(answered, probe=evolve(answered.probe, key=key))).first == says


def test_no_answer_and_half_an_answer() -> None:
    none = observe(exchange(b"", None, failure="refused")).first
    assert none is not None
    assert none.startswith("the client raises APIConnectionError (no connection: refused")
    half = observe(exchange(START, stream=True, failure="no end within 10 s")).first
    assert half == "the client raises APIConnectionError (the connection broke: no end within 10 s), after 1 chunk"
    assert observe(exchange(START + STOP + END, stream=True, failure="no end within 1 s of [DONE]")).first is None


ROLE = "in the folded stream reading `choices[0].message.role` raises MissingMemberError"
CUT = chunk({"content": "Hi"}, id=1) + STOP


@pytest.mark.parametrize(
    ("body", "place", "says"),
    [
        (START + END, Place(members=("id",)), None),
        (
            START + END,
            Place(members=("finish_reason",)),
            "in the folded stream reading `choices[0].finish_reason` raises MissingMemberError",
        ),
        (CUT, Place(("id",)), "`id` is silently an int"),
        (CUT, Place(("model",)), None),
        (CUT, Place(("choices", 0, "delta"), "role"), None),
        (CUT + END, Place(("choices", 0, "delta"), "role"), ROLE),
        (CUT + END, Place(missing="[DONE]"), None),
        (chunk(None) + STOP + END, Place(("choices", 0, "delta")), "`choices[0].delta` is silently empty"),
        (chunk(None) + STOP + END, Place(("choices", 0, "finish_reason")), None),
    ],
)
def test_an_impact_is_that_of_the_finding(body: bytes, place: Place, says: str | None) -> None:
    """And not of another fault of the same exchange."""
    assert observe(exchange(body, stream=True)).of(place) == says


def test_where_a_stream_breaks_off_is_the_impact_of_what_broke_it() -> None:
    said = observe(exchange(CUT, stream=True)).of(Place(missing="[DONE]"))
    assert said is not None
    assert said.startswith("the client raises APIStreamError (the stream broke off")


def test_an_error_has_an_impact_by_its_status_and_one_by_its_body() -> None:
    found = observe(exchange(b"oops", 500, expect=Expect.REFUSED))
    assert str(found.of(Place(status=True))).startswith("the client retries")
    for place in (Place(header="content-type"), Place((), "error")):
        assert found.of(place) == "the client raises InternalServerError without `type`, `param` and `code`"
