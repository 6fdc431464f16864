"""The check of each requirement of a gateway: judges one case, by what arrived, what was made and what came back."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from statistics import median
from typing import Any

from attrs import define, field

from ...contract import Contract, shorten
from ...exchange import Exchange, Key, sse
from ...exchange.strict_json import Json, loads
from ...judging.evidence import Unseen, assume
from ...judging.pieces import final_completion
from ...judging.places import STATUS, Deviation, Place
from .cases import LARGE, Case
from .upstream import EVENTS, JSON, Arrival

WITHIN = 1.0
"""Seconds in which the request to the upstream ends when the client has left."""
MOST = 0.5
"""Share of the pieces of a stream that must come back before the next one is sent."""
ABSENT = object()
CORE = {"model", "messages", "max_tokens", "temperature", "stream"}
"""Members of a request that have requirements of their own; what else the contract names comes from profiles."""
PLAIN_MESSAGE = {"role", "content"}
Check = Callable[["Seen"], None]
CHECKS: dict[str, Check] = {}


def check(id: str) -> Callable[[Check], Check]:
    """Registers the check of a requirement."""

    def register(function: Check) -> Check:
        assert id not in CHECKS, f"{id} has two checks"
        CHECKS[id] = function
        return function

    return register


@define(slots=False, frozen=True)
class Seen:
    """One case, on both sides of the gateway. Each view raises Unseen where the case does not show it."""

    case: Case
    exchange: Exchange
    arrivals: tuple[Arrival, ...]
    contract: Contract = field(repr=False)
    key: str | None = field(repr=False)
    upstream_key: str | None = field(repr=False)
    left: float | None = None
    """When the client left, in Unix seconds."""

    @property
    def is_well(self) -> bool:
        """Whether the upstream answers this case with a whole answer."""
        script = self.case.script
        return script.status == 200 and not script.drops and script.dies_after is None and not self.case.leaves

    @cached_property
    def arrival(self) -> Arrival:
        """The request as it arrived first."""
        assume(self.case.key is Key.RIGHT and self.arrivals, "it did not arrive")
        return self.arrivals[0]

    @cached_property
    def arrived(self) -> Json:
        try:
            found = self.arrival.request
        except ValueError:
            raise Unseen("it did not arrive as JSON") from None
        assume(isinstance(found, dict), "it did not arrive as an object")
        return dict(found)

    @cached_property
    def answered(self) -> Exchange:
        """The answer to a request that arrived and that the upstream answered well."""
        assume(self.is_well and self.arrivals and self.case.key is Key.RIGHT)
        return self.exchange

    @cached_property
    def completion(self) -> Json:
        """The completion that came back, of a request that was answered with one."""
        assume(self.answered.status == 200 and self.made is not None, f"answered {self.answered.status}")
        found = _json(self.answered)
        assume(isinstance(found, dict), "not an object")
        return dict(found)

    @property
    def made(self) -> Json | None:
        """The completion that the upstream made last, since that is what comes back after a retry."""
        return self.arrivals[-1].completion if self.arrivals else None

    @property
    def is_stream(self) -> bool:
        return self.case.probe.streams

    @cached_property
    def stream(self) -> sse.Stream:
        """The events that came back, whole or not."""
        assume(self.is_stream and self.arrivals and self.arrivals[-1].chunks)
        assume(self.exchange.status == 200, f"answered {self.exchange.status}")
        return sse.decode(self.exchange.chunks)

    @cached_property
    def chunks(self) -> list[Json]:
        """Those that came back of a stream that the upstream ended well."""
        assume(self.is_well)
        found = [value for event in self.stream.events if isinstance(value := _value(event.data), dict)]
        return [chunk for chunk in found if "error" not in chunk]

    @property
    def sent_chunks(self) -> list[Json]:
        return self.arrivals[-1].chunks


def _value(text: str) -> Any:
    try:
        return loads(text)
    except ValueError:
        return None


def _json(exchange: Exchange) -> Any:
    try:
        return loads(exchange.body)
    except ValueError:
        raise Unseen("is not valid JSON") from None


def _same(sent: Any, got: Any) -> bool:
    """Whether two JSON values are equal, numbers as numbers, and true and 1 different."""
    if isinstance(sent, dict) and isinstance(got, dict):
        return sent.keys() == got.keys() and all(_same(value, got[name]) for name, value in sent.items())
    if isinstance(sent, list) and isinstance(got, list):
        return len(sent) == len(got) and all(map(_same, sent, got))
    return isinstance(sent, bool) == isinstance(got, bool) and bool(sent == got)


def _quoted(value: Any) -> str:
    return "nothing" if value is ABSENT else shorten(repr(value))


def _as_sent(seen: Seen, member: str) -> None:
    assume(member in seen.case.request)
    sent, got = seen.case.request[member], seen.arrived.get(member, ABSENT)
    assert _same(sent, got), Deviation(
        f"expected {_quoted(sent)} to arrive, got {_quoted(got)}", Place(members=(member,))
    )


def _as_made(what: str, made: Any, got: Any) -> None:
    assert _same(made, got), Deviation(f"expected {_quoted(made)}, got {_quoted(got)}", Place(members=(what,)))


# What arrives


@check("gateway-request.arrives-once")
def arrives_once(seen: Seen) -> None:
    assume(seen.is_well and seen.case.key is Key.RIGHT)
    times = len(seen.arrivals)
    assert times == 1, f"expected it to arrive once, it arrived {times} times; answered {seen.exchange.status}"


@check("gateway-request.json")
def arrives_as_json(seen: Seen) -> None:
    media_type = (seen.arrival.header("content-type") or "").partition(";")[0].strip().lower()
    assert media_type == JSON, f"expected Content-Type: {JSON} to arrive, got {media_type!r}"
    try:
        assert isinstance(seen.arrival.request, dict), "expected an object to arrive"
    except ValueError as error:
        raise AssertionError(f"expected JSON to arrive: {error}") from None


@check("gateway-request.messages-as-sent")
def messages_as_sent(seen: Seen) -> None:
    sent, got = seen.case.request["messages"], seen.arrived.get("messages", ABSENT)
    assume(len(str(sent)) < LARGE // 2)
    assert isinstance(got, list), f"expected messages to arrive, got {_quoted(got)}"
    assert len(got) == len(sent), f"expected {len(sent)} messages to arrive, got {len(got)}"
    for number, (one, other) in enumerate(zip(sent, got, strict=True)):
        for name in ("role", "content"):
            value = other.get(name, ABSENT) if isinstance(other, dict) else ABSENT
            where = Place(members=("messages", name))
            assert one[name] == value, Deviation(
                f"messages[{number}].{name}: expected {_quoted(one[name])} to arrive, got {_quoted(value)}", where
            )


@check("gateway-request.large-as-sent")
def large_as_sent(seen: Seen) -> None:
    sent = seen.case.request["messages"]
    assume(len(str(sent)) >= LARGE // 2 and seen.case.key is Key.RIGHT)
    assert seen.arrivals, f"expected it to arrive; answered {seen.exchange.status}"
    assert seen.arrived.get("messages") == sent, "expected the whole message to arrive, got another one"


@check("gateway-request.model-named")
def model_named(seen: Seen) -> None:
    got = seen.arrived.get("model", ABSENT)
    assert isinstance(got, str) and got, f"expected a model to arrive, got {_quoted(got)}"


@check("gateway-request.max-tokens-as-sent")
def max_tokens_as_sent(seen: Seen) -> None:
    _as_sent(seen, "max_tokens")


@check("gateway-request.temperature-as-sent")
def temperature_as_sent(seen: Seen) -> None:
    _as_sent(seen, "temperature")


@check("gateway-request.stream-as-sent")
def stream_as_sent(seen: Seen) -> None:
    sent, got = seen.case.request.get("stream") is True, seen.arrived.get("stream", ABSENT)
    is_same = got is True if sent else got in (False, None, ABSENT)
    assert is_same, f"expected stream {str(sent).lower()} to arrive, got {_quoted(got)}"


def _named(contract: Contract) -> set[str]:
    """The parameters of the contract."""
    return set(contract.at(contract.resolve(contract.request_schema)).get("properties", {}))


@check("gateway-request.no-parameter-added")
def no_parameter_added(seen: Seen) -> None:
    named = _named(seen.contract)
    added = {name: value for name, value in seen.arrived.items() if name in named and name not in seen.case.request}
    added = {name: value for name, value in added.items() if value is not None and value is not False}
    assert not added, f"expected nothing more to arrive, got {_quoted(added)}"


@check("gateway-request.no-member-added")
def no_member_added(seen: Seen) -> None:
    added = sorted(seen.arrived.keys() - seen.case.request.keys() - _named(seen.contract))
    assert not added, f"expected nothing more to arrive, got {', '.join(added)}"


@check("gateway-request.unknown-members-as-sent")
def unknown_members_as_sent(seen: Seen) -> None:
    unknown = [name for name in seen.case.request if name not in _named(seen.contract)]
    assume(unknown)
    for name in unknown:
        _as_sent(seen, name)


def _of_profiles(seen: Seen) -> list[str]:
    """The members of its request that come from profiles; `messages` where one has more than a role and a text."""
    named, messages = _named(seen.contract) - CORE, seen.case.request["messages"]
    is_plain = all(each.keys() == PLAIN_MESSAGE and isinstance(each["content"], str) for each in messages)
    return [*(name for name in seen.case.request if name in named), *([] if is_plain else ["messages"])]


@check("gateway-request.profile-members-as-sent")
def profile_members_as_sent(seen: Seen) -> None:
    members = _of_profiles(seen)
    assume(seen.case.is_of_profile and members)
    for name in members:
        _as_sent(seen, name)


# What comes back


@check("gateway-answer.status-kept")
def status_kept(seen: Seen) -> None:
    status = seen.answered.status
    why = f": {seen.answered.failure}" if seen.answered.failure else ""
    assert status == 200 and not why, Deviation(f"expected 200, got {status}{why}", STATUS)


@check("gateway-answer.media-type")
def media_type(seen: Seen) -> None:
    assume(not seen.is_stream and seen.answered.status == 200)
    got = seen.answered.media_type
    assert got == JSON, Deviation(f"expected Content-Type: {JSON}, got {got}", Place(header="content-type"))


def _content_as_made(seen: Seen) -> None:
    def said(choices: list[Json]) -> list[Json]:
        return [{name: choice["message"][name] for name in sorted(PLAIN_MESSAGE)} for choice in choices]

    made = said((seen.made or {})["choices"])
    try:
        got = said(seen.completion["choices"])
    except (KeyError, TypeError):
        raise AssertionError(f"expected choices with a role and content, got {_quoted(seen.completion)}") from None
    _as_made("content", made, got)


@check("gateway-answer.content-as-made")
def content_as_made(seen: Seen) -> None:
    assume(not seen.case.script.compresses)
    assume(seen.completion)
    _content_as_made(seen)


@check("gateway-answer.compressed-readable")
def compressed_readable(seen: Seen) -> None:
    assume(seen.case.script.compresses and seen.answered.status == 200 and seen.made is not None)
    try:
        assume(seen.completion)
    except Unseen as reason:
        raise AssertionError(f"expected a completion: {seen.answered.failure or reason}") from None
    _content_as_made(seen)


@check("gateway-answer.finish-reason-as-made")
def finish_reason_as_made(seen: Seen) -> None:
    got = [choice.get("finish_reason") for choice in _choices(seen.completion)]
    _as_made("finish_reason", [choice["finish_reason"] for choice in (seen.made or {})["choices"]], got)


def _choices(value: Json) -> list[Json]:
    choices = value.get("choices")
    assume(isinstance(choices, list) and all(isinstance(choice, dict) for choice in choices))
    return list(choices or ())


def _counts(usage: Any) -> Any:
    """The three counts alone: a gateway may add details."""
    names = ("prompt_tokens", "completion_tokens", "total_tokens")
    return {name: usage.get(name) for name in names} if isinstance(usage, dict) else usage


@check("gateway-answer.usage-as-made")
def usage_as_made(seen: Seen) -> None:
    _as_made("usage", _counts(((seen.completion and seen.made) or {})["usage"]), _counts(seen.completion.get("usage")))


@check("gateway-answer.object-as-made")
def object_as_made(seen: Seen) -> None:
    _as_made("object", "chat.completion", seen.completion.get("object", ABSENT))
    model = seen.completion.get("model", ABSENT)
    assert isinstance(model, str) and model, Deviation(
        f"expected a model, got {_quoted(model)}", Place(members=("model",))
    )


@check("gateway-answer.identity-as-made")
def identity_as_made(seen: Seen) -> None:
    for name in ("id", "created"):
        _as_made(name, ((seen.completion and seen.made) or {})[name], seen.completion.get(name, ABSENT))


@check("gateway-answer.profile-members-as-made")
def profile_members_as_made(seen: Seen) -> None:
    """Of each choice what is neither a role, a text nor an end: calls of tools, reasoning, probabilities."""
    assume(seen.case.is_of_profile)
    if seen.is_stream:
        made, got = (final_completion(chunks)["choices"] for chunks in (seen.chunks and seen.sent_chunks, seen.chunks))
    else:
        made, got = ((seen.completion and seen.made) or {})["choices"], _choices(seen.completion)
    has_more = any(one.get("logprobs") is not None or one["message"].keys() - PLAIN_MESSAGE for one in made)
    assume(has_more or _of_profiles(seen))
    assert len(made) == len(got), Deviation(
        f"expected {len(made)} choices, got {len(got)}", Place(members=("choices",))
    )
    for one, other in zip(made, got, strict=True):
        message = other.get("message") if isinstance(other.get("message"), dict) else {}
        for name, value in one["message"].items():
            if name not in PLAIN_MESSAGE and value is not None:
                _as_made(name, value, message.get(name, ABSENT))
        if one.get("logprobs") is not None:
            _as_made("logprobs", one["logprobs"], other.get("logprobs", ABSENT))


@check("gateway-answer.of-its-own-request")
def of_its_own_request(seen: Seen) -> None:
    assume(seen.case.number >= 1000)
    text = str(seen.completion)
    assert seen.case.word in text, f"expected the answer to the request with {seen.case.word}, got {shorten(text)}"


@check("gateway-answer.broken-not-whole")
def broken_not_whole(seen: Seen) -> None:
    assume(seen.case.script.dies_after is not None and not seen.is_stream and seen.arrivals)
    exchange = seen.exchange
    is_broken = exchange.failure is not None or exchange.status is None or exchange.status >= 400
    assert is_broken, Deviation(
        f"expected a 5xx or a broken answer, got {exchange.status} and {_excerpt(exchange)}", STATUS
    )


def _excerpt(exchange: Exchange) -> str:
    return shorten(exchange.body[-400:].decode("utf-8", "replace"))


# Streams


@check("gateway-stream.media-type")
def stream_media_type(seen: Seen) -> None:
    assume(seen.is_stream and seen.answered.status == 200)
    got = seen.answered.media_type
    assert got == EVENTS, Deviation(f"expected Content-Type: {EVENTS}, got {got}", Place(header="content-type"))


@check("gateway-stream.text-as-made")
def text_as_made(seen: Seen) -> None:
    made, got = (_text(chunks) for chunks in (seen.chunks and seen.sent_chunks, seen.chunks))
    _as_made("content", made, got)


def _text(chunks: list[Json]) -> Any:
    choices = final_completion(chunks)["choices"]
    return choices[0]["message"]["content"] if choices else ABSENT


@check("gateway-stream.finish-reason-as-made")
def stream_finish_reason_as_made(seen: Seen) -> None:
    def reasons(chunks: list[Json]) -> list[Any]:
        choices = (choice for chunk in chunks for choice in chunk.get("choices") or ())
        return [reason for choice in choices if (reason := choice.get("finish_reason")) is not None]

    _as_made("finish_reason", reasons(seen.chunks and seen.sent_chunks), reasons(seen.chunks))


@check("gateway-stream.usage-as-made")
def stream_usage_as_made(seen: Seen) -> None:
    def usages(chunks: list[Json]) -> list[Any]:
        return [_counts(chunk["usage"]) for chunk in chunks if chunk.get("usage") is not None]

    made, got = usages(seen.chunks and seen.sent_chunks), usages(seen.chunks)
    assert got[-1:] == made[-1:], Deviation(
        f"expected {_quoted(made[-1:])}, got {_quoted(got[-1:])}", Place(members=("usage",))
    )


@check("gateway-stream.one-identity")
def one_identity(seen: Seen) -> None:
    ids = {str(chunk.get("id")) for chunk in seen.chunks}
    assert len(ids) <= 1, Deviation(f"expected one id, got {len(ids)}", Place(members=("id",)))


@check("gateway-stream.done-kept")
def done_kept(seen: Seen) -> None:
    assume(seen.is_well)
    events = [event.data for event in seen.stream.events]
    times = events.count("[DONE]")
    assert times == 1 and events[-1] == "[DONE]", f"expected one [DONE], at the end, got {times}"


@check("gateway-stream.not-held-back")
def not_held_back(seen: Seen) -> None:
    assume(seen.is_well and seen.case.script.pause > 0 and seen.stream.events)
    late = seen.exchange.started + seen.stream.events[0].at - seen.arrivals[-1].events[-1]
    assert late < 0, f"expected the first piece before the upstream sends its last, it came {late:.2f} s after that"


@check("gateway-stream.each-piece-passed-on")
def each_piece_passed_on(seen: Seen) -> None:
    assume(seen.is_well and seen.case.script.pause > 0)
    delays, pause = piece_delays(seen), seen.case.script.pause
    assume(delays)
    passed = sum(delay < pause for delay in delays)
    assert passed > MOST * len(delays), (
        f"expected most of {len(delays)} pieces before the next is sent, {pause:g} s later; {passed} came so soon, "
        f"the median after {median(delays):.2f} s"
    )


def piece_delays(seen: Seen) -> list[float]:
    """Seconds between the upstream's sending of an event and its arrival at the client, of those with a text."""
    events = seen.stream.events
    sent = {text: at for text, at in zip(_texts(seen.sent_chunks), seen.arrivals[-1].events, strict=False) if text}
    came: dict[str, float] = {}
    for event in events:
        for text in _texts([value]) if isinstance(value := _value(event.data), dict) else ():
            came.setdefault(text, seen.exchange.started + event.at)
    return [came[text] - at for text, at in sent.items() if text in came]


def _texts(chunks: list[Json]) -> list[str]:
    """The text of each chunk, empty where it has none."""
    return [
        "".join(str((choice.get("delta") or {}).get("content") or "") for choice in chunk.get("choices") or ())
        for chunk in chunks
    ]


@check("gateway-stream.broken-not-clean")
def broken_not_clean(seen: Seen) -> None:
    assume(seen.case.script.dies_after is not None and seen.is_stream and seen.arrivals)
    exchange = seen.exchange
    if exchange.status is None or exchange.status >= 400:
        return  # told before anything of the stream was passed on
    values = [_value(event.data) for event in seen.stream.events]
    tells = any(isinstance(value, dict) and ("error" in value or "choices" not in value) for value in values)
    tells = tells or any(event.event == "error" for event in seen.stream.events)
    assert tells or exchange.failure is not None, (
        f"expected an error event or a broken stream, got a clean end after {len(values)} events: {_excerpt(exchange)}"
    )


@check("gateway-stream.refused-by-status")
def stream_refused_by_status(seen: Seen) -> None:
    assume(seen.is_stream and seen.case.script.status == 400 and seen.arrivals)
    status = seen.exchange.status
    assert status is not None and 400 <= status < 500, Deviation(f"expected 4xx, got {status}", STATUS)


@check("gateway-stream.ends-when-the-client-leaves")
def ends_when_the_client_leaves(seen: Seen) -> None:
    assume(seen.case.leaves and seen.left is not None and seen.arrivals)
    arrival, left = seen.arrivals[-1], seen.left or 0.0
    assert arrival.left is not None, "expected the request to the upstream to end, it went on to its own end"
    late = arrival.left - left
    assert late <= WITHIN, (
        f"expected the request to the upstream to end within {WITHIN:g} s, it ended after {late:.1f} s"
    )


# Errors


@check("gateway-error.status-kept")
def error_status_kept(seen: Seen) -> None:
    expected, got = seen.case.script.status, seen.exchange.status
    assume(400 <= expected < 500 and not seen.is_stream and seen.arrivals)
    assert got == expected, Deviation(f"expected {expected}, got {got}", STATUS)


@check("gateway-error.failure-told")
def failure_told(seen: Seen) -> None:
    script, got = seen.case.script, seen.exchange.status
    assume((script.status >= 500 or script.drops) and seen.arrivals)
    assert got is not None and got >= 500, Deviation(f"expected a 5xx, got {got or seen.exchange.failure}", STATUS)


@check("gateway-error.shape")
def error_shape(seen: Seen) -> None:
    script, exchange = seen.case.script, seen.exchange
    assume((script.status >= 400 or script.drops) and (exchange.status or 0) >= 400 and seen.arrivals)
    assert exchange.media_type == JSON, Deviation(
        f"expected Content-Type: {JSON}, got {exchange.media_type}", Place(header="content-type")
    )
    broken = seen.contract.violations(seen.contract.error_schema, _value(exchange.body.decode("utf-8", "replace")))
    assert not broken, Deviation(f"{broken[0].message}: {_excerpt(exchange)}", Place(broken[0].path))


@check("gateway-error.message-kept")
def message_kept(seen: Seen) -> None:
    message = seen.case.script.message
    assume(message and 400 <= seen.case.script.status < 500 and (seen.exchange.status or 0) >= 400 and seen.arrivals)
    assert message in seen.exchange.body.decode("utf-8", "replace"), (
        f"expected {message!r}, got {_excerpt(seen.exchange)}"
    )


@check("gateway-error.retry-after-kept")
def retry_after_kept(seen: Seen) -> None:
    sent = seen.case.script.headers.get("retry-after")
    assume(sent is not None and seen.exchange.status == 429 and seen.arrivals)
    got = seen.exchange.header("retry-after")
    assert got is not None, Deviation(f"expected Retry-After: {sent}, got none", Place(header="retry-after"))


@check("gateway-error.refusal-not-retried")
def refusal_not_retried(seen: Seen) -> None:
    assume(seen.case.script.status in (400, 404, 422) and seen.arrivals)
    assert len(seen.arrivals) == 1, f"expected it to arrive once, it arrived {len(seen.arrivals)} times"


@check("gateway-error.waits-before-retry")
def waits_before_retry(seen: Seen) -> None:
    assume(seen.case.script.status == 429 and seen.arrivals)
    after = float(seen.case.script.headers["retry-after"])
    waited = [again.at - seen.arrivals[0].at for again in seen.arrivals[1:]]
    assert not waited or waited[0] >= 0.9 * after, (
        f"expected {after:g} s before it is sent again, it came after {waited[0]:.1f} s, {len(seen.arrivals)} times"
    )


@check("gateway-error.failure-not-retried")
def failure_not_retried(seen: Seen) -> None:
    assume((seen.case.script.status >= 500 or seen.case.script.drops) and seen.arrivals)
    assert len(seen.arrivals) == 1, f"expected it to arrive once, it arrived {len(seen.arrivals)} times"


# Keys


@check("gateway-key.exchanged")
def key_exchanged(seen: Seen) -> None:
    assume(seen.upstream_key is not None)
    got = seen.arrival.header("authorization") or ""
    is_right = got.partition(" ")[2].strip() == seen.upstream_key
    assert is_right, f"expected the key of the upstream to arrive, got {'another one' if got else 'none'}"


@check("gateway-key.client-key-not-forwarded")
def client_key_not_forwarded(seen: Seen) -> None:
    assume(seen.upstream_key is not None and seen.key is not None and seen.key != seen.upstream_key)
    key = seen.key or ""
    for name, value in seen.arrival.headers:
        assert key not in value, f"the key of the client arrived in the header {name}"
    assert key.encode() not in seen.arrival.body, "the key of the client arrived in the body"


@check("gateway-key.upstream-key-not-leaked")
def upstream_key_not_leaked(seen: Seen) -> None:
    assume(seen.upstream_key is not None and seen.upstream_key != seen.key and seen.exchange.status is not None)
    key = seen.upstream_key or ""
    for name, value in seen.exchange.headers:
        assert key not in value, Deviation(
            f"the key of the upstream came in the header {name}", Place(header=name.lower())
        )
    assert key.encode() not in seen.exchange.body, "the key of the upstream came in the body"


@check("gateway-key.wrong-key-refused")
def wrong_key_refused(seen: Seen) -> None:
    assume(seen.case.key is Key.WRONG and seen.upstream_key is not None and seen.upstream_key != seen.key)
    assert not seen.arrivals, "expected it not to reach the upstream, it arrived"
    assert seen.exchange.status in (401, 403), Deviation(f"expected 401 or 403, got {seen.exchange.status}", STATUS)
