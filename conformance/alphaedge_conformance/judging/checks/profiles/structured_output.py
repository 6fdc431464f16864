"""Structured output: the text of an answer is JSON, of a schema where there is one."""

from __future__ import annotations

from functools import partial
from typing import Any

import jsonschema_rs

from ....exchange.strict_json import Json, loads
from ...evidence import Evidence, assume
from ...places import Deviation, Place
from ..check import check
from ..keywords import as_json

of_structured_output = partial(check, profile="structured-output")
CONTENT = Place(members=("content",))


@of_structured_output("structured-output.json-object")
def json_object(evidence: Evidence, completion: object) -> None:
    _is_object(evidence, _whole_text(evidence, "json_object"))


@of_structured_output("structured-output.json-object-in-stream")
def json_object_in_stream(evidence: Evidence, chunks: object) -> None:
    _is_object(evidence, _whole_text(evidence, "json_object"))


@of_structured_output("structured-output.json-schema")
def json_schema(evidence: Evidence, completion: object) -> None:
    _is_valid(evidence, _whole_text(evidence, "json_schema"))


@of_structured_output("structured-output.json-schema-in-stream")
def json_schema_in_stream(evidence: Evidence, chunks: object) -> None:
    _is_valid(evidence, _whole_text(evidence, "json_schema"))


@of_structured_output("structured-output.text-is-free")
def text_is_free(evidence: Evidence, completion: object) -> None:
    """A plain question is not answered in JSON."""
    text = _whole_text(evidence, "text")
    try:
        value = loads(text)
    except ValueError:
        return
    assert not isinstance(value, dict | list), Deviation(f"expected a text, got {as_json(value)}", CONTENT)


def _whole_text(evidence: Evidence, kind: str) -> str:
    """The text of an answer that nothing cut, to a request for this format."""
    wanted = evidence.request.get("response_format")
    assume(isinstance(wanted, dict) and wanted.get("type") == kind)
    text, reason = evidence.said
    assume(reason != "length", "the answer was cut")
    return text


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
    error = next(jsonschema_rs.Draft202012Validator(schema).iter_errors(value), None)
    assert error is None, Deviation(
        f"expected JSON that is valid against the schema, got {as_json(value)}: {error and error.message}", CONTENT
    )
