"""The operation of a contract, and where the schemas of what is sent and answered stand."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from attrs import frozen

from .document import Document, pointer, tokens

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
"""The methods that a path of an OpenAPI document may have."""


@frozen
class OperationDocument(Document):
    """A document of one POST operation, and the schemas that it names."""

    @cached_property
    def operation_pointer(self) -> str:
        found = [
            pointer("paths", path, "post") for path, item in self.document["paths"].items() if "post" in (item or {})
        ]
        if len(found) != 1:
            raise self.error("/paths", f"expected exactly one POST operation, found {len(found)}")
        return found[0]

    @property
    def path(self) -> str:
        """The path of the operation, as ``/v1/chat/completions``."""
        return tokens(self.operation_pointer)[1]

    @cached_property
    def operation(self) -> dict[str, Any]:
        found: dict[str, Any] = self.at(self.operation_pointer)
        return found

    @property
    def request_schema(self) -> str:
        return self.operation_pointer + pointer("requestBody", "content", "application/json", "schema")

    @property
    def completion_schema(self) -> str:
        return self.operation_pointer + pointer("responses", "200", "content", "application/json", "schema")

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
        for status, response in self.operation["responses"].items():
            if str(status).startswith("4"):
                here = self.operation_pointer + pointer("responses", status)
                here = response["$ref"].removeprefix("#") if "$ref" in response else here
                return here + pointer("content", "application/json", "schema")
        raise self.error(self.operation_pointer + "/responses", "expected a documented 4xx response with a schema")

    @property
    def response_schemas(self) -> tuple[str, ...]:
        """Of a completion, a chunk and an error."""
        return self.completion_schema, self.chunk_schema, self.error_schema

    @cached_property
    def example_request(self) -> dict[str, Any]:
        """The request body of the contract's first example."""
        media = self.operation["requestBody"]["content"]["application/json"]
        found: dict[str, Any] = next(iter(media["examples"].values()))["value"]
        return found

    def check(self) -> None:
        """Everything that is named is there; raises ConfigurationError."""
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
