"""Probes with other keys than the right one, whole and as streams, and with something else that is wrong besides."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from ..exchange import Effort, Expect, Key, Probe, chat, encode
from .making import unknown_model

WRONG = {
    Key.WRONG: "wrong key",
    Key.OTHER_CASE: "the key in the other case",
    Key.LONGER: "the key and more",
    Key.SAME_LENGTH: "another key of the same length",
    Key.NON_ASCII: "a key that is not ASCII",
    Key.LONG: "a very long key",
}
PARTS = {
    Key.PARTIAL: "beginning of the key",
    Key.END: "end of the key",
    Key.SAME_START: "beginning of the key, then others",
}
ABSENT = {Key.ABSENT: "no key", Key.EMPTY: "Bearer without a key"}
WHY = "The contract's own example, with another key."


def probes(control: Probe) -> Iterator[Probe]:
    for kinds, about in ((ABSENT, "missing-key-refused"), (WRONG, "wrong-key-refused"), (PARTS, "partial-key-refused")):
        for kind, name in kinds.items():
            yield _refused(control, name, kind, about)
    yield _refused(control, "no space after Bearer", Key.NO_SPACE, "malformed-refused")
    yield _refused(control, "the key under another scheme", Key.OTHER_SCHEME, "malformed-refused")
    stream = evolve(control, body=encode(chat.as_a_stream(control.request)))
    yield _refused(stream, "no key, streamed", Key.ABSENT, "missing-key-refused")
    yield _refused(stream, "wrong key, streamed", Key.WRONG, "wrong-key-refused")
    for kinds, about in ((WRONG, "wrong-key-refused"), (PARTS, "partial-key-refused")):
        for kind, name in kinds.items():
            if kind is not Key.WRONG:
                yield evolve(_refused(stream, f"{name}, streamed", kind, about), effort=Effort.THOROUGH)
    invalid = encode({**control.request, "messages": "none"})
    unknown = encode({**control.request, "model": unknown_model(control)})
    for name, body, media_type in (
        ("wrong key and invalid body", invalid, "application/json"),
        ("wrong key and malformed JSON", (control.body or b"")[:-1], "application/json"),
        ("wrong key and unknown model", unknown, "application/json"),
        ("wrong key and text/plain", control.body, "text/plain"),
    ):
        yield evolve(_refused(control, name, Key.WRONG, "judged-before-body"), body=body, media_type=media_type)


def _refused(probe: Probe, name: str, key: Key, about: str) -> Probe:
    ids = frozenset({f"authorization.{about}"})
    return evolve(probe, name=name, why=WHY, key=key, requirement_ids=ids, expect=Expect.REFUSED)
