"""Sampling: how many answers, where they end, and how probable their tokens were."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from ....exchange.strict_json import Json
from ...chat import assume_valid
from ...evidence import Evidence, Unseen, assume
from ...pieces import deltas
from ...places import Deviation, Place
from ..check import check
from ..keywords import as_json

of_sampling = partial(check, profile="sampling")
SEED_REPEATS = "sampling.seed-repeats"


@of_sampling("sampling.n-kept")
def n_kept(request: Json, choices: list[Json]) -> None:
    assume(isinstance(request.get("n"), int))
    _counted(request["n"], len(choices))


@of_sampling("sampling.n-kept-in-stream")
def n_kept_in_stream(request: Json, chunks: list[Json]) -> None:
    assume(isinstance(request.get("n"), int))
    _counted(request["n"], len({choice.get("index") for choice, _ in deltas(chunks)}))


def _counted(wanted: int, got: int) -> None:
    assert got == wanted, Deviation(f"expected {wanted} choices, got {got}", Place(members=("choices",)))


@of_sampling("sampling.stop-kept")
def stop_kept(evidence: Evidence, completion: object) -> None:
    _without_stop(evidence)


@of_sampling("sampling.stop-kept-in-stream")
def stop_kept_in_stream(evidence: Evidence, chunks: object) -> None:
    _without_stop(evidence)


def _without_stop(evidence: Evidence) -> None:
    stops, (text, _) = _stops(evidence.request), evidence.said
    assume(stops)
    found = next((stop for stop in stops if stop in text), None)
    assert found is None, Deviation(
        f"expected the text to end before {found!r}, got {as_json(text)}", Place(members=("content",))
    )


def _stops(request: Json) -> list[str]:
    """The texts that end an answer."""
    stop = request.get("stop")
    return [each for each in (stop if isinstance(stop, list) else [stop]) if isinstance(each, str) and each]


@of_sampling(SEED_REPEATS)
def seed_repeats(all_shown: Iterable[Evidence]) -> Iterator[tuple[Evidence, str | None]]:
    """Every text is held against the first."""
    first: str | None = None
    for evidence in all_shown:
        if SEED_REPEATS not in evidence.exchange.probe.requirement_ids:
            continue
        try:
            text, _ = evidence.said
        except Unseen:
            continue
        if first is None:
            first = text
        else:
            wrong = f"expected the text of the first time, {as_json(first)}, got {as_json(text)}"
            yield evidence, None if text == first else wrong


# Probabilities


def _tokens(logprobs: Any) -> list[Json] | None:
    """The tokens of a valid `logprobs`, if it lists any."""
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    is_listed = isinstance(content, list) and all(isinstance(each, dict) for each in content)
    return content if is_listed and content else None


@of_sampling("sampling.logprobs-present")
def logprobs_present(evidence: Evidence, request: Json, choices: list[Json]) -> None:
    assume_valid(evidence, "logprobs")
    assume(request.get("logprobs") is True)
    for choice in choices:
        assume(_text(choice), "no text")
        assert _tokens(choice.get("logprobs")), Deviation(
            f"expected logprobs with tokens, got {as_json(choice.get('logprobs'))}", Place(members=("logprobs",))
        )


@of_sampling("sampling.logprobs-present-in-stream")
def logprobs_present_in_stream(evidence: Evidence, request: Json, chunks: list[Json]) -> None:
    assume_valid(evidence, "logprobs")
    assume(request.get("logprobs") is True)
    assume(any(delta.get("content") for _, delta in deltas(chunks)), "no text")
    assert any(_tokens(choice.get("logprobs")) for choice, _ in deltas(chunks)), Deviation(
        "expected logprobs with tokens in the stream, got none", Place(members=("logprobs",))
    )


@of_sampling("sampling.logprobs-spell-the-text")
def logprobs_spell_the_text(evidence: Evidence) -> None:
    """By the bytes, where a token is a part of a character. A token that ends the answer has no text."""
    assume_valid(evidence, "logprobs")
    for choice in evidence.final_choices:
        tokens, text = _tokens(choice.get("logprobs")), _text(choice)
        assume(tokens and text)
        spelt = b"".join(_bytes(token) for token in tokens or ())
        expected = text.encode("utf-8", "surrogatepass")
        # Around the text a server may have cut white space, and counted what ends it.
        assert expected.strip() in spelt, Deviation(
            f"expected tokens that spell {as_json(text)}, got {as_json(spelt.decode('utf-8', 'replace'))}",
            Place(members=("logprobs",)),
        )


@of_sampling("sampling.logprob-not-positive")
def logprob_not_positive(evidence: Evidence) -> None:
    assume_valid(evidence, "logprobs")
    every = [token for choice in evidence.final_choices for token in _tokens(choice.get("logprobs")) or ()]
    assume(every)
    for token in every:
        for each in [token, *token.get("top_logprobs", ())]:
            value = each["logprob"]
            assert value <= 0, Deviation(
                f"expected a logprob of at most 0, got {value} for {as_json(each.get('token'))}",
                Place(members=("logprob",)),
            )


@of_sampling("sampling.top-logprobs-counted")
def top_logprobs_counted(evidence: Evidence, request: Json, choices: list[Json]) -> None:
    assume_valid(evidence, "logprobs")
    wanted = request.get("top_logprobs") or 0
    assume(isinstance(wanted, int) and wanted > 0)
    every = [token for choice in choices for token in _tokens(choice.get("logprobs")) or ()]
    assume(every, "no logprobs")
    for token in every:
        listed = token.get("top_logprobs")
        got = len(listed) if isinstance(listed, list) else 0
        assert got in (wanted, wanted + 1), Deviation(
            f"expected {wanted} top_logprobs, got {got} for {as_json(token.get('token'))}",
            Place(members=("top_logprobs",)),
        )


def _text(choice: Json) -> str:
    message = choice.get("message")
    text = message.get("content") if isinstance(message, dict) else None
    return text if isinstance(text, str) else ""


def _bytes(token: Json) -> bytes:
    """The text of a token, by its bytes where it has them."""
    given = token.get("bytes")
    if isinstance(given, list) and all(isinstance(each, int) and 0 <= each < 256 for each in given):
        return bytes(given)
    return str(token.get("token")).encode("utf-8", "surrogatepass")


@of_sampling("sampling.max-completion-tokens-kept")
def max_completion_tokens_kept(request: Json, choices: list[Json], usage: Json) -> None:
    limit, used = request.get("max_completion_tokens") or 0, usage["completion_tokens"]
    assume(isinstance(limit, int | float) and limit > 0)
    most = limit * max(1, len(choices))
    assert used <= most, Deviation(
        f"expected completion_tokens <= {most}, got {used}", Place(members=("completion_tokens",))
    )
