"""An OpenAPI document: its text, the line of each part, JSON pointers into it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import jsonschema_rs
import yaml
from attrs import field, frozen

from ..errors import ConfigurationError


def pointer(*tokens: str | int) -> str:
    """A JSON pointer (RFC 6901) of these tokens."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def tokens(pointer: str) -> list[str]:
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


@frozen
class Document:
    """One OpenAPI file, read."""

    source: Path
    text: str = field(repr=False)
    document: dict[str, Any] = field(repr=False)
    root: yaml.Node = field(repr=False)

    @classmethod
    def read(cls, source: Path) -> Self:
        """An OpenAPI document, whatever it says. Raises ConfigurationError when it is not one."""
        try:
            text = source.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{source}: cannot be read as a contract: {error}") from None
        return cls.parse(source, text)

    @classmethod
    def parse(cls, source: Path, text: str) -> Self:
        """As `read`, with the text of the file; `source` is what messages call it."""
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        try:
            root = loader.get_single_node()
            document = loader.construct_document(root) if root else None
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark else 1
            raise ConfigurationError(f"is not valid YAML: {getattr(error, 'problem', error)}", source, line) from None
        finally:
            loader.dispose()
        if root is None or not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
            raise ConfigurationError("expected an OpenAPI document with `paths`; give the contract's file", source, 1)
        return cls(source, text, document, root)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what the contract says, whatever its comments and white space: 64 hexadecimal digits."""
        return hashlib.sha256(json.dumps(self.document, sort_keys=True).encode()).hexdigest()

    @property
    def version(self) -> str:
        return str(self.document["info"]["version"])

    @cached_property
    def _found(self) -> dict[str, Any]:
        """What stands at each pointer that was asked for: judging asks for the same few with each event of a stream."""
        return {}

    def at(self, pointer: str) -> Any:
        """What stands at a pointer; raises KeyError where nothing does."""
        if pointer not in self._found:
            self._found[pointer] = self._at(pointer)
        return self._found[pointer]

    def _at(self, pointer: str) -> Any:
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

    def parts(self) -> Iterator[tuple[str, Any]]:
        """Every part with its pointer, in the order of the file."""
        return _parts(self.document)

    def pointers(self) -> Iterator[str]:
        """Of every part, in the order of the file."""
        return (here for here, _ in self.parts())

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
        return ConfigurationError(what, self.source, self.line(pointer))

    def malformed(self) -> Iterator[tuple[str, str]]:
        """The pointer of each component or inline schema that is not a valid JSON Schema, and why not."""
        for here, schema in _schemas(self.document):
            try:
                jsonschema_rs.meta.validate(schema)
            except jsonschema_rs.ValidationError as wrong:
                yield here + pointer(*wrong.instance_path), wrong.message
            except (TypeError, ValueError) as wrong:
                yield here, str(wrong)

    @cached_property
    def _resolved(self) -> dict[str, str]:
        return {}

    def resolve(self, pointer: str) -> str:
        """Follows `$ref` to where the schema really stands."""
        if pointer not in self._resolved:
            self._resolved[pointer] = self._resolve(pointer)
        return self._resolved[pointer]

    def _resolve(self, pointer: str) -> str:
        for _ in range(32):
            schema = self.at(pointer)
            if "$ref" not in schema:
                return pointer
            file, _, target = schema["$ref"].partition("#")
            if file or not self.has(target):
                raise self.error(pointer, f"expected a $ref into this file, found {schema['$ref']}")
            pointer = target
        raise self.error(pointer, "a $ref that refers to itself")


def shorten(text: str, length: int = 160) -> str:
    """The text on one line, cut where it is long."""
    text = " ".join(text[: 4 * length].split())
    return text[:length] + " …" if len(text) > length else text


def _parts(node: Any, here: str = "") -> Iterator[tuple[str, Any]]:
    """Every part of a document with its pointer."""
    yield here, node
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, part in parts:
        yield from _parts(part, here + pointer(name))


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
