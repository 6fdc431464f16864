"""Takes the texts out of a body and leaves its form: the same bytes, as many, with random letters for what was said.

Nothing that is left depends on a text but its length and its white space. The values of a few members that clients and
servers choose from a vocabulary stay, numbers and names of members too.
"""

from __future__ import annotations

import random
import re
from string import ascii_lowercase

VOCABULARY = frozenset(
    {b"id", b"object", b"model", b"role", b"finish_reason", b"type", b"param", b"code", b"system_fingerprint"}
)
"""Members whose values say nothing of a text, where they look like a word of a program."""
WORD = re.compile(rb"[\w.:/@-]{0,80}")
NAME = re.compile(rb"[A-Za-z_][\w.-]{0,60}")
LEXEMES = re.compile(
    rb"""(?P<string>"(?:[^"\\]|\\.)*(?:"|$))(?P<colon>\s*:)?
    | (?P<kept>[\s{}\[\],:]+ | (?:true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.]))
    | (?P<other>[^\s{}\[\],:"]+)""",
    re.VERBOSE | re.DOTALL,
)
FIELD = re.compile(rb"(?P<head>(?:\xef\xbb\xbf)?(?:data|event|id|retry):[ ]?)?(?P<value>[^\r\n]*)(?P<end>\r\n?|\n|$)")
DONE = b"[DONE]"
SPACE = re.compile(rb"\s+")
LETTERS = "".join(random.SystemRandom().choices(ascii_lowercase, k=2**16)).encode()


def masked(body: bytes, is_stream: bool = False) -> bytes:
    """A body of JSON, or of server-sent events whose data is JSON; of any other, white space and signs alone stay."""
    if not is_stream:
        return _masked_json(body)
    return FIELD.sub(lambda line: (line["head"] or b"") + _masked_data(line) + line["end"], body)


def _masked_data(line: re.Match[bytes]) -> bytes:
    head, value = line["head"], line["value"]
    if head is None:
        comment = value[:1] if value.startswith(b":") else b""
        return comment + _letters(value[len(comment) :])
    if value.strip() == DONE or (not head.lstrip(b"\xef\xbb\xbf").startswith(b"data") and WORD.fullmatch(value)):
        return value
    return _masked_json(value)


def _masked_json(body: bytes) -> bytes:
    name = b""

    def replace(found: re.Match[bytes]) -> bytes:
        nonlocal name
        if found["string"] is None:
            return found["kept"] if found["kept"] is not None else _letters(found["other"])
        inner = found["string"][1:].removesuffix(b'"')
        end = found["string"][1 + len(inner) :]
        if found["colon"] is not None:
            name = inner
            return b'"' + (inner if NAME.fullmatch(inner) else _letters(inner)) + end + found["colon"]
        return b'"' + (inner if name in VOCABULARY and WORD.fullmatch(inner) else _letters(inner)) + end

    return LEXEMES.sub(replace, body)


def _letters(text: bytes) -> bytes:
    """As many letters, with the white space where it was."""
    if len(text) > len(LETTERS) // 2:
        half = len(text) // 2
        return _letters(text[:half]) + _letters(text[half:])
    start = random.randrange(len(LETTERS) // 2)
    made = bytearray(LETTERS[start : start + len(text)])
    for space in SPACE.finditer(text):
        made[space.start() : space.end()] = space[0]
    return bytes(made)
