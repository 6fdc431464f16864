"""The operations of a contract, and where the schemas of what is sent and answered stand."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from attrs import field, frozen

from .document import Document, pointer, tokens

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
"""The methods that a path of an OpenAPI document may have."""


@frozen
class OperationDocument(Document):
    """A document, seen as that of one of its operations, with the schemas that it names: the primary one, unless
    another is `chosen`."""

    chosen: str | None = None
    """The pointer of the operation, where it is not the primary one."""
    proposed: Any = field(default=None, repr=False)
    """A request of it, where the contract has no example of one."""

    @cached_property
    def operation_pointer(self) -> str:
        """Of the chosen operation, or of the primary one: the first POST that can answer with a stream, or where none
        can the first POST."""
        if self.chosen is not None:
            return self.chosen
        posts = [here for here in self.operation_pointers if tokens(here)[-1] == "post"]
        if not posts:
            raise self.error("/paths", "expected a POST operation, found none")
        stream = pointer("responses", "200", "content", "text/event-stream")
        return next((here for here in posts if self.has(here + stream)), posts[0])

    @cached_property
    def operation_pointers(self) -> list[str]:
        """Of every operation, in the order of the file."""
        return [
            pointer("paths", path, method)
            for path, item in self.document["paths"].items()
            for method in (item if isinstance(item, dict) else ())
            if method in METHODS
        ]

    @property
    def path(self) -> str:
        """The path of the operation, as ``/v1/chat/completions``."""
        return tokens(self.operation_pointer)[1]

    @property
    def method(self) -> str:
        """In upper case."""
        return tokens(self.operation_pointer)[2].upper()

    @property
    def name(self) -> str | None:
        """The operationId of an operation that is not the primary one."""
        return None if self.chosen is None else str(self.operation["operationId"])

    @cached_property
    def profile(self) -> str | None:
        """The profile that brought the operation; None for one of the contract itself."""
        return self.profile_of(self.operation_pointer)

    @property
    def is_optional(self) -> bool:
        """Whether a server may lack the operation."""
        return self.operation.get("x-optional") is True

    @property
    def is_secured(self) -> bool:
        """Whether the contract says that no request is answered without a key."""
        ways = self.operation.get("security", self.document.get("security")) or [{}]
        return {} not in ways

    @cached_property
    def operation(self) -> dict[str, Any]:
        found: dict[str, Any] = self.at(self.operation_pointer)
        return found

    @cached_property
    def parameters(self) -> list[str]:
        """The pointer of each parameter of the operation; one of its own stands for that of its path."""
        found: dict[tuple[str, str], str] = {}
        for above in (self.operation_pointer.rpartition("/")[0], self.operation_pointer):
            for index in range(len(self.at(above).get("parameters", ()))):
                here = self.resolve(f"{above}/parameters/{index}")
                found[self.at(here)["name"], self.at(here)["in"]] = here
        return list(found.values())

    @property
    def has_body(self) -> bool:
        """Whether a request has a body."""
        return "requestBody" in self.operation

    @property
    def request_schema(self) -> str:
        return self._json("requestBody")

    @cached_property
    def success(self) -> str:
        """The documented status of an accepted request, as ``200`` or ``2XX``; of several the first."""
        if self.chosen is None:
            return "200"
        found = next((str(status) for status in self.operation["responses"] if str(status).startswith("2")), None)
        if found is None:
            raise self.error(self.operation_pointer + "/responses", "expected a documented 2xx response; add it")
        return found

    @property
    def completion_schema(self) -> str:
        """Of the JSON of an accepted request's answer."""
        return self._json("responses", self.success)

    def _json(self, *steps: str) -> str:
        """The pointer of the schema of a body of JSON."""
        here = self.operation_pointer + pointer(*steps)
        return (self.resolve(here) if self.has(here) else here) + pointer("content", "application/json", "schema")

    @property
    def event_schema(self) -> str:
        return self.operation_pointer + pointer("responses", "200", "content", "text/event-stream", "itemSchema")

    @cached_property
    def chunk_schema(self) -> str:
        """The schema of the data of an event: the `contentSchema` in the event stream's `itemSchema`."""
        data = self.event_schema + "/properties/data"
        for index, branch in enumerate(self.at(data).get("anyOf", [])):
            if "contentSchema" in branch:
                return data + pointer("anyOf", index, "contentSchema")
        raise self.error(data, "expected a branch of anyOf with a contentSchema for the chunk")

    @cached_property
    def error_schema(self) -> str:
        """The schema of every documented refusal."""
        if self._refusal is None:
            raise self.error(self.operation_pointer + "/responses", "expected a documented 4xx response with a schema")
        return self._json("responses", self._refusal)

    @property
    def documents_errors(self) -> bool:
        """Whether the answer to an invalid request has a schema."""
        return self._refusal is not None

    @cached_property
    def _refusal(self) -> str | None:
        """The documented status of a refusal, or `default`; of several the first."""
        statuses = [str(status) for status in self.operation["responses"]]
        if self.chosen is None:
            return next((status for status in statuses if status.startswith("4")), None)
        described = [each for each in statuses if self.has(self._json("responses", each))]
        refusals = sorted((each for each in described if each[0] in "4d"), key=lambda status: status == "default")
        return next(iter(refusals), None)

    @cached_property
    def response_schemas(self) -> tuple[str, ...]:
        """Of a completion, a chunk and an error; of another operation those that it has."""
        if self.chosen is None:
            return self.completion_schema, self.chunk_schema, self.error_schema
        success = (self.completion_schema,) if self.has(self.completion_schema) else ()
        return (*success, self.error_schema) if self.documents_errors else success

    @cached_property
    def example_request(self) -> Any:
        """The request body of the contract's first example; None of an operation without a body."""
        if self.chosen is not None and (not self.has_body or self.proposed is not None):
            return self.proposed
        media = self.at(self.request_schema.removesuffix("/schema"))
        return next(iter(media["examples"].values()))["value"]

    def check(self) -> None:
        """Everything that is named is there, and schemas are valid; raises ConfigurationError."""
        for here, wrong in self.malformed():
            raise self.error(here, f"{here} is not a valid JSON Schema: {wrong}; correct it")
        for here, node in self.parts():
            if isinstance(node, dict) and isinstance(node.get("$ref"), str):
                self.resolve(here)
        for schema in (self.request_schema, self.completion_schema, self.event_schema):
            if not self.has(schema):
                raise self.error(schema, f"expected a schema at {schema}")
        for schema in (self.chunk_schema, self.error_schema):
            self.resolve(schema)
        if not self.operation["requestBody"]["content"]["application/json"].get("examples"):
            raise self.error(self.request_schema, "expected at least one example of a request")
