"""Text of others in a page: nothing in it is markup, and nothing in it is hidden."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any

from markupsafe import Markup, escape

LONGEST = 2000
"""Characters of a text that a page shows."""


def visible(text: str, longest: int = LONGEST) -> Markup:
    """A text on one line, cut in the middle where it is long."""
    head, left_out, tail = cut(text, longest)
    if not left_out:
        return _marked(head)
    return Markup("{}{}{}").format(_marked(head), gap(left_out), _marked(tail))


def cut(text: str, longest: int) -> tuple[str, int, str]:
    """The head, how many characters are left out after it, and the tail."""
    if len(text) <= longest:
        return text, 0, ""
    tail = longest // 4
    return text[: longest - tail], len(text) - longest, text[-tail:]


def gap(characters: int) -> Markup:
    return Markup('<i class="gap">… {:,} characters left out …</i>').format(characters)


def lines(text: str) -> Markup:
    """A text that keeps its lines, for an element's content alone: quotes stay as they are, which halves a body."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return Markup(plain) if text.isprintable() else _with_escapes(plain, keep="\n\t")


def attribute(text: str) -> Markup:
    """A text for the value of an attribute."""
    return escape("".join(char if char.isprintable() else _escape(char) for char in cut(text, LONGEST)[0]))


def prose(text: str) -> Markup:
    """A sentence of ours, with `code` in it."""
    return Markup(re.sub(r"`([^`<>]*)`", r"<code>\1</code>", str(visible(text))))


def finalize(value: Any) -> Any:
    """What Jinja does with every value before it is printed."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _marked(text: str) -> Markup:
    return escape(text) if text.isprintable() else _with_escapes(str(escape(text)), keep="")


def _with_escapes(escaped: str, keep: str) -> Markup:
    """Control and direction characters as escapes that no text can imitate; `keep` are some that stay."""
    runs = groupby(escaped, key=lambda char: char in keep or char.isprintable())
    return Markup("").join(
        Markup(run) if is_printable else Markup(f'<b class="unseen">{"".join(map(_escape, run))}</b>')
        for is_printable, run in ((is_printable, "".join(run)) for is_printable, run in runs)
    )


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


LONGEST_COMMAND = 6000


def command(text: str) -> Markup:
    """A command to be read."""
    head, left_out, tail = cut(text, LONGEST_COMMAND)
    if not left_out:
        return lines(head)
    return Markup("{}{}{}").format(lines(head), gap(left_out), lines(tail))


def whole(text: str) -> Markup:
    """A command to be copied from an attribute, exactly as it is."""
    return Markup(str(escape(text.encode("utf-8", "backslashreplace").decode())).replace("\r", "&#13;"))
