"""A schema that a request came with: whoever wrote it, it is read with care, and nothing is fetched for it."""

from __future__ import annotations

from typing import Any

import jsonschema_rs

from ....contract.validation import validatable
from ....exchange.strict_json import Json
from ...evidence import Unseen


def first_error(schema: Json, value: Any) -> str | None:
    """What is wrong with a value, in words; None if nothing is. Raises Unseen for a schema that cannot be used: it is
    not valid itself, or refers to what is not in it."""
    try:
        validator = jsonschema_rs.Draft202012Validator(schema, offline=True)
    except ValueError as unusable:
        raise Unseen(f"a schema that cannot be used: {str(unusable).splitlines()[0]}") from None
    error = next(validator.iter_errors(validatable(value)), None)
    return None if error is None else error.message
