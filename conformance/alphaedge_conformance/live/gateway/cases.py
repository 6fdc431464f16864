"""What the kit sends to a gateway, and how the upstream answers it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import evolve, field, frozen

from ...contract import Contract
from ...exchange import CONTROL, Expect, Key, Probe, encode
from ...exchange.chat import word
from ...exchange.strict_json import Json
from ...probes.stated import every
from .upstream import Script

UNUSUAL = 'Zażółć 🦄👩‍👩‍👧 日本語 \u2028\u00a0"quotes" \\ back / slash\ttab\nline  two\x7f <&> %41 {{x}} ${y} end '
"""Text that is easy to alter: several scripts, joined emoji, separators, escapes, templates, white space at the end."""
LARGE = 200_000
PAUSE = 0.1
"""Seconds between the events of a stream whose times are looked at."""
UNKNOWN: Json = {"seed": 12345678901234567, "x_kit": {"a": [1, None, "é"], "b": 0.1}}
AT_ONCE = 8


@frozen
class Case:
    """One request, or several at once."""

    name: str
    why: str
    request: Json
    script: Script = field(factory=Script)
    key: Key = Key.RIGHT
    leaves: bool = False
    """Whether the client leaves after the first piece of the answer."""
    number: int = 0
    is_of_profile: bool = False
    """Whether a claimed profile asks for it."""

    @property
    def word(self) -> str:
        """What its request is known by."""
        return word(self.number)

    @property
    def probe(self) -> Probe:
        return Probe(self.name, self.why, encode(self.request), key=self.key)


def cases(contract: Contract, model: str) -> list[Case]:
    """In the order in which they are sent, the control first, and what claimed profiles ask for last."""
    found = (*_cases(model), *_of_profiles(contract, model))
    return [_numbered(case, number) for number, case in enumerate(found, 1)]


def together(model: str) -> list[Case]:
    """What is sent at once."""
    made = (
        Case(f"one of {AT_ONCE} at once, {number}", "Answers must not be mixed up.", _request(model))
        for number in range(1, AT_ONCE + 1)
    )
    return [_numbered(case, 1000 + number) for number, case in enumerate(made)]


def _cases(model: str) -> Iterator[Case]:
    def case(name: str, why: str, script: Script | None = None, text: str = "Hello! ", **members: Any) -> Case:
        return Case(name, why, _request(model, text, **members), script or Script())

    yield case("control", "The request that all others differ from.")
    conversation = [
        {"role": "system", "content": UNUSUAL},
        {"role": "user", "content": ""},
        {"role": "assistant", "content": " \n"},
        {"role": "user", "content": f"{UNUSUAL}, "},
    ]
    yield case("unusual conversation", "Texts must pass exactly.", messages=conversation)
    yield case("numbers", "Numbers must pass exactly.", max_tokens=7, temperature=0.30000000000000004)
    yield case("lowest numbers", "0 and 1 are values, not absence.", max_tokens=1, temperature=0, stream=False)
    yield case("highest numbers", "A gateway has no limit of its own.", max_tokens=4096, temperature=2)
    yield case("large message", "A long prompt must pass whole.", text="0123456789 é " * (LARGE // 14))
    yield case("unknown members", "Members of other providers.", **UNKNOWN)
    yield case("compressed answer", "The upstream may compress.", Script(compresses=True))
    yield case("answer breaks off", "The upstream dies while it sends.", Script(dies_after=1))
    for status, more in ((400, {}), (404, {}), (422, {}), (429, {"retry-after": "2"}), (500, {}), (503, {})):
        script = Script(status, headers=more, message=f"The upstream says {status} for the kit.")
        yield case(f"upstream answers {status}", "Errors must pass.", script)
    yield case("upstream gives no answer", "The connection breaks before an answer.", Script(drops=True))
    stream: Json = {"stream": True}
    yield case("stream", "The streamed request that others differ from.", **stream)
    yield case("stream, unusual text", "Texts must pass exactly.", text=f"{UNUSUAL}, ", **stream)
    yield case("stream, cut in characters", "Where the pieces end means nothing.", Script(cut=True), UNUSUAL, **stream)
    yield case("stream with comments", "Comments and CRLF are part of the format.", Script(comments=True), **stream)
    yield case("stream, cut by max_tokens", "The reason for the end must pass.", max_tokens=3, **stream)
    yield case("stream, slow", "Each piece must pass as it comes.", Script(pause=PAUSE), max_tokens=6, **stream)
    yield case("stream breaks off", "The upstream dies midway.", Script(dies_after=4), **stream)
    refused = Script(400, message="The upstream says 400 for the kit.")
    yield case("stream, upstream answers 400", "Errors must pass.", refused, **stream)
    endless = case("client leaves", "Nobody pays for what nobody reads.", Script(pause=0.1, repeats=10), **stream)
    yield Case(endless.name, endless.why, endless.request, endless.script, leaves=True)
    wrong = case("wrong key", "A gateway guards what it pays for.")
    yield Case(wrong.name, wrong.why, wrong.request, key=Key.WRONG)


def _of_profiles(contract: Contract, model: str) -> Iterator[Case]:
    control = Probe(CONTROL, "", encode({**contract.example_request, "model": model}))
    for probe in every(contract, control):
        if probe.operation is None and probe.expect is Expect.ACCEPTED and "messages" in probe.request:
            yield Case(probe.name, probe.why, probe.request, is_of_profile=True)


def _request(model: str, text: str = "Hello! ", messages: list[Json] | None = None, **members: Any) -> Json:
    return {"model": model, "messages": messages or [{"role": "user", "content": text}], **members}


def _numbered(case: Case, number: int) -> Case:
    """With its word at the end of the last message; a list of parts has one more."""
    *earlier, last = case.request["messages"]
    content, own = last["content"], word(number)
    content = [*content, {"type": "text", "text": own}] if isinstance(content, list) else content + own
    messages = [*earlier, {**last, "content": content}]
    request = {**case.request, "messages": messages}
    return evolve(case, request=request, number=number)
