"""Probes written by hand, for what JSON Schema cannot say."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from ..contract import Contract
from ..exchange import CONTROL, STREAMED_CONTROL, Expect, Key, Probe, encode
from ..exchange.strict_json import Json

MAX_TOKENS = 16
"""How much a probe lets the model generate where it is not about that."""

COUNT = "Count from one to fifty in words."
LONG = " ".join(["The quick brown fox jumps over the lazy dog near the quiet river bank."] * 8)
UNICODE = 'tab\there,\r\nÜnïcode \U0001f9ea 名前 👩‍👩‍👧‍👦 "quoted" back\\slash \u2028separator \u202eright-to-left'
CONVERSATION = [
    {"role": "system", "content": "You are terse.\nAnswer in one line."},
    {"role": "user", "content": "What is the capital of France?"},
    {"role": "assistant", "content": ""},
    {"role": "user", "content": "Please answer."},
    {"role": "assistant", "content": "Paris."},
    {"role": "user", "content": "And of Spain?"},
]


def control(contract: Contract, model: str) -> Probe:
    """The contract's example with this model and few tokens: what every other probe differs from."""
    request = {**contract.example_request, "model": model, "max_tokens": MAX_TOKENS}
    return Probe(CONTROL, "The contract's own example.", encode(request))


def probes(contract: Contract, control: Probe) -> Iterator[Probe]:
    """The control, then the most telling ones first."""

    def edited(name: str, why: str, edit: Json, *about: str, expect: Expect = Expect.ACCEPTED) -> Probe:
        body = encode({**control.request, **edit})
        return evolve(control, name=name, why=why, body=body, requirement_ids=frozenset(about), expect=expect)

    def says(text: str) -> list[dict[str, str]]:
        return [{"role": "user", "content": text}]

    stream = {"stream": True}
    yield control
    yield edited(STREAMED_CONTROL, "The contract's own example as a stream.", stream)
    yield from _keys(control)
    yield edited("stream = false", "Asks for one JSON object.", {"stream": False}, "request.stream-accepted")
    yield evolve(
        control,
        name="max_tokens absent",
        why="The page's own request: it sets no limit.",
        body=encode({name: value for name, value in control.request.items() if name != "max_tokens"}),
        requirement_ids=frozenset({"request.max-tokens-accepted"}),
    )
    for limit in (4, 8):
        why = f"A long answer, cut after {limit} tokens."
        counting: Json = {"messages": says(COUNT), "temperature": 0, "max_tokens": limit}
        yield edited(f"cut at {limit}", why, counting, "finish-reason.length-when-cut")
        yield edited(f"cut at {limit}, streamed", why, counting | stream)
    for name, text in (("a short prompt", "Hi."), ("a long prompt", LONG)):
        prompt: Json = {"messages": says(text), "temperature": 0}
        yield edited(name, "Counts more tokens for more text.", prompt, "usage.prompt-grows")
    for name, why, edit, about in (
        ("any Unicode", "Characters from all over Unicode.", says(UNICODE), "message.content-accepted"),
        ("a conversation", "Every role, several times; an empty text.", CONVERSATION, "request.messages-accepted"),
    ):
        yield edited(name, why, {"messages": edit}, about)
        yield edited(f"{name}, streamed", why, {"messages": edit, "stream": True}, about)

    unknown = {"model": f"{control.request['model']}-that-nobody-serves"}
    about = "request.model-unknown-refused"
    yield edited("unknown model", "Asks for a model that does not exist.", unknown, about, expect=Expect.REFUSED)
    schema = contract.at(contract.resolve(contract.request_schema))
    for name in [name for name in schema["properties"] if name not in schema.get("required", ())]:
        null, about = {name: None}, "request.null-undecided"
        if contract.is_valid(contract.request_schema, {**control.request, **null}):
            continue  # null is a documented value
        yield edited(f"{name} = null", "Null for an optional parameter.", null, about, expect=Expect.EITHER)
    member, about = {"x_unknown_member": "ignored?"}, "request.unknown-member-undecided"
    yield edited("unknown member", "A member that the contract does not know.", member, about, expect=Expect.EITHER)
    yield from _bodies(control)
    for method in ("GET", "PUT", "DELETE"):
        about = "endpoint.method-refused"
        why = "A method that the contract does not know."
        refused = evolve(
            control, name=method, why=why, method=method, requirement_ids=frozenset({about}), expect=Expect.REFUSED
        )
        yield refused if method == "PUT" else evolve(refused, body=None, media_type=None)


def _keys(control: Probe) -> Iterator[Probe]:
    invalid = encode({"model": control.request["model"], "messages": "none"})
    for name, key, body, about in (
        ("no key", Key.ABSENT, control.body, "missing-key-refused"),
        ("wrong key", Key.WRONG, control.body, "wrong-key-refused"),
        ("beginning of the key", Key.PARTIAL, control.body, "partial-key-refused"),
        ("wrong key and invalid body", Key.WRONG, invalid, "judged-before-body"),
    ):
        yield evolve(
            control,
            name=name,
            why="The contract's own example, with another key.",
            key=key,
            body=body,
            requirement_ids=frozenset({f"authorization.{about}"}),
            expect=Expect.REFUSED,
        )


def _bodies(control: Probe) -> Iterator[Probe]:
    whole = control.body or b""
    for name, body, media_type, about in (
        ("malformed JSON", whole[:-1], "application/json", "malformed-json-refused"),
        ("empty body", b"", "application/json", "empty-refused"),
        ("text/plain", whole, "text/plain", "wrong-media-type-refused"),
        ("no Content-Type", whole, None, "missing-media-type-undecided"),
    ):
        yield evolve(
            control,
            name=name,
            why="A body that is not what the contract asks for.",
            body=body,
            media_type=media_type,
            requirement_ids=frozenset({f"body.{about}"}),
            expect=Expect.REFUSED if media_type else Expect.EITHER,
        )
