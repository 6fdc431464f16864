"""Models: each is listed once, described at its address, and served."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

from ....exchange import Exchange
from ....exchange.chat import model_of
from ....exchange.strict_json import loads
from ...evidence import Evidence, assume
from ...places import STATUS, Deviation, Place
from ..check import check
from ..keywords import as_json, excerpt

of_models = partial(check, profile="models")
SERVED = "models.listed-is-served"


@of_models("models.ids-unique")
def ids_unique(completion: Any) -> None:
    listed: Any = completion.get("data") if isinstance(completion, dict) else None
    assume(isinstance(listed, list) and listed, "no model is listed")
    ids = Counter(each["id"] for each in listed if isinstance(each, dict) and isinstance(each.get("id"), str))
    assume(ids)
    [(id, times)] = ids.most_common(1)
    assert times == 1, Deviation(f"expected each id once, got {as_json(id)} {times} times", Place(members=("id",)))


@of_models("models.described-by-its-id")
def described_by_its_id(evidence: Evidence, completion: Any) -> None:
    assume(isinstance(completion, dict) and isinstance(completion.get("id"), str) and completion["id"])
    asked = unquote(urlsplit(evidence.exchange.url).path.rpartition("/")[2])
    assert completion["id"] == asked, Deviation(
        f"expected the id {as_json(asked)}, got {as_json(completion['id'])}", Place(members=("id",))
    )


@of_models("models.unknown-not-found")
def unknown_not_found(answer: Exchange) -> None:
    assert answer.status == 404, Deviation(f"expected 404, got {answer.status}: {excerpt(answer)}", STATUS)


@of_models(SERVED)
def listed_is_served(all_shown: Iterable[Evidence]) -> Iterator[tuple[Evidence, Deviation | None]]:
    """A list may have models of other kinds, which are refused for that; one that is said not to exist is not there."""
    about = [each for each in all_shown if SERVED in each.exchange.probe.requirement_ids]
    listed = [each for each in about if each.exchange.probe.expect.value == "accepted"]
    refused = [words for each in about if each not in listed and (words := _refusal(each.exchange)) is not None]
    for evidence in listed:
        exchange = evidence.exchange
        if exchange.accepted:
            yield evidence, None
        elif refused and _refusal(exchange) is not None:
            wrong = f"expected a listed model to be served, got {exchange.status} as for no model: {excerpt(exchange)}"
            yield evidence, Deviation(wrong, STATUS) if _refusal(exchange) in refused else None


def _refusal(exchange: Exchange) -> tuple[int, str] | None:
    """A status and the words of an error, without the name of the model; None where a request was not refused."""
    status, model = exchange.status or 0, model_of(exchange.probe.request)
    if not 400 <= status < 500 or status in (401, 403, 429) or not model:
        return None
    try:
        error = loads(exchange.body)
    except ValueError:
        return status, exchange.body.decode("utf-8", "replace").replace(model, "")
    return status, json.dumps(error, sort_keys=True, ensure_ascii=False).replace(json.dumps(model)[1:-1], "")
