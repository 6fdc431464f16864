"""Probes written by hand, for what JSON Schema cannot say."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from ..contract import Contract
from ..exchange import CONTROL, STREAMED_CONTROL, Effort, Expect, Probe, encode
from ..exchange.strict_json import Json
from . import bodies, keys, state, tokens
from .making import edited, says, unknown_model

MAX_TOKENS = 16
"""How much a probe lets the model generate where it is not about that."""

UNICODE = (
    'tab\there,\r\nÜnïcode \U0001f9ea 名前 👩‍👩‍👧‍👦 "quoted" back\\slash 12 3.5 true null '
    "\u2028separator \u202eright-to-left cafe\u0301"
)
CONVERSATION = [
    {"role": "system", "content": "You are terse.\nAnswer in one line."},
    {"role": "user", "content": "What is the capital of France?"},
    {"role": "assistant", "content": ""},
    {"role": "user", "content": "Please answer."},
    {"role": "assistant", "content": "Paris."},
    {"role": "user", "content": " \n\t "},
    {"role": "user", "content": "And of Spain?"},
]
MANY = 101
"""Messages: more than any limit of a hundred."""
ODD_ROLE = 'na\u00efve "wizard" \\ \n \u9b54\u6cd5\u4f7f\u3044' * 20
"""Quotes, line ends and characters of several bytes, which an error may break when it repeats them."""


def control(contract: Contract, model: str) -> Probe:
    """The contract's example with this model and few tokens: what every other probe differs from."""
    request = {**contract.example_request, "model": model, "max_tokens": MAX_TOKENS}
    return Probe(CONTROL, "The contract's own example.", encode(request))


def probes(contract: Contract, control: Probe) -> Iterator[Probe]:
    """The controls first, then the most telling ones."""
    stream = {"stream": True}
    streamed_control = edited(control, STREAMED_CONTROL, "The contract's own example as a stream.", stream)
    yield evolve(control, requirement_ids=frozenset({state.AVAILABLE}))
    yield streamed_control
    yield from keys.probes(control)
    yield edited(control, "stream = false", "Asks for one JSON object.", {"stream": False}, "request.stream-accepted")
    yield evolve(
        control,
        name="max_tokens absent",
        why="The page's own request: it sets no limit.",
        body=encode({name: value for name, value in control.request.items() if name != "max_tokens"}),
        requirement_ids=frozenset({"request.max-tokens-accepted"}),
    )
    yield from tokens.probes(control)
    about, why = ("message.content-accepted", "stream.whole-characters"), "Characters from all over Unicode."
    unicode: Json = {"messages": says(UNICODE), "max_tokens": 64}
    yield edited(control, "any Unicode", why, unicode, *about)
    yield edited(control, "any Unicode, streamed", why, unicode | stream, *about)
    talk, why = "request.messages-accepted", "Every role, several times; an empty text; white space."
    yield edited(control, "a conversation", why, {"messages": CONVERSATION}, talk)
    yield edited(control, "a conversation, streamed", why, {"messages": CONVERSATION, **stream}, talk)
    yield from _models(control)
    yield from _undecided(contract, control)
    yield from _later_messages(control)
    yield from _large(control)
    found = list(bodies.probes(contract, control))
    yield from found
    malformed = next(probe for probe in found if probe.name == bodies.MALFORMED)
    yield from state.probes(control, streamed_control, malformed)


def _models(control: Probe) -> Iterator[Probe]:
    """Models that nobody serves."""
    about = "request.model-unknown-refused"
    for name, model in (
        ("unknown model", unknown_model(control)),
        ("a model without a name", ""),
        ("a model with quotes, dots and a NUL in its name", '../the "best" \\ model\n\0'),
        ("a model with a long name of many bytes", "模型🤖é" * 100),
    ):
        why = "Asks for a model that does not exist."
        yield edited(control, name, why, {"model": model}, about, expect=Expect.REFUSED)
        if name == "unknown model":
            stream: Json = {"model": model, "stream": True}
            yield edited(control, f"{name}, streamed", f"{why} As a stream.", stream, about, expect=Expect.REFUSED)


def _undecided(contract: Contract, control: Probe) -> Iterator[Probe]:
    """Null for what may be absent, and members that the contract does not know."""
    schema = contract.at(contract.resolve(contract.request_schema))
    for name in [name for name in schema["properties"] if name not in schema.get("required", ())]:
        if contract.is_valid(contract.request_schema, {**control.request, name: None}):
            continue  # null is a documented value
        why, about = "Null for an optional parameter.", "request.null-undecided"
        yield edited(control, f"{name} = null", why, {name: None}, about, expect=Expect.EITHER)
    why, about = "A member that the contract does not know.", "request.unknown-member-undecided"
    unknown = {"x_unknown_member": "ignored?"}
    inside = {"messages": [{**message, **unknown} for message in control.request["messages"]]}
    yield edited(control, "unknown member", why, unknown, about, expect=Expect.EITHER)
    yield edited(control, "unknown member of a message", why, inside, about, expect=Expect.EITHER)


def _later_messages(control: Probe) -> Iterator[Probe]:
    """Something that is wrong, and is in neither the first message nor the last."""
    first = control.request["messages"]
    why = "A wrong message between others."
    for name, message, about in (
        ("a second message without content", {"role": "user"}, "message.content-required"),
        ("a second message of an unknown role", {"role": ODD_ROLE, "content": "Hi."}, "message.role-enum"),
    ):
        yield edited(control, name, why, {"messages": [*first, message, *first]}, about, expect=Expect.REFUSED)


def _large(control: Probe) -> Iterator[Probe]:
    """More than a server may be able to do."""
    about = "request.large-never-5xx"
    for power in (31, 63):
        why, large = "A number that is too large for many programs.", {"messages": says("Hi."), "max_tokens": 2**power}
        yield edited(control, f"max_tokens = 2^{power}", why, large, about, expect=Expect.EITHER)
    many = [{"role": ("user", "assistant")[number % 2], "content": "a"} for number in range(MANY)]
    yield edited(control, f"{MANY} messages", "A long conversation.", {"messages": many}, about, expect=Expect.EITHER)
    text, why = says("word " * 800), "A text of some length, which a model may be too small for."
    yield edited(control, "a text of 4 KB", why, {"messages": text}, about, expect=Expect.EITHER)
    text, why = says(" ".join([tokens.LONG] * 120)), "A text too long for many models."
    yield edited(
        control, "a text of 64 KB", why, {"messages": text}, about, expect=Expect.EITHER, effort=Effort.THOROUGH
    )
