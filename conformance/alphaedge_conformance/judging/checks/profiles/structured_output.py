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
STARTS = tuple('{["-0123456789tfn')
"""What the text of any JSON value begins with (RFC 8259, 3)."""


@of_structured_output("structured-output.json-object")
def json_object(evidence: Evidence, completion: object) -> None:
    _begins_as(evidence, "json_object", ("{",))
    for text in _whole_texts(evidence, "json_object"):
        _is_object(evidence, text)


@of_structured_output("structured-output.json-object-in-stream")
def json_object_in_stream(evidence: Evidence, chunks: object) -> None:
    _begins_as(evidence, "json_object", ("{",))
    for text in _whole_texts(evidence, "json_object"):
        _is_object(evidence, text)


@of_structured_output("structured-output.json-schema")
def json_schema(evidence: Evidence, completion: object) -> None:
    if _strict_schema(evidence):
        _begins_as(evidence, "json_schema", STARTS)
    for text in _whole_texts(evidence, "json_schema"):
        _is_valid(evidence, text)


@of_structured_output("structured-output.json-schema-in-stream")
def json_schema_in_stream(evidence: Evidence, chunks: object) -> None:
    if _strict_schema(evidence):
        _begins_as(evidence, "json_schema", STARTS)
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
    assume(not evidence.request.get("stop"), "a stop text may have cut the answer")
    found = [text for text, is_cut in _texts(evidence, kind) if not is_cut]
    assume(found, "no text, or the answer was cut")
    return found


def _begins_as(evidence: Evidence, kind: str, starts: tuple[str, ...]) -> None:
    """A text that a limit cut can still have begun as what it was to be."""
    for text in (text.lstrip() for text, is_cut in _texts(evidence, kind) if is_cut):
        expected = "a JSON object" if starts == ("{",) else "JSON"
        assert not text or text.startswith(starts), Deviation(
            f"expected the beginning of {expected}, got {as_json(text)}", CONTENT
        )


def _texts(evidence: Evidence, kind: str) -> list[tuple[str, bool]]:
    """The texts of an answer to a request for this format, each with whether a limit cut it."""
    wanted = evidence.request.get("response_format")
    assume(isinstance(wanted, dict) and wanted.get("type") == kind)
    found = []
    for choice in evidence.final_choices:
        message = choice.get("message")
        text = message.get("content") if isinstance(message, dict) else None
        if isinstance(text, str):
            found.append((text, choice.get("finish_reason") == "length"))
    return found


def _parsed(text: str) -> Any:
    try:
        return loads(text)
    except ValueError as error:
        raise AssertionError(Deviation(f"expected JSON, got {as_json(text)}: {error}", CONTENT)) from None


def _is_object(evidence: Evidence, text: str) -> None:
    value = _parsed(text)
    assert isinstance(value, dict), Deviation(f"expected a JSON object, got {as_json(value)}", CONTENT)


def _strict_schema(evidence: Evidence) -> Json:
    """What the text has to be valid against; nothing where no strict schema was asked for."""
    wanted = evidence.request.get("response_format")
    described: Json = (wanted.get("json_schema") if isinstance(wanted, dict) else None) or {}
    schema: Json = described.get("schema") or {}
    return schema if described.get("strict") is True else {}


def _is_valid(evidence: Evidence, text: str) -> None:
    schema = _strict_schema(evidence)
    assume(schema, "no strict schema was asked for")
    value = _parsed(text)
    error = first_error(schema, value)
    assert error is None, Deviation(
        f"expected JSON that is valid against the schema, got {as_json(value)}: {error}", CONTENT
    )
