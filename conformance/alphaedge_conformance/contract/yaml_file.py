"""A YAML file: what it says, and the line of each part."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Self

import yaml
from attrs import field, frozen

from ..errors import ConfigurationError


def pointer(*tokens: str | int) -> str:
    """A JSON pointer (RFC 6901) of these tokens."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def tokens(pointer: str) -> list[str]:
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


@frozen
class YamlFile:
    """One file of YAML whose top is a mapping."""

    source: Path
    text: str = field(repr=False)
    document: dict[str, Any] = field(repr=False)
    root: yaml.Node = field(repr=False)

    KIND: ClassVar[str] = "a file"
    """What messages call such a file."""
    EXPECTED: ClassVar[str] = "expected a mapping"

    @classmethod
    def is_of_kind(cls, document: Any) -> bool:
        return isinstance(document, dict)

    @classmethod
    def read(cls, source: Path) -> Self:
        """Raises ConfigurationError where the file is not one of this kind."""
        try:
            text = source.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{source}: cannot be read as {cls.KIND}: {error}") from None
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
        if root is None or not isinstance(document, dict) or not cls.is_of_kind(document):
            raise ConfigurationError(cls.EXPECTED, source, 1)
        return cls(source, text, document, root)

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
