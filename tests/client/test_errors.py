"""Errors: a class by status, with what a person and a program need."""

from __future__ import annotations

import pickle
from typing import Any

import httpx
import pytest

import alphaedge
from alphaedge import AlphaEdge, APIConnectionError, APIStatusError, APITimeoutError, AuthenticationError

from .conftest import HELLO, KEY

ERROR = {"error": {"message": "No.", "type": "t", "param": "model", "code": "c"}}


def answering(status: int, headers: Any = None, **content: Any) -> AlphaEdge:
    """A client whose server always answers so."""
    transport = httpx.MockTransport(lambda request: httpx.Response(status, headers=headers, **content))
    return AlphaEdge(KEY, base_url="http://host", http_client=httpx.Client(transport=transport), max_retries=0)


def failing(error: Exception) -> AlphaEdge:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    return AlphaEdge(KEY, http_client=httpx.Client(transport=httpx.MockTransport(fail)), max_retries=0)


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (302, "APIStatusError"),
        (400, "BadRequestError"),
        (401, "AuthenticationError"),
        (403, "PermissionDeniedError"),
        (404, "NotFoundError"),
        (409, "ConflictError"),
        (405, "APIStatusError"),
        (413, "APIStatusError"),
        (422, "UnprocessableEntityError"),
        (429, "RateLimitError"),
        (500, "InternalServerError"),
        (503, "InternalServerError"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_class_by_status(status: int, name: str, stream: bool) -> None:
    client = answering(status, {"x-request-id": "r-7"}, json=ERROR)
    with pytest.raises(APIStatusError) as caught:
        client.chat.completions.create(**HELLO, stream=stream)
    error = caught.value
    assert type(error) is getattr(alphaedge, name)
    assert (error.status_code, error.body, error.request_id) == (status, ERROR, "r-7")
    assert (error.type, error.param, error.code) == ("t", "model", "c")
    assert str(error).startswith(f"{status} from POST http://host/v1/chat/completions: No. (")
    assert "request id r-7" in str(error)
    assert error.message == str(error)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"error": "Plain text."}', "Plain text."),
        (b'{"detail": "From a framework."}', "From a framework."),
        (b'{"message": "On top."}', "On top."),
        (b'"A string."', ": A string."),
        (b"<html> <h1>Bad\n Gateway</h1>", "'<html> <h1>Bad Gateway</h1>'"),
        (b"", "Bad Gateway"),
        (b"[1]", "'[1]'"),
        (b'{"error": {"message": null}}', "error"),
        (b"\xff\xfe", "\ufffd"),
    ],
)
def test_any_body_of_an_error(body: bytes, says: str) -> None:
    with pytest.raises(alphaedge.InternalServerError) as caught:
        answering(502, content=body).chat.completions.create(**HELLO)
    assert says in str(caught.value)
    assert caught.value.content == body


@pytest.mark.parametrize("value", [b"\xe9\x9b", "é".encode()])
def test_a_header_outside_ascii_is_kept(value: bytes) -> None:
    headers = [(b"server", value), (b"x-key", KEY.encode())]
    with pytest.raises(alphaedge.NotFoundError) as caught:
        answering(404, headers=headers, json=ERROR).chat.completions.create(**HELLO)
    assert caught.value.headers["server"] == httpx.Headers(headers)["server"]
    assert KEY not in caught.value.headers["x-key"]


def test_a_long_page_is_not_printed_whole() -> None:
    with pytest.raises(alphaedge.InternalServerError) as caught:
        answering(502, content=b"x" * 100_000).chat.completions.create(**HELLO)
    assert len(str(caught.value)) < 400
    assert len(caught.value.content) == 100_000


def test_a_redirect_says_where_it_leads() -> None:
    with pytest.raises(APIStatusError, match="it leads to https://host/v1; correct base_url"):
        answering(301, {"location": "https://host/v1"}).chat.completions.create(**HELLO)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b"7",
        b"[" * 100_000,
        b"\n" + b"[" * 100_000,
        b"\xff",
        b'{"error": {"message": "x"}}',
    ],
)
def test_rejects_a_success_of_another_form(body: bytes, stream: bool) -> None:
    client = answering(200, {"content-type": "application/json"}, content=body)
    with pytest.raises(alphaedge.APIResponseError) as caught:
        client.chat.completions.create(**HELLO, stream=stream)
    assert caught.value.content == body
    assert caught.value.status_code == 200


@pytest.mark.parametrize(
    ("value", "says"),
    [("7" * 5000, "expected JSON with shorter integers"), ("[" * 100_000, "expected JSON that is nested less deeply")],
)
@pytest.mark.parametrize("stream", [False, True])
def test_json_that_python_cannot_read_is_named(value: str, says: str, stream: bool) -> None:
    body = f'{{"id": {value}}}'
    if stream:
        client = answering(200, {"content-type": "text/event-stream"}, text=f"data: {body}\n\n")
        with pytest.raises(alphaedge.APIStreamError, match=says):
            client.chat.completions.create(**HELLO, stream=True).final_completion()
    else:
        with pytest.raises(alphaedge.APIResponseError, match=says):
            answering(200, text=body).chat.completions.create(**HELLO)


@pytest.mark.parametrize(
    ("body", "has_hint"),
    [
        ({"error": {"message": "messages is empty", "param": "messages"}}, False),
        ({"error": {"message": "messages must not be empty"}}, False),
        ({"error": {"message": "No such thing.", "param": "model"}}, True),
        ({"error": {"message": "The model does not exist."}}, True),
        ({"detail": "Not Found"}, True),
        ({}, True),
    ],
)
def test_the_hint_under_a_404_is_for_a_wrong_model_or_url(body: Any, has_hint: bool) -> None:
    with pytest.raises(alphaedge.NotFoundError) as caught:
        answering(404, json=body).chat.completions.create(**HELLO)
    assert ("check the model and base_url" in str(caught.value)) == has_hint


def test_the_key_is_in_no_error(caplog: pytest.LogCaptureFixture) -> None:
    body = {"error": {"message": f"Incorrect key: {KEY}", "param": KEY}}
    with pytest.raises(AuthenticationError) as caught:
        answering(401, json=body).chat.completions.create(**HELLO)
    error = caught.value
    for text in (str(error), repr(error), str(error.body), str(error.content), str(vars(error))):
        assert KEY not in text
    with pytest.raises(alphaedge.APIResponseError) as other:
        answering(200, json=body).chat.completions.create(**HELLO)
    assert KEY not in str(vars(other.value))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ConnectError("refused"), APIConnectionError),
        (httpx.RemoteProtocolError("bad bytes"), APIConnectionError),
        (httpx.ReadError(""), APIConnectionError),
        (httpx.ReadTimeout(""), APITimeoutError),
        (httpx.ConnectTimeout(""), APITimeoutError),
        (httpx.PoolTimeout(""), APITimeoutError),
        (httpx.LocalProtocolError(f"Illegal header value b'Bearer {KEY}'"), APIConnectionError),
        (httpx.DecodingError("gzip"), alphaedge.APIResponseError),
    ],
)
def test_errors_of_the_http_library(error: Exception, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        failing(error).chat.completions.create(**HELLO)
    assert caught.value.__cause__ is error
    assert "api.alphaedge-ai.com" in str(caught.value)
    assert KEY not in str(caught.value)


def test_nobody_listens() -> None:
    with AlphaEdge(KEY, base_url="http://127.0.0.1:1", max_retries=0) as client, pytest.raises(APIConnectionError):
        client.chat.completions.create(**HELLO)


def test_errors_can_be_pickled() -> None:
    with pytest.raises(AuthenticationError) as caught:
        answering(401, json=ERROR).chat.completions.create(**HELLO)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.status_code, again.body) == (str(caught.value), 401, ERROR)


def test_one_hierarchy() -> None:
    names = [name for name in alphaedge.__all__ if name.endswith("Error") and name != "ErrorResponseError"]
    assert len(names) == 16
    assert all(issubclass(getattr(alphaedge, name), alphaedge.AlphaEdgeError) for name in names)
