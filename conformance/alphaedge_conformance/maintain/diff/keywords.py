"""What a keyword that was added, removed or changed does to the values that a schema takes: one rule a keyword."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import IntEnum
from typing import Any, NamedTuple

ABSENT: Any = type("Absent", (), {"__repr__": lambda self: "absent"})()


class Answer(IntEnum):
    """Whether there is a value that is taken by one schema and not by the other."""

    NO = 0
    MAYBE = 1
    YES = 2


NO, MAYBE, YES = Answer.NO, Answer.MAYBE, Answer.YES


class Effect(NamedTuple):
    """What a change does to the values of a schema."""

    narrowed: Answer
    """OLD takes some that NEW does not."""
    widened: Answer
    """NEW takes some that OLD does not."""

    def flipped(self) -> Effect:
        return Effect(self.widened, self.narrowed)


NARROWED, WIDENED, BOTH = Effect(YES, NO), Effect(NO, YES), Effect(YES, YES)
NEITHER, UNKNOWN = Effect(NO, NO), Effect(MAYBE, MAYBE)

LOWER = {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"}
UPPER = {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains"}
OF_NONE = {"minLength": 0, "minItems": 0, "minProperties": 0, "uniqueItems": False}
FREE = ("additionalProperties", "unevaluatedProperties", "unevaluatedItems", "items")
"""Where they are absent, `true` is meant."""

UNPROVABLE = {
    *("format", "contentMediaType", "contentEncoding", "contentSchema", "additionalProperties"),
    *("unevaluatedProperties", "readOnly", "writeOnly", "default"),
}
"""Keywords that the algebra of schemas does not see, or that mean more than it says."""


def effect(keyword: str, old: Any, new: Any) -> Effect:
    """Of a keyword that holds no schema; ABSENT where it is not there."""
    old, new = (OF_NONE.get(keyword, ABSENT) if value is ABSENT else value for value in (old, new))
    if keyword in FREE:
        old, new = (True if value is ABSENT else value for value in (old, new))
        if isinstance(old, bool) and isinstance(new, bool):
            return NEITHER if old == new else NARROWED if old else WIDENED
        return UNKNOWN
    if same(old, new):
        return NEITHER
    if new is ABSENT or old is ABSENT:
        sure = WIDENED if new is ABSENT else NARROWED
        if keyword in RULES:
            return sure
        return Effect(min(sure.narrowed, MAYBE), min(sure.widened, MAYBE))
    return RULES.get(keyword, _unknown)(old, new)


def same(old: Any, new: Any) -> bool:
    """Equal as JSON, where 1 is 1.0 and not true."""
    if old is ABSENT or new is ABSENT:
        return old is new
    return old == new and json.dumps(old, sort_keys=True).count("true") == json.dumps(new, sort_keys=True).count("true")


def _unknown(old: Any, new: Any) -> Effect:
    return UNKNOWN


def _both(old: Any, new: Any) -> Effect:
    return BOTH


def _lower(old: Any, new: Any) -> Effect:
    return NARROWED if new > old else WIDENED


def _upper(old: Any, new: Any) -> Effect:
    return _lower(new, old)


def _flag(old: Any, new: Any) -> Effect:
    return NARROWED if new else WIDENED


def _values(old: Any, new: Any) -> Effect:
    """Of `enum`, and of `const` as one of one."""
    gone = [value for value in old if not any(same(value, other) for other in new)]
    came = [value for value in new if not any(same(value, other) for other in old)]
    return Effect(YES if gone else NO, YES if came else NO)


def _types(old: Any, new: Any) -> Effect:
    """An integer is a number."""
    before, after = ({value} if isinstance(value, str) else set(value) for value in (old, new))
    return Effect(
        YES if before - after - ({"integer"} if "number" in after else set()) else NO,
        YES if after - before - ({"integer"} if "number" in before else set()) else NO,
    )


def _multiples(old: Any, new: Any) -> Effect:
    if new % old == 0:
        return NARROWED
    return WIDENED if old % new == 0 else BOTH


RULES: dict[str, Callable[[Any, Any], Effect]] = {
    **dict.fromkeys(LOWER, _lower),
    **dict.fromkeys(UPPER, _upper),
    **dict.fromkeys(("contentMediaType", "contentEncoding"), _both),
    "enum": _values,
    "type": _types,
    "multipleOf": _multiples,
    "uniqueItems": _flag,
    "pattern": _unknown,
}
"""Of keywords that are there before and after; each of them narrows when it is added and widens when it is removed."""


def words(keyword: str, old: Any, new: Any) -> str:
    """A change in words: "`maximum` was 2, is 1"."""
    if old is ABSENT:
        return f"`{keyword}` is new: {quoted_value(new)}"
    if new is ABSENT:
        return f"`{keyword}` is gone: it was {quoted_value(old)}"
    if keyword == "enum":
        gone = [value for value in old if value not in new]
        came = [value for value in new if value not in old]
        parts = [f"no longer has {quoted_values(gone)}"] if gone else []
        parts += [f"now has {quoted_values(came)}"] if came else []
        return f"`{keyword}` {' and '.join(parts)}"
    return f"`{keyword}` was {quoted_value(old)}, is {quoted_value(new)}"


def quoted_value(value: Any, length: int = 80) -> str:
    """A value as JSON, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text[:length] + " …" if len(text) > length else text


def quoted_values(values: list[Any]) -> str:
    return ", ".join(quoted_value(value) for value in values)
