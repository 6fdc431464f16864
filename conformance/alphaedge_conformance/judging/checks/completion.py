"""A completion as a whole: its form, its identity, its time, its choices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from ...exchange import Exchange
from ...exchange.strict_json import Json, loads
from ..evidence import Evidence, Unseen, assume, looks_like_a_stream
from .check import check
from .keywords import as_json, invalid_json, labelled_as_json

TOLERANCE = 300
"""Seconds that a clock may be off."""


@check("completion.media-type")
def media_type(plain: Exchange) -> None:
    assume(not looks_like_a_stream(plain))
    labelled_as_json(plain)


@check("completion.strict-json")
def strict_json(plain: Exchange) -> None:
    assume(not looks_like_a_stream(plain))
    assert plain.failure is None, f"expected a whole answer, got {len(plain.body)} bytes, then {plain.failure}"
    try:
        loads(plain.body)
    except ValueError as reason:
        raise AssertionError(invalid_json(plain, reason)) from None


@check("completion.id-unique")
def id_unique(all_shown: Iterable[Evidence]) -> Iterator[tuple[Evidence, str | None]]:
    first: dict[str, int] = {}
    for evidence in all_shown:
        try:
            answers = evidence.chunks[:1] if evidence.exchange.probe.streams else [evidence.completion]
        except Unseen:
            continue
        for answer in answers:
            id = answer.get("id") if isinstance(answer, dict) else None
            if not isinstance(id, str) or not id:
                continue
            known = first.get(id)
            yield evidence, None if known is None else f"id {id!r} was already the id of exchange {known}"
            first.setdefault(id, evidence.exchange.number)


@check("completion.created-now")
def created_now(evidence: Evidence) -> None:
    answer = evidence.chunks[0] if evidence.exchange.probe.streams else evidence.completion
    assume(isinstance(answer, dict))
    created: Any = answer.get("created")
    assume(isinstance(created, int | float) and not isinstance(created, bool))
    away = min(abs(created - round(now)) for now in evidence.now)  # whole numbers of any size
    assert away <= TOLERANCE, (
        f"expected Unix seconds within {TOLERANCE} s of {evidence.now[0]:.0f} "
        f"({datetime.fromtimestamp(evidence.now[0], UTC):%Y-%m-%d %H:%M:%S} UTC), got {as_json(created)}"
    )


@check("choice.index-from-zero")
def index_from_zero(choices: list[Json]) -> None:
    got: list[Any] = [choice.get("index") for choice in choices]
    assume(all(isinstance(index, int) and index >= 0 for index in got))
    assert sorted(got) == list(range(len(got))), f"expected indexes from 0 to {len(got) - 1}, got {got}"
