"""What a probe sends for a key, and how a shell makes the same of the key in its environment."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from .probe import Key, Probe, Wire
from .redaction import partial

WRONG_KEY = "sk-a-wrong-key-sent-by-the-conformance-suite"
SAME_START = 8
"""Characters that a wrong key has in common with the right one."""


@frozen
class Credentials:
    """The value of an Authorization field (RFC 6750) for a right key."""

    field: Callable[[str], str]
    shell: Callable[[str, str], str]
    """Takes the right key, for its length alone, and the name of the variable that holds it."""


def _literal(field: str) -> Credentials:
    return Credentials(lambda _: field, lambda *_: field)


def _of(wrong: Callable[[str], str], shell: Callable[[str, str], str]) -> Credentials:
    """A wrong key made from the right one; where they would be the same, one that is wrong in any case."""

    def field(key: str) -> str:
        made = wrong(key)
        return f"Bearer {made if made != key else WRONG_KEY}"

    return Credentials(field, lambda key, name: f"Bearer {shell(key, name)}")


def _start(key: str) -> int:
    return min(SAME_START, len(key) // 2)


def _another(key: str) -> str:
    """A key of the same length."""
    return ("x" if key[:1] != "x" else "y") * len(key)


CREDENTIALS: dict[Key, Credentials] = {
    Key.RIGHT: Credentials(lambda key: f"Bearer {key}", lambda _, name: f"Bearer ${name}"),
    Key.WRONG: _literal(f"Bearer {WRONG_KEY}"),
    Key.EMPTY: _literal("Bearer"),
    Key.PARTIAL: _of(partial, lambda key, name: f'$(printf %.{len(partial(key))}s "${name}")'),
    Key.END: _of(
        lambda key: key[-len(partial(key)) :], lambda key, name: f'$(printf %s "${name}" | tail -c {len(partial(key))})'
    ),
    Key.LONGER: _of(lambda key: f"{key}-and-more", lambda _, name: f"${{{name}}}-and-more"),
    Key.OTHER_CASE: _of(str.swapcase, lambda _, name: f'$(printf %s "${name}" | tr a-zA-Z A-Za-z)'),
    Key.SAME_START: _of(
        lambda key: key[: _start(key)] + _another(key[_start(key) :]),
        lambda key, name: f'$(printf %.{_start(key)}s "${name}"){_another(key[_start(key) :])}',
    ),
    Key.SAME_LENGTH: _of(_another, lambda key, _: _another(key)),
    Key.NON_ASCII: _literal("Bearer sk-cl\u00e9-\u9375-\U0001f511"),
    Key.LONG: _literal("Bearer " + WRONG_KEY * 8),
    Key.OTHER_SCHEME: Credentials(lambda key: f"Basic {key}", lambda _, name: f"Basic ${name}"),
    Key.NO_SPACE: Credentials(lambda key: f"Bearer{key}", lambda _, name: f"Bearer${name}"),
}


def headers(probe: Probe, key: str | None) -> dict[str, str]:
    """The headers of a probe's request that make a difference."""
    found = {} if probe.media_type is None else {"Content-Type": probe.media_type}
    if (field := authorization(probe.key, key)) is not None:
        found["Authorization"] = field
    return {name.lower(): value for name, value in found.items()} if probe.wire is Wire.UNUSUAL else found


def authorization(kind: Key, key: str | None) -> str | None:
    """The value of the Authorization field, where a key is set and anything is sent for it."""
    return None if key is None or kind is Key.ABSENT else CREDENTIALS[kind].field(key)


def kind_of(field: str, key: str) -> Key | None:
    """What was sent for this key; None for what the suite does not send."""
    return next((kind for kind, each in CREDENTIALS.items() if each.field(key) == field), None)
