"""Values that tell two schemas apart: there is provably none, or Hypothesis draws the smallest."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jsonschema_rs
from attrs import frozen

Schema = dict[str, Any]

DRAFT = 20
"""JSON Schema 2020-12, as jsonschema-rs counts."""
EXAMPLES = 60
"""Tried at most for one question: the first that is drawn from the difference of two schemas mostly is one."""
SEED = 1


NOTHING: Any = object()


@frozen
class Found:
    """A value that was looked for."""

    value: Any


class Validators:
    """Compiled once for each schema; a schema that jsonschema-rs cannot compile judges nothing."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[Schema, Any]] = {}

    def valid(self, schema: Schema, value: Any) -> bool | None:
        known = self._made.get(id(schema))
        if known is None:
            try:
                made = jsonschema_rs.Draft202012Validator(schema)
            except (ValueError, jsonschema_rs.ReferencingError):
                made = None
            known = self._made[id(schema)] = (schema, made)
        return None if known[1] is None else bool(known[1].is_valid(value))


def covers(wide: Schema, narrow: Schema) -> bool:
    """Whether it is proven that one schema takes everything that the other takes."""
    try:
        return _canonical(wide).covers(_canonical(narrow)) == jsonschema_rs.canonical.Containment.YES
    except (ValueError, jsonschema_rs.canonical.CanonicalizationError, jsonschema_rs.ReferencingError):
        return False


def search(inside: Sequence[Schema], outside: Sequence[Schema], confirmed: Callable[[Any], bool]) -> Found | None:
    """The smallest value that all of `inside` take and none of `outside` does; the same one each time.

    It is drawn from the difference of the schemas. Where their algebra cannot spell that, from the first one.
    """
    validators = Validators()

    def holds(value: Any) -> bool:
        taken = all(validators.valid(schema, value) is True for schema in inside)
        return taken and all(validators.valid(schema, value) is False for schema in outside) and confirmed(value)

    difference = _difference(inside, outside)
    if difference is False:
        return None
    for schema in (difference, inside[0]):
        if isinstance(schema, dict) and (found := _drawn(schema, holds)) is not None:
            return Found(_smaller(found.value, holds))
    return None


def _smaller(value: Any, holds: Callable[[Any], bool]) -> Any:
    """Without the members and items that it holds without: Hypothesis does not try to leave out each one."""
    tried = True
    while tried:
        tried = False
        for less in _without_one(value):
            if holds(less):
                value, tried = less, True
                break
    return value


def _without_one(value: Any) -> Iterator[Any]:
    """The same without one member or item, anywhere in it."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield {other: each for other, each in value.items() if other != name}
            yield from ({**value, name: less} for less in _without_one(part))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield [*value[:index], *value[index + 1 :]]
            yield from ([*value[:index], less, *value[index + 1 :]] for less in _without_one(part))


def _canonical(schema: Schema) -> jsonschema_rs.CanonicalSchema:
    return jsonschema_rs.canonicalize(schema, draft=DRAFT)


def _difference(inside: Sequence[Schema], outside: Sequence[Schema]) -> Any:
    """As JSON Schema; False where there is none, None where it cannot be spelled."""
    try:
        made = _canonical(inside[0])
        for schema in inside[1:]:
            made = made.intersect(_canonical(schema))
        for schema in outside:
            made = made.subtract(_canonical(schema))
        if made.satisfiability() == jsonschema_rs.canonical.Satisfiability.NO:
            return False
        return made.to_json_schema()
    except (ValueError, jsonschema_rs.canonical.CanonicalizationError, jsonschema_rs.ReferencingError):
        return None


def _drawn(schema: Schema, holds: Callable[[Any], bool]) -> Found | None:
    import hypothesis
    from hypothesis import HealthCheck, Phase
    from hypothesis import strategies as st
    from hypothesis.errors import HypothesisException
    from schemathesis.core.errors import SchemathesisError
    from schemathesis.generation.jsonschema.builder import build
    from schemathesis.generation.jsonschema.context import Alphabet

    smallest: list[Any] = []
    tried = 0
    try:
        strategy = build(schema, draft=DRAFT, formats={}, alphabet=Alphabet(allow_x00=False))
    except (SchemathesisError, ValueError):
        return None

    @st.composite
    def bounded(draw: Any) -> Any:
        """Hypothesis would go on for hundreds of values that a strategy makes and rejects by itself."""
        nonlocal tried
        tried += 1
        return NOTHING if tried > EXAMPLES and not smallest else draw(strategy)

    @hypothesis.seed(SEED)
    @hypothesis.settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        report_multiple_bugs=False,
    )
    @hypothesis.given(bounded())
    def run(value: Any) -> None:
        if value is not NOTHING and holds(value):
            smallest[:] = [value]
            raise AssertionError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run()
    except AssertionError:
        return Found(smallest[0])
    except (HypothesisException, SchemathesisError, ValueError):
        return None  # nothing could be drawn, which says nothing
    return None
