"""What an exchange shows: the views of it that checks ask for by the names of their arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, Self, TypeVar

from attrs import define, field

from ..contract import Contract, Violation
from ..contract.further import named
from ..exchange import Exchange, Expect, ExpectedAnswer, sse
from ..exchange.strict_json import Json, loads
from .pieces import final_completion
from .places import Deviation, Place, path_text

UNANSWERED = {429, 502, 503, 504}
"""Statuses by which a server or a gateway says that it did not look at the request."""
KEPT = frozenset({"exchange", "contract", "secret", "usage", "said"})
"""What evidence holds of a large answer: no more than its bytes again."""
MOST_OFFSETS = 20
"""Events of a stream that a finding points to."""


class Unseen(Exception):
    """This exchange does not show what a check asks for; the reason is its text."""


def assume(condition: object, otherwise: str = "") -> None:
    """Leaves an exchange unjudged unless the condition holds."""
    if not condition:
        raise Unseen(otherwise)


ACCEPTED = (ExpectedAnswer.PLAIN, ExpectedAnswer.STREAMED)
Value = TypeVar("Value")


class View(cached_property[Value]):
    """A property of evidence that a check may ask for, and the kinds of probes whose answers can show it."""

    kinds: frozenset[ExpectedAnswer]


def view(*kinds: ExpectedAnswer) -> Callable[[Callable[[Evidence], Value]], View[Value]]:
    """Declares a view."""

    def declare(function: Callable[[Evidence], Value]) -> View[Value]:
        made = View(function)
        made.kinds = frozenset(kinds)
        return made

    return declare


@define
class Broken:
    """What breaks one keyword in an exchange: the first value, and how often it and its like come in a stream."""

    first: Violation | None = None
    offsets: list[int] = field(factory=list)
    """Of the first events in which the same place is wrong."""
    times: int = 0

    def add(self, violation: Violation, offsets: tuple[int, ...]) -> None:
        self.times += 1
        if self.first is None:
            self.first = violation
        is_same = (violation.path, violation.missing) == (self.first.path, self.first.missing)
        if is_same and len(self.offsets) < MOST_OFFSETS:
            self.offsets.extend(offsets)

    @property
    def deviation(self) -> Deviation | None:
        """All of it as one; None where nothing breaks the keyword."""
        if self.first is None:
            return None
        more = f", and {self.times - 1} more" if self.times > 1 else ""
        message = f"{path_text(self.first.path) or 'the whole value'}: {self.first.message}{more}"
        return Deviation(message, Place(self.first.path, self.first.missing, offsets=tuple(self.offsets)))


@define(slots=False, frozen=True)
class Evidence:
    """One exchange, seen in the light of the contract. Each view raises Unseen where the exchange does not show it."""

    exchange: Exchange
    contract: Contract
    """That of the operation which the exchange is about."""
    secret: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, exchange: Exchange, contract: Contract, secret: str | None = None) -> Self:
        """Of an exchange about any operation of a contract."""
        return cls(exchange, named(contract, exchange.probe.operation_name), secret)

    @view(*ExpectedAnswer)
    def key(self) -> str:
        """The right key, which no answer may show, to whatever request."""
        assume(self.secret, "no key is set")
        return self.secret or ""

    @view(*ACCEPTED)
    def evidence(self) -> Evidence:
        return self

    @view(*ExpectedAnswer)
    def request(self) -> Json:
        """The JSON object that was sent."""
        return self.exchange.probe.request

    @view(*ExpectedAnswer)
    def answer(self) -> Exchange:
        """The exchange, where the server answered at all."""
        assume(self.exchange.status is not None, f"no answer: {self.exchange.failure}")
        assume(not self.exchange.timed_out, f"{self.exchange.failure}, which may only be slow")
        is_confirmed = self.exchange.probe.repeated and not self.exchange.blames_load
        assume(
            is_confirmed or self.exchange.status not in UNANSWERED,
            f"answered {self.exchange.status}, so it was not examined",
        )
        return self.exchange

    @view(*ExpectedAnswer)
    def outcome(self) -> Exchange:
        """The answer, or that a server which still listens gives none when it is asked again. To a valid request it may
        only be slow."""
        exchange = self.exchange
        gave_none = exchange.is_silent if exchange.probe.expect is Expect.REFUSED else exchange.was_dropped
        is_confirmed = exchange.probe.repeated and not exchange.refused_connection
        return exchange if gave_none and is_confirmed else self.answer

    @view(*ACCEPTED)
    def accepted(self) -> Exchange:
        """The answer 2xx to a request that the contract accepts: a 201 for a 200 is a finding of the status alone."""
        assume(self.exchange.probe.expect is Expect.ACCEPTED)
        assume(self.exchange.accepted, f"answered {self.answer.status}")
        return self.answer

    @view(ExpectedAnswer.PLAIN)
    def plain(self) -> Exchange:
        """An accepted request for one JSON object."""
        assume(not self.exchange.probe.streams)
        return self.accepted

    @view(ExpectedAnswer.STREAMED)
    def streamed(self) -> Exchange:
        """An accepted request for a stream."""
        assume(self.exchange.probe.streams)
        return self.accepted

    @view(ExpectedAnswer.REFUSED)
    def refusal(self) -> Exchange:
        """The outcome of an invalid request."""
        assume(self.exchange.probe.expect is Expect.REFUSED and self.exchange.probe.uses_its_method)
        return self.outcome

    @view(ExpectedAnswer.REFUSED)
    def error(self) -> Exchange:
        """A request of the operation's method answered with 4xx or 5xx, whose body should say why."""
        assume(self.exchange.probe.uses_its_method)
        assume(400 <= (self.answer.status or 0) < 600, f"answered {self.answer.status}")
        return self.answer

    # Bodies

    @view(ExpectedAnswer.PLAIN)
    def completion(self) -> Any:
        """The JSON value of a plain answer."""
        assume(not looks_like_a_stream(self.plain), "came as a stream")
        return _json(self.plain.body)

    @view(*ACCEPTED)
    def usage(self) -> Json:
        """A valid `usage`, of a completion or of the last chunk that has one."""
        if self.exchange.probe.streams:
            found = [chunk["usage"] for chunk in self.chunks if chunk.get("usage") is not None]
        else:
            assume(isinstance(self.completion, dict))
            found = [self.completion.get("usage")]
        assume(found, "no usage in the stream")
        usage: Json = found[-1]
        schema = self.contract.completion_schema
        whole = self.contract.resolve(schema) + "/properties/usage"
        assume(not self.contract.violations(whole, usage), "usage of another shape")
        return usage

    @view(ExpectedAnswer.PLAIN)
    def choices(self) -> list[Json]:
        """The choices of a completion, where they are objects."""
        assume(isinstance(self.completion, dict))
        choices = self.completion.get("choices")
        assume(isinstance(choices, list) and all(isinstance(choice, dict) for choice in choices))
        found: list[Json] = choices
        return found

    @view(ExpectedAnswer.STREAMED)
    def events(self) -> sse.Stream:
        """A stream as it came over the wire."""
        assume(looks_like_a_stream(self.streamed), "came as one JSON value")
        return sse.decode(self.streamed.chunks)

    @view(ExpectedAnswer.STREAMED)
    def data(self) -> list[Any]:
        """The data of each event that is JSON, without [DONE] and without errors, which are not chunks."""
        assume(self._placed_data, "no event with JSON")
        return [value for _, value in self._placed_data]

    @cached_property
    def _placed_data(self) -> list[tuple[int, Any]]:
        """As `data`, each with the offset of its event; it keeps nothing where that raises."""
        found = []
        for event in self.events.events:
            try:
                value = loads(event.data)
            except ValueError:
                continue
            if not (isinstance(value, dict) and "error" in value):
                found.append((event.offset, value))
        return found

    @view(ExpectedAnswer.STREAMED)
    def chunks(self) -> list[Json]:
        """The chunks of a stream, where they are objects."""
        assume(all(isinstance(chunk, dict) for chunk in self.data))
        return self.data

    @view(ExpectedAnswer.STREAMED)
    def final_completion(self) -> Json:
        """The completion that a client makes of a stream."""
        return final_completion(self.chunks)

    @view(*ACCEPTED)
    def final_choices(self) -> list[Json]:
        """The choices of an accepted answer, of a stream those of its final completion."""
        if not self.exchange.probe.streams:
            return self.choices
        choices: list[Json] = self.final_completion["choices"]
        return choices

    @view(*ACCEPTED)
    def said(self) -> tuple[str, Any]:
        """The text of all choices, and their finish_reason; not of an answer without text, or with several reasons."""
        messages = [choice.get("message") for choice in self.final_choices]
        texts = [message.get("content") if isinstance(message, dict) else None for message in messages]
        assume(texts and all(isinstance(text, str) for text in texts), "no text")
        reasons = [choice.get("finish_reason") for choice in self.final_choices]
        assume(all(reason == reasons[0] for reason in reasons), "choices that end for different reasons")
        return "\n".join(map(str, texts)), reasons[0]

    @view(ExpectedAnswer.REFUSED)
    def error_body(self) -> Any:
        """The JSON value of an error."""
        return _json(self.error.body)

    @cached_property
    def keywords(self) -> dict[str, Broken]:
        """The pointer of each keyword of a response schema that this exchange gives occasion to judge, and what breaks
        it here; both may come more than once in a stream."""
        contract = self.contract
        found: dict[str, Broken] = {}
        for schema, instance, offsets in self._instances():
            for pointer in contract.exercised(schema, instance):
                if pointer not in found:
                    found[pointer] = Broken()
            for violation in contract.violations(schema, instance):
                found.setdefault(violation.pointer, Broken()).add(violation, offsets)
        return found

    def _instances(self) -> Iterator[tuple[str, Any, tuple[int, ...]]]:
        """The JSON values of an exchange, each with the pointer of its schema, and the offset of its event, if any."""
        contract = self.contract
        for schema in contract.response_schemas:
            try:
                if schema == contract.completion_schema:
                    yield schema, self.completion, ()
                elif contract.documents_errors and schema == contract.error_schema:
                    yield schema, self.error_body, ()
                else:
                    yield from ((schema, chunk, (offset,)) for offset, chunk in self._placed_data)
            except Unseen:
                continue

    def forget_values(self) -> None:
        """Drops what was decoded, which is many times as large as the answer; a view that is asked for decodes anew."""
        for name in self.__dict__.keys() - KEPT:
            del self.__dict__[name]

    # Time

    @cached_property
    def now(self) -> tuple[float, float]:
        """When the answer was made, in Unix seconds: by its own Date header where it has one, and by the clock."""
        clock = self.answer.started + self.answer.elapsed
        try:
            return parsedate_to_datetime(self.answer.header("date") or "").timestamp(), clock
        except (ValueError, OverflowError):
            return clock, clock


def kinds_of_view(name: str) -> frozenset[ExpectedAnswer]:
    """The kinds of probes whose answers can show a view; raises KeyError for a name that is not a view."""
    if name == "all_shown":
        return frozenset(ACCEPTED)
    declared = vars(Evidence)[name]
    assert isinstance(declared, View)
    return declared.kinds


def looks_like_a_stream(exchange: Exchange) -> bool:
    """Whether the bytes are server-sent events, whatever the label says."""
    if exchange.media_type != "text/event-stream":
        start = exchange.body.removeprefix(sse.BOM).lstrip()
        return start.startswith((b"data:", b"event:", b"id:", b"retry:", b":"))
    try:
        loads(exchange.body)
    except ValueError:
        return True
    return False


def _json(body: bytes) -> Any:
    try:
        return loads(body)
    except ValueError as error:
        raise Unseen(f"is not valid JSON: {error}") from None
