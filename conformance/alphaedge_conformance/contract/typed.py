"""Whether what was read from a file is of the types that its class declares."""

from __future__ import annotations

import math
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin

from attrs import AttrsInstance, fields, resolve_types

Instance = TypeVar("Instance", bound=AttrsInstance)


def typed(instance: Instance) -> Instance:
    """The same instance of an attrs class. Raises TypeError for a member of another type, and for a number that no
    clock or counter gives."""
    for attribute in fields(resolve_types(type(instance))):
        value = getattr(instance, attribute.name)
        if not _is_of(attribute.type, value):
            raise TypeError(f"{attribute.name} cannot be {value!r}")
    return instance


def _is_of(kind: Any, value: Any) -> bool:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return value in arguments
    if origin is UnionType:
        return any(_is_of(each, value) for each in arguments)
    if origin is frozenset or (origin is tuple and Ellipsis in arguments):
        return isinstance(value, origin) and all(_is_of(arguments[0], each) for each in value)
    if origin is tuple:
        return isinstance(value, tuple) and len(value) == len(arguments) and all(map(_is_of, arguments, value))
    if kind in (int, float):
        is_number = isinstance(value, kind if kind is int else int | float) and not isinstance(value, bool)
        return is_number and math.isfinite(value) and abs(value) < 2**53
    return isinstance(value, kind)
