"""Names of members that the generated clients use for something else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .document import pointer
from .further import everywhere
from .validation import Contract

ARGUMENTS = frozenset({"self", "timeout", "extra_headers", "extra_query", "extra_body"})
"""Arguments that every method of the Python client has of its own; a member of a request is an argument too."""
ATTRIBUTES = frozenset({"raw", "request_id", "from_dict", "to_dict", "to_json", "to_request_dict"})
"""Attributes that every model of the Python client has of its own."""


def reserved(contract: Contract) -> Iterator[tuple[str, str]]:
    """The pointer of each member or parameter whose name is taken, and what to do."""
    seen: set[str] = set()
    classes = {f"{before}{name}{after}": path for name, path in _classes(contract) for before, after in AROUND}
    for name in contract.document.get("components", {}).get("schemas", {}):
        if name in classes:
            message = f"{name} is the class of `/{classes[name]}` in the clients; give the schema another name"
            yield pointer("components", "schemas", name), message
    for view in everywhere(contract):
        for here, message in _of_operation(view):
            if here not in seen:
                seen.add(here)
                yield here, message


AROUND = (("", ""), ("Async", ""), ("", "WithRawResponse"), ("Async", "WithRawResponse"))
"""What stands before and after the name of a resource in those of its classes."""


def _classes(contract: Contract) -> Iterator[tuple[str, str]]:
    """The name of each resource's class, and its path: that of an operation without the version and parameters, and
    each beginning of it."""
    for view in everywhere(contract):
        parts = [part for part in re.sub(r"^/v\d+/", "/", view.path).split("/") if part and part[0] != "{"]
        for length in range(1, len(parts) + 1):
            words = re.split("[^A-Za-z0-9]+", "/".join(parts[:length]))
            yield "".join(word[:1].upper() + word[1:] for word in words), "/".join(parts[:length])


def _of_operation(view: Contract) -> Iterator[tuple[str, str]]:
    request = view.resolve(view.request_schema) if view.has_body else None
    # An error is kept as it came, and has no model.
    answers = view.response_schemas[:-1] if view.documents_errors else view.response_schemas
    parts = [(view.request_schema, ARGUMENTS)] if view.has_body else []
    parts += [(schema, ATTRIBUTES) for schema in answers]
    for root, taken in parts:
        for place in view.places(root):
            above, _, name = place.schema.rpartition("/properties/")
            is_argument = taken is not ARGUMENTS or above == request
            if above and name in taken and is_argument:
                what = "an argument of every method" if taken is ARGUMENTS else "an attribute of every answer"
                yield place.schema, f"`{name}` is {what} of the Python client; give the member another name"
    members = view.at(request).get("properties", {}) if request else {}
    for here in view.parameters:
        name = view.at(here)["name"]
        if name in ARGUMENTS or name in members:
            what = "a member of the request" if name in members else "an argument of every method of the Python client"
            yield here, f"`{name}` is {what} too; give the parameter another name"
