"""Reads ``openapi.yaml`` once: the document, the line of each part, its schemas as validators and as keywords."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml
from attrs import field, frozen

from .errors import ConfigurationError

URI = "urn:alphaedge:contract"

APPLICATORS = {"$ref", "properties", "items"}
ANNOTATIONS = {"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment"}
ASSERTIONS = {
    *("type", "const", "enum", "required", "additionalProperties", "minProperties", "maxProperties"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "pattern", "minItems", "maxItems", "uniqueItems", "oneOf", "anyOf", "allOf"),
}


SHIPPED = Path(__file__).with_name("openapi.yaml")
"""The contract that this suite carries; in a checkout a link to the one at the top."""


def pointer(*tokens: str | int) -> str:
    """A JSON pointer (RFC 6901) of these tokens."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def tokens(pointer: str) -> list[str]:
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


@frozen
class Keyword:
    """One assertion of one schema: ``minimum: 0`` of ``/components/schemas/…/temperature``."""

    pointer: str
    """Where it stands in the contract; a required member has a pointer of its own."""
    name: str
    value: Any
    path: tuple[str, ...]
    """From the component to the schema that holds it, as member names; ``[]`` for an item."""
    component: str
    level: str
    quote: str | None

    @property
    def schema(self) -> str:
        """The pointer of the schema that holds it."""
        return self.pointer.rpartition("/required/" if self.name == "required" else "/")[0]


@frozen
class Violation:
    """A keyword that an instance breaks, and where in the instance."""

    pointer: str
    path: tuple[str | int, ...]
    message: str


@frozen
class Contract:
    """One contract file, read."""

    source: Path
    text: str = field(repr=False)
    document: dict[str, Any] = field(repr=False)
    root: yaml.Node = field(repr=False)

    @classmethod
    def load(cls, source: Path | None = None) -> Contract:
        """Raises ConfigurationError when the file cannot be read as a contract, or is none that can be judged by."""
        contract = cls.read(source or SHIPPED)
        contract.check()
        return contract

    @classmethod
    def read(cls, source: Path) -> Contract:
        """An OpenAPI document, whatever it says. Raises ConfigurationError when it is none."""
        try:
            text = source.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{source}: cannot be read as a contract: {error}") from None
        return cls.parse(source, text)

    @classmethod
    def parse(cls, source: Path, text: str) -> Contract:
        """As `read`, with the text of the file; `source` is what messages call it."""
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        try:
            root = loader.get_single_node()
            document = loader.construct_document(root) if root else None
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark else 1
            raise ConfigurationError(f"{source}:{line}: is no YAML: {getattr(error, 'problem', error)}") from None
        finally:
            loader.dispose()
        if root is None or not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
            raise ConfigurationError(f"{source}:1: expected an OpenAPI document with `paths`; give the contract's file")
        return cls(source, text, document, root)

    def check(self) -> None:
        """Everything that is named is there; raises ConfigurationError."""
        for here, node in _nodes(self.document):
            if isinstance(node, dict) and isinstance(node.get("$ref"), str):
                self.resolve(here)
        for schema in (self.request_schema, self.completion_schema, self.event_schema):
            if not self.has(schema):
                raise self.error(schema, f"expected a schema at {schema}")
        for schema in (self.chunk_schema, self.error_schema):
            self.resolve(schema)
        if not self.operation["requestBody"]["content"]["application/json"].get("examples"):
            raise self.error(self.request_schema, "expected at least one example of a request")

    def malformed(self) -> Iterator[tuple[str, str]]:
        """The pointer of each component or schema in a place of its own that is no JSON Schema, and why not."""
        for here, schema in _schemas(self.document):
            try:
                jsonschema_rs.meta.validate(schema)
            except jsonschema_rs.ValidationError as wrong:
                yield here + pointer(*wrong.instance_path), wrong.message
            except (TypeError, ValueError) as wrong:
                yield here, str(wrong)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what the contract says, whatever its comments and white space: 64 hexadecimal digits."""
        return hashlib.sha256(json.dumps(self.document, sort_keys=True).encode()).hexdigest()

    @property
    def version(self) -> str:
        return str(self.document["info"]["version"])

    def at(self, pointer: str) -> Any:
        """What stands at a pointer; raises KeyError where nothing does."""
        here = self.document
        for token in tokens(pointer):
            try:
                here = here[int(token)] if isinstance(here, list) else here[token]
            except (IndexError, ValueError, TypeError):
                raise KeyError(pointer) from None
        return here

    def has(self, pointer: str) -> bool:
        """Whether anything stands at a pointer."""
        try:
            self.at(pointer)
        except KeyError:
            return False
        return True

    def pointers(self) -> Iterator[str]:
        """Of every part, in the order of the file."""
        return (here for here, _ in _nodes(self.document))

    def line(self, pointer: str) -> int:
        """The line of a part, counted from 1; of the nearest part around it where the pointer leads nowhere."""
        node, line = self.root, 1
        for token in tokens(pointer):
            if isinstance(node, yaml.MappingNode):
                found = next(((k, v) for k, v in node.value if k.value == token), None)
                if found is None:
                    break
                line, node = found[0].start_mark.line + 1, found[1]
            elif isinstance(node, yaml.SequenceNode) and token.isdigit() and int(token) < len(node.value):
                node = node.value[int(token)]
                line = node.start_mark.line + 1
            else:
                break
        return line

    def error(self, pointer: str, what: str) -> ConfigurationError:
        return ConfigurationError(f"{self.source}:{self.line(pointer)}: {what}")

    # The one operation, and the schemas that it names

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

    @cached_property
    def example_request(self) -> dict[str, Any]:
        """The request body of the contract's first example."""
        media = self.operation["requestBody"]["content"]["application/json"]
        found: dict[str, Any] = next(iter(media["examples"].values()))["value"]
        return found

    # Schemas as keywords

    def resolve(self, pointer: str) -> str:
        """Follows `$ref` to where the schema really stands."""
        for _ in range(32):
            schema = self.at(pointer)
            if "$ref" not in schema:
                return pointer
            file, _, target = schema["$ref"].partition("#")
            if file or not self.has(target):
                raise self.error(pointer, f"expected a $ref into this file, found {schema['$ref']}")
            pointer = target
        raise self.error(pointer, "a $ref that leads back to itself")

    def nullable(self, pointer: str) -> str | None:
        """The other branch of ``oneOf: [X, {type: "null"}]``, or None where the schema is of another form."""
        branches = self.at(pointer).get("oneOf", [])
        others = [index for index, branch in enumerate(branches) if branch != {"type": "null"}]
        return f"{pointer}/oneOf/{others[0]}" if len(branches) == 2 and len(others) == 1 else None

    def keywords(self, pointer: str) -> Iterator[Keyword]:
        """Every assertion of a schema and of all below it, once each, in the order of the file."""
        seen: set[str] = set()

        def walk(here: str, path: tuple[str, ...], component: str, quote: str | None) -> Iterator[Keyword]:
            outer, here = self.at(here), self.resolve(here)
            if "$ref" in outer:
                path, component, quote = (), tokens(here)[-1], outer.get("x-quote", quote)
            if here in seen:
                return
            seen.add(here)
            schema = self.at(here)
            quote, levels = schema.get("x-quote", quote), schema.get("x-levels", {})
            if (other := self.nullable(here)) is not None:
                yield from walk(other, path, component, quote)
                return
            for name, value in schema.items():
                if name == "required":
                    for index, member in enumerate(value):
                        of = schema.get("properties", {}).get(member, {})
                        level = of.get("x-levels", {}).get("required", "MUST")
                        at, said = f"{here}/required/{index}", of.get("x-quote", quote)
                        yield Keyword(at, name, member, (*path, member), component, level, said)
                elif name in ASSERTIONS:
                    yield Keyword(f"{here}/{name}", name, value, path, component, levels.get(name, "MUST"), quote)
                elif name not in APPLICATORS | ANNOTATIONS and not name.startswith("x-"):
                    raise self.error(f"{here}/{name}", f"no rule is known for the keyword `{name}`; use another")
            for member in schema.get("properties", {}):
                yield from walk(f"{here}/properties/{_escape(member)}", (*path, member), component, quote)
            if "items" in schema:
                yield from walk(f"{here}/items", (*path, "[]"), component, quote)

        start = self.resolve(pointer)
        yield from walk(pointer, (), tokens(start)[-1], None)

    def shown(self, pointer: str, instance: Any) -> Iterator[str]:
        """The pointers of the keywords that this instance gives occasion to judge; an optional member keeps its own by
        its absence."""
        here = self.resolve(pointer)
        if (other := self.nullable(here)) is not None:
            if instance is not None:
                yield from self.shown(other, instance)
            return
        schema = self.at(here)
        for name in schema:
            if name == "required" and isinstance(instance, dict):
                yield from (f"{here}/required/{index}" for index in range(len(schema["required"])))
            elif name in ASSERTIONS and name != "required":
                yield f"{here}/{name}"
        if isinstance(instance, dict):
            for member, value in schema.get("properties", {}).items():
                at = f"{here}/properties/{_escape(member)}"
                if member in instance:
                    yield from self.shown(at, instance[member])
                elif member not in schema.get("required", ()):
                    yield from (f"{at}/{name}" for name in value if name in ASSERTIONS)
        if isinstance(instance, list) and "items" in schema:
            for item in instance:
                yield from self.shown(f"{here}/items", item)

    @cached_property
    def _registry(self) -> jsonschema_rs.Registry:
        return jsonschema_rs.Registry([(URI, self.document)])

    @cached_property
    def _validators(self) -> dict[str, jsonschema_rs.Draft202012Validator]:
        return {}

    def violations(self, pointer: str, instance: Any) -> list[Violation]:
        """Every keyword of a schema that an instance breaks; a wrong type hides what else is wrong at its place."""
        if pointer not in self._validators:
            self._validators[pointer] = jsonschema_rs.Draft202012Validator(
                {"$ref": f"{URI}#{pointer}"}, registry=self._registry
            )
        found = [v for error in self._validators[pointer].iter_errors(instance) for v in self._violations(error)]
        mistyped = {v.path for v in found if v.pointer.endswith("/type")}
        return [v for v in found if v.path not in mistyped or v.pointer.endswith("/type")]

    def broken_musts(self, pointer: str, instance: Any) -> list[Violation]:
        """The violations of keywords of level MUST."""
        if pointer not in self._musts:
            self._musts[pointer] = {keyword.pointer for keyword in self.keywords(pointer) if keyword.level == "MUST"}
        return [found for found in self.violations(pointer, instance) if found.pointer in self._musts[pointer]]

    @cached_property
    def _musts(self) -> dict[str, set[str]]:
        return {}

    def _violations(self, error: Any) -> Iterator[Violation]:
        location = error.absolute_keyword_location.removeprefix(URI).removeprefix("#")
        if error.kind.name == "required":
            index = self.at(location).index(error.kind.property)
            came = shorten(json.dumps(error.instance, ensure_ascii=False))
            message = f"{json.dumps(error.kind.property)} is missing in {came}"
            yield Violation(f"{location}/{index}", tuple(error.instance_path), message)
        elif error.kind.name == "oneOf" and self.nullable(location.removesuffix("/oneOf")):
            for branch in error.kind.context:
                for inner in branch:
                    if not inner.absolute_keyword_location.startswith(URI + "#" + location):
                        yield from self._violations(inner)
        else:
            came = f", got {json.dumps(error.instance)}" if error.kind.name == "const" else ""
            yield Violation(location, tuple(error.instance_path), shorten(error.message + came))


def shorten(text: str, length: int = 160) -> str:
    """The text on one line, cut where it is long."""
    text = " ".join(text[: 4 * length].split())
    return text[:length] + " …" if len(text) > length else text


def _nodes(node: Any, here: str = "") -> Iterator[tuple[str, Any]]:
    """Every part of a document with its pointer."""
    yield here, node
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, part in parts:
        yield from _nodes(part, here + pointer(name))


NAMED = {
    *("schemas", "responses", "parameters", "requestBodies", "headers", "content", "paths", "links", "callbacks"),
    *("pathItems", "mediaTypes", "encoding"),
}
"""Maps in OpenAPI whose keys are names, and no words of its own."""
EXAMPLES = {"example", "examples", "default", "value"}


def _schemas(node: Any, here: str = "", around: str = "") -> Iterator[tuple[str, Any]]:
    """Every schema that is not inside of another, with its pointer; `around` is the key that `node` stands at."""
    for name, part in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        word = "" if around in NAMED else str(name)
        at = here + pointer(name)
        if word in ("schema", "itemSchema") or (around == "schemas" and here == "/components/schemas"):
            yield at, part
        elif word not in EXAMPLES and not word.startswith("x-"):
            yield from _schemas(part, at, word)


def _escape(member: str) -> str:
    return pointer(member)[1:]
