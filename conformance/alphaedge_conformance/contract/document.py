"""An OpenAPI document: its text, the line of each part, JSON pointers into it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import jsonschema_rs
from attrs import evolve, field, frozen

from ..errors import ConfigurationError
from .overlays import Action, Origin, Overlay, apply
from .yaml_file import YamlFile
from .yaml_file import pointer as pointer
from .yaml_file import tokens as tokens


@frozen
class Document(YamlFile):
    """One OpenAPI file, read, with the overlays that were applied to it."""

    overlays: tuple[Overlay, ...] = ()
    origins: Mapping[str, Origin] = field(factory=dict, repr=False)
    """What overlays wrote, by its pointer."""
    unmatched: tuple[Action, ...] = field(default=(), repr=False)
    """Actions of overlays whose targets select nothing here."""

    KIND: ClassVar[str] = "a contract"
    EXPECTED: ClassVar[str] = "expected an OpenAPI document with `paths`; give the contract's file"

    @classmethod
    def is_of_kind(cls, document: Any) -> bool:
        return isinstance(document, dict) and isinstance(document.get("paths"), dict)

    def with_overlays(self, overlays: Iterable[Overlay]) -> Self:
        """The document that overlays make of this one. Raises ConfigurationError where one cannot be applied."""
        added = tuple({overlay.source.resolve(): overlay for overlay in overlays}.values())
        if not added:
            return self
        applied = apply(self.document, added)
        return evolve(
            self, document=applied.document, overlays=added, origins=applied.origins, unmatched=applied.unmatched
        )

    @property
    def profiles(self) -> tuple[str, ...]:
        """The names of the overlays."""
        return tuple(overlay.name for overlay in self.overlays)

    def profile_of(self, pointer: str) -> str | None:
        """The profile that a part comes from; None for one of the file itself."""
        found = self._origin(pointer)
        return found[0].overlay.name if found is not None else None

    def place(self, pointer: str) -> tuple[Path, int]:
        """The file and the line of a part."""
        found = self._origin(pointer)
        return (
            (found[0].overlay.source, found[0].line(found[1]))
            if found is not None
            else (self.source, self.line(pointer))
        )

    def _origin(self, pointer: str) -> tuple[Origin, str] | None:
        """Where an overlay has a part, and the rest of the pointer below it."""
        here = pointer
        while here:
            if here in self.origins:
                return self.origins[here], pointer.removeprefix(here)
            here = here.rpartition("/")[0]
        return None

    def error(self, pointer: str, what: str) -> ConfigurationError:
        return ConfigurationError(what, *self.place(pointer))

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

    def malformed(self) -> Iterator[tuple[str, str]]:
        """The pointer of each component or inline schema that is not a valid JSON Schema, and why not."""
        for here, schema in _schemas(self.document):
            try:
                jsonschema_rs.meta.validate(schema)
            except jsonschema_rs.ValidationError as wrong:
                yield here + pointer(*wrong.instance_path), wrong.message
            except (TypeError, ValueError) as wrong:
                yield here, str(wrong)

    @contextmanager
    def expecting_its_form(self) -> Iterator[None]:
        """Around what reads it: a part that is missing, or has another form than OpenAPI gives it, is a
        ConfigurationError."""
        try:
            yield
        except (AttributeError, IndexError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise ConfigurationError(
                f"{self.source}: a part that the kit needs is missing or does not have the form that OpenAPI requires "
                f"({type(error).__name__}: {error}); run `alphaedge-contract lint` on it"
            ) from error

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
