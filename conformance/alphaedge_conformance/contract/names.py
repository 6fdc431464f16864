"""Names of members that the generated clients use for something else."""

from __future__ import annotations

from collections.abc import Iterator

from .validation import Contract

ARGUMENTS = frozenset({"self", "timeout", "extra_headers", "extra_query", "extra_body"})
"""Arguments that every method of the Python client has of its own; a member of a request is an argument too."""
ATTRIBUTES = frozenset({"raw", "request_id", "from_dict", "to_dict", "to_json", "to_request_dict"})
"""Attributes that every model of the Python client has of its own."""


def reserved(contract: Contract) -> Iterator[tuple[str, str]]:
    """The pointer of each member whose name is taken, and what to do."""
    request = contract.resolve(contract.request_schema)
    parts = ((contract.request_schema, ARGUMENTS), *((schema, ATTRIBUTES) for schema in _answers(contract)))
    seen: set[str] = set()
    for root, taken in parts:
        for place in contract.places(root):
            above, _, name = place.schema.rpartition("/properties/")
            is_argument = taken is not ARGUMENTS or above == request
            if above and name in taken and is_argument and place.schema not in seen:
                seen.add(place.schema)
                what = "an argument of every method" if taken is ARGUMENTS else "an attribute of every answer"
                yield place.schema, f"`{name}` is {what} of the Python client; give the member another name"


def _answers(contract: Contract) -> tuple[str, ...]:
    """An error is kept as it came, and has no model."""
    return contract.completion_schema, contract.chunk_schema
