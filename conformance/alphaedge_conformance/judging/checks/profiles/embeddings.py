"""Embeddings: one vector for each text, in order, of one length, and the same each time and in each form."""

from __future__ import annotations

import base64
import binascii
import math
import struct
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from ....exchange import Exchange
from ....exchange.strict_json import Json, loads
from ...chat import assume_valid
from ...evidence import Evidence, Unseen, assume
from ...places import Deviation, Place
from ..check import check
from ..keywords import as_json

of_embeddings = partial(check, profile="embeddings")
REPEATS, AGREES = ("createEmbedding.embeddings." + each for each in ("repeats", "base64-agrees"))
NEARLY = 0.99
"""The cosine of two vectors that are nearly the same: batches, and numbers of 8 bits, change the last digits."""
DATA, VECTOR = Place(members=("data",)), Place(members=("embedding",))


def _inputs(request: Json) -> list[str]:
    """The texts of a request."""
    given: Any = request.get("input")
    texts: list[str] = given if isinstance(given, list) else [given]
    assume(texts and all(isinstance(each, str) for each in texts), "the input is not texts")
    return texts


def _data(evidence: Evidence) -> list[Json]:
    """The embeddings of a completion, where they keep their schema, which has requirements of its own."""
    assume_valid(evidence, "data")
    return _listed(evidence.completion)


def _listed(completion: Any) -> list[Json]:
    data: Any = completion.get("data") if isinstance(completion, dict) else None
    assume(isinstance(data, list) and all(isinstance(each, dict) for each in data), "data of another shape")
    found: list[Json] = data
    return found


def _ordered(evidence: Evidence) -> list[Json]:
    """The embeddings in the order of the texts."""
    data = _data(evidence)
    indices: list[Any] = [each.get("index") for each in data]
    is_good = all(isinstance(each, int) for each in indices) and sorted(indices) == list(
        range(len(_inputs(evidence.request)))
    )
    assume(is_good, "not one embedding for each input")
    return sorted(data, key=lambda each: each["index"])


def _vector(written: Any) -> list[float] | None:
    """The numbers of an embedding, or those that base64 holds; None where that holds none."""
    if isinstance(written, list):
        assume(written and all(isinstance(each, int | float) for each in written), "an embedding of another shape")
        try:
            return [float(each) for each in written]
        except OverflowError:
            raise Unseen("an embedding of numbers that no float holds") from None
    assume(isinstance(written, str), "an embedding of another shape")
    try:
        packed = base64.b64decode(written, validate=True)
        found = list(struct.unpack(f"<{len(packed) // 4}f", packed))
    except (binascii.Error, struct.error, ValueError):
        return None
    return found if found and all(map(math.isfinite, found)) else None


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    lengths = math.hypot(*one) * math.hypot(*other)
    return (
        sum(a * b for a, b in zip(one, other, strict=True)) / lengths
        if lengths
        else float(not any(one) and not any(other))
    )


@of_embeddings("embeddings.one-for-each-input")
def one_for_each_input(evidence: Evidence, completion: object) -> None:
    wanted, got = len(_inputs(evidence.request)), len(_data(evidence))
    assert got == wanted, Deviation(f"expected {wanted} embeddings, got {got}", DATA)


@of_embeddings("embeddings.index-in-order")
def index_in_order(evidence: Evidence, completion: object) -> None:
    got: list[Any] = [each.get("index") for each in _data(evidence)]
    assume(got and all(isinstance(each, int) for each in got))
    assert sorted(got) == list(range(len(got))), Deviation(
        f"expected each index from 0 to {len(got) - 1}, got {as_json(got)}", Place(members=("index",))
    )


@of_embeddings("embeddings.of-one-length")
def of_one_length(evidence: Evidence, completion: object) -> None:
    vectors = [_vector(each.get("embedding")) for each in _data(evidence)]
    assume(len(vectors) > 1 and None not in vectors)
    lengths = sorted({len(vector or ()) for vector in vectors})
    assert len(lengths) == 1, Deviation(
        f"expected embeddings of one length, got {' and '.join(map(str, lengths))} dimensions", VECTOR
    )


@of_embeddings("embeddings.dimensions-kept")
def dimensions_kept(request: Json, answer: Exchange) -> None:
    assume(answer.accepted, f"answered {answer.status}")
    try:
        data = _listed(loads(answer.body))
    except ValueError:
        raise Unseen("is not valid JSON") from None
    vectors = [_vector(each.get("embedding")) for each in data]
    assume(vectors and None not in vectors)
    wanted = request.get("dimensions")
    wrong = next((len(vector or ()) for vector in vectors if len(vector or ()) != wanted), None)
    assert wrong is None, Deviation(f"expected {wanted} dimensions, got {wrong}", VECTOR)


@of_embeddings("embeddings.format-kept")
def format_kept(request: Json, evidence: Evidence, completion: object) -> None:
    found = [each.get("embedding") for each in _data(evidence)]
    assume(found)
    wanted, name = (str, "base64") if request.get("encoding_format") == "base64" else (list, "numbers")
    wrong = next((each for each in found if isinstance(each, str | list) and not isinstance(each, wanted)), None)
    assert wrong is None, Deviation(f"expected {name}, got {as_json(wrong)}", VECTOR)


@of_embeddings("embeddings.texts-differ")
def texts_differ(evidence: Evidence, completion: object) -> None:
    texts, data = _inputs(evidence.request), _ordered(evidence)
    assume(len(set(texts)) == len(texts) > 1)
    written = [vector for each in data if isinstance(vector := each.get("embedding"), list)]
    assume(len(written) == len(texts), "not in numbers")
    same = next((vector for index, vector in enumerate(written) if vector in written[:index]), None)
    assert same is None, Deviation(f"expected another vector for each text, got {as_json(same)} twice", VECTOR)


@of_embeddings("embeddings.usage-counts-the-input")
def usage_counts_the_input(request: Json, usage: Json) -> None:
    prompt, total, most = usage["prompt_tokens"], usage["total_tokens"], len(_inputs(request))
    assert prompt >= most, Deviation(
        f"expected at least {most} prompt_tokens for {most} texts, got {prompt}", Place(members=("prompt_tokens",))
    )
    assert total >= prompt, Deviation(
        f"expected total_tokens >= {prompt}, got {total}", Place(members=("total_tokens",))
    )


@of_embeddings("embeddings.repeats")
def repeats(all_shown: Iterable[Evidence]) -> Iterator[tuple[Evidence, Deviation | None]]:
    """Every vector is held against the first of its text."""
    first: dict[tuple[str, int], list[float]] = {}
    for evidence in all_shown:
        if REPEATS not in evidence.exchange.probe.requirement_ids:
            continue
        pairs = [(text, vector) for text, vector in _of_texts(evidence, list)]
        known = [(text, vector, first.setdefault((text, len(vector)), vector)) for text, vector in pairs]
        compared = [(text, _cosine(vector, before)) for text, vector, before in known if vector is not before]
        if compared:
            yield evidence, _apart(min(compared, key=lambda each: each[1]), "before")


@of_embeddings("embeddings.base64-agrees")
def base64_agrees(all_shown: Iterable[Evidence]) -> Iterator[tuple[Evidence, Deviation | None]]:
    """Whatever was asked for: each form against the numbers of the same text."""
    evidences = [each for each in all_shown if AGREES in each.exchange.probe.requirement_ids]
    plain = {text: vector for evidence in evidences for text, vector in _of_texts(evidence, list)}
    for evidence in evidences:
        found = [(text, vector) for text, vector in _of_texts(evidence, str) if text in plain]
        if not found:
            continue
        broken = next((text for text, vector in found if len(vector) != len(plain[text])), None)
        if broken is not None:
            yield evidence, Deviation(f"expected float32 of {len(plain[broken])} dimensions, got other base64", VECTOR)
        else:
            compared = [(text, _cosine(vector, plain[text])) for text, vector in found]
            yield evidence, _apart(min(compared, key=lambda each: each[1]), "in numbers")


def _of_texts(evidence: Evidence, form: type) -> list[tuple[str, list[float]]]:
    """Each text with its vector, where that is in one form; a vector of base64 that holds none is empty."""
    try:
        texts, data = _inputs(evidence.request), _ordered(evidence)
        written = [each.get("embedding") for each in data]
        return [
            (text, _vector(each) or []) for text, each in zip(texts, written, strict=True) if isinstance(each, form)
        ]
    except Unseen:
        return []


def _apart(nearest: tuple[str, float], what: str) -> Deviation | None:
    text, cosine = nearest
    if cosine >= NEARLY:
        return None
    return Deviation(f"expected the vector of {as_json(text)} as {what}, got one at a cosine of {cosine:.3f}", VECTOR)
