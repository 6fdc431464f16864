"""JSON as it was sent, laid out for reading: every token stays as it came, only the white space is ours."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator

from attrs import field, frozen

from .pieces import Piece
from .visible import cut

MOST_TOKENS = 20_000
DEEPEST = 40
WIDTH = 76
LONGEST_STRING = 2048

TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)

Path = tuple[str | int, ...]


@frozen(eq=False)
class Node:
    """A value, and where it stands in the text; a member begins with its name."""

    path: Path
    raw: str = field(repr=False)
    """The bracket that opens it, or the whole token."""
    start: int
    key: str | None = None
    """The name as it was written."""
    children: list[Node] = field(factory=list, repr=False)
    ends: list[int] = field(factory=list, repr=False)

    @property
    def end(self) -> int:
        return self.ends[0]

    @property
    def close(self) -> str:
        return {"{": "}", "[": "]"}.get(self.raw, "")

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.walk()


def parse(text: str) -> Node | None:
    """The one value of a text; None where it is not JSON, or more of it than anybody reads."""
    try:  # a number may be longer than Python converts
        json.loads(text, strict=False, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None
    root: Node | None = None
    around: list[Node] = []
    key: re.Match[str] | None = None
    for count, match in enumerate(TOKEN.finditer(text)):
        token, outer = match[0], around[-1] if around else None
        if count == MOST_TOKENS or len(around) > DEEPEST:
            return None
        if token in "}]":
            around.pop().ends.append(match.end())
        elif key is None and outer is not None and outer.raw == "{" and token != ",":
            key = match
        elif token not in ",:":
            step = [_name(key[0]) if key else len(outer.children)] if outer else []
            path = (*(outer.path if outer else ()), *step)
            node = Node(path, token, (key or match).start(), key[0] if key else None)
            root, key = root or node, None
            if outer is not None:
                outer.children.append(node)
            if node.close:
                around.append(node)
            else:
                node.ends.append(match.end())
    return root


def _name(raw: str) -> str:
    return str(json.loads(raw, strict=False))


def lay_out(node: Node, marked: Collection[Node], indent: int = 0, is_marked: bool = False) -> Iterator[Piece]:
    """The pieces of a value over several lines, those of marked nodes marked."""
    is_marked = is_marked or node in marked
    kind = "mark" if is_marked else ""
    if node.key is not None:
        yield from _token(node.key, kind)
        yield Piece(": ", kind)
    if not node.children:
        yield from _token(node.raw + node.close, kind)
        return
    flat = _flat(node)
    inner = "\n" + " " * (indent + 2)
    yield Piece(node.raw, kind)
    for number, child in enumerate(node.children):
        if number:
            yield Piece(", " if flat else ",", kind)
        if not flat:
            yield Piece(inner, "")
        yield from lay_out(child, marked, indent + 2, is_marked)
    if not flat:
        yield Piece("\n" + " " * indent, "")
    yield Piece(node.close, kind)


def _flat(node: Node) -> bool:
    """Whether a value fits on a line."""
    return sum(len(each.raw) + len(each.key or "") + 3 for each in node.walk()) <= WIDTH


def _token(text: str, kind: str) -> Iterator[Piece]:
    head, left_out, tail = cut(text, LONGEST_STRING)
    yield Piece(head, kind)
    if left_out:
        yield Piece(str(left_out), "gap")
        yield Piece(tail, kind)


def in_place(text: str, marked: Collection[Node]) -> Iterator[Piece]:
    """The pieces of the text as it is, those of marked nodes marked."""
    at = 0
    for node in sorted(marked, key=lambda node: node.start):
        if node.start < at:
            continue
        yield Piece(text[at : node.start], "")
        yield Piece(text[node.start : node.end], "mark")
        at = node.end
    yield Piece(text[at:], "")
