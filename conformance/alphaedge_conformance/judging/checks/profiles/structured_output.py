"""Structured output: the text of an answer is JSON, of a schema where there is one."""

from __future__ import annotations

from functools import partial
from typing import Any

from ....exchange.strict_json import Json, loads
from ...evidence import Evidence, assume
from ...places import Deviation, Place
from ..check import check
from ..keywords import as_json
from .given_schema import first_error

of_structured_output = partial(check, profile="structured-output")
CONTENT = Place(members=("content",))


@of_structured_output("structured-output.json-object")
def json_object(evidence: Evidence, completion: object) -> None:
    for text in _whole_texts(evidence, "json_object"):
        _is_object(evidence, text)


@of_structured_output("structured-output.json-object-in-stream")
def json_object_in_stream(evidence: Evidence, chunks: object) -> None:
    for text in _whole_texts(evidence, "json_object"):
        _is_object(evidence, text)


@of_structured_output("structured-output.json-schema")
def json_schema(evidence: Evidence, completion: object) -> None:
    for text in _whole_texts(evidence, "json_schema"):
        _is_valid(evidence, text)


@of_structured_output("structured-output.json-schema-in-stream")
def json_schema_in_stream(evidence: Evidence, chunks: object) -> None:
    for text in _whole_texts(evidence, "json_schema"):
        _is_valid(evidence, text)


@of_structured_output("structured-output.text-is-free")
def text_is_free(evidence: Evidence, completion: object) -> None:
    """A plain question is not answered in JSON."""
    for text in _whole_texts(evidence, "text"):
        try:
            value = loads(text)
        except ValueError:
            continue
        assert not isinstance(value, dict | list), Deviation(f"expected a text, got {as_json(value)}", CONTENT)


def _whole_texts(evidence: Evidence, kind: str) -> list[str]:
    """The texts of an answer to a request for this format, without those that a limit or a stop text cut."""
    wanted = evidence.request.get("response_format")
    assume(isinstance(wanted, dict) and wanted.get("type") == kind)
    assume(not evidence.request.get("stop"), "a stop text may have cut the answer")
    ended = [choice for choice in evidence.final_choices if choice.get("finish_reason") != "length"]
    messages = [choice.get("message") for choice in ended]
    texts = [message.get("content") for message in messages if isinstance(message, dict)]
    found = [text for text in texts if isinstance(text, str)]
    assume(found, "no text, or the answer was cut")
    return found


def _parsed(text: str) -> Any:
    try:
        return loads(text)
    except ValueError as error:
        raise AssertionError(Deviation(f"expected JSON, got {as_json(text)}: {error}", CONTENT)) from None


def _is_object(evidence: Evidence, text: str) -> None:
    value = _parsed(text)
    assert isinstance(value, dict), Deviation(f"expected a JSON object, got {as_json(value)}", CONTENT)


def _is_valid(evidence: Evidence, text: str) -> None:
    described: Json = evidence.request["response_format"].get("json_schema") or {}
    schema: Json = described.get("schema") or {}
    assume(schema and described.get("strict") is True, "no strict schema was asked for")
    value = _parsed(text)
    error = first_error(schema, value)
    assert error is None, Deviation(
        f"expected JSON that is valid against the schema, got {as_json(value)}: {error}", CONTENT
    )
