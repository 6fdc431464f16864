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

TOKEN = re.compile(r'\s*("[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+)', re.DOTALL)

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
    root: Node | None = None
    open_: list[Node] = []
    key: tuple[str, int] | None = None
    after = ""
    at = count = 0
    while match := TOKEN.match(text, at):
        token, at, count = match[1], match.end(), count + 1
        inside = open_[-1] if open_ else None
        if count > MOST_TOKENS or (root is not None and inside is None):
            return None
        if token in ("}", "]"):
            if inside is None or inside.close != token or key is not None or after == ",":
                return None
            inside.ends.append(at)
            open_.pop()
            after = "value"
        elif token == ",":
            if after != "value" or inside is None:
                return None
            after = ","
        elif token == ":":
            if after != "key":
                return None
            after = ":"
        elif inside is not None and inside.raw == "{" and key is None:
            if after == "value" or not token.startswith('"'):
                return None
            key, after = (token, match.start(1)), "key"
        else:
            if after in ("value", "key"):
                return None
            named = None if key is None else _name(key[0])
            place: Path = () if inside is None else (*inside.path, len(inside.children) if named is None else named)
            start = match.start(1) if key is None else key[1]
            node = Node(place, token, start, key[0] if key else None)
            key = None
            root = root or node
            if inside is not None:
                inside.children.append(node)
            if node.close:
                open_.append(node)
                after = ""
                if len(open_) > DEEPEST:
                    return None
            else:
                node.ends.append(at)
                after = "value"
    return root if not open_ and not text[at:].strip() else None


def _name(raw: str) -> str:
    try:
        return str(json.loads(raw))
    except ValueError:
        return raw[1:-1]


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
