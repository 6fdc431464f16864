"""Long text in pieces, some of them marked, cut so that head, tail and the first mark are seen."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from markupsafe import Markup

from .visible import gap, lines

BEFORE = 200
"""Characters that are seen before a mark."""


class Piece(NamedTuple):
    text: str
    kind: str = ""
    """`mark`; `gap`, whose text is how many characters are left out; `time`, when a line arrived; `note`, a word of
    ours; or nothing."""


def cut(pieces: Iterable[Piece], longest: int) -> list[Piece]:
    """At most about `longest` characters of them."""
    pieces = list(pieces)
    total = sum(len(piece.text) for piece in pieces)
    if total <= longest:
        return pieces
    keep = [(0, longest // 2), (total - longest // 4, total)]
    at = 0
    for piece in pieces:
        if piece.kind == "mark":
            keep.append((max(0, at - BEFORE), at + longest // 4 - BEFORE))
            break
        at += len(piece.text)
    kept: list[Piece] = []
    end = 0
    for start, stop in sorted(keep):
        if start > end:
            kept.append(Piece(str(start - end), "gap"))
        kept += _slice(pieces, max(start, end), stop)
        end = max(end, stop)
    return kept


def _slice(pieces: list[Piece], start: int, stop: int) -> Iterable[Piece]:
    at = 0
    for piece in pieces:
        text = piece.text[max(0, start - at) : max(0, stop - at)]
        if text:
            yield piece._replace(text=text)
        at += len(piece.text)


def markup(pieces: Iterable[Piece]) -> Markup:
    alike = groupby(pieces, key=lambda piece: (piece.kind, piece.text if piece.kind == "gap" else ""))
    return Markup("").join(
        _markup(Piece(text or "".join(piece.text for piece in run), kind)) for (kind, text), run in alike
    )


def _markup(piece: Piece) -> Markup:
    if piece.kind == "gap":
        return gap(int(piece.text))
    text = lines(piece.text)
    if piece.kind == "mark":
        return Markup("<mark>{}</mark>").format(text)
    return Markup('<i class="{}">{}</i>').format(piece.kind, text) if piece.kind else text
