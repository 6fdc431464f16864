"""What all models have: they take an answer as it is, and keep all of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

import attrs

from .errors import MissingMemberError, request_id

T = TypeVar("T", bound="Model")

OTHER_NAMES = {
    "model_dump": "to_dict()",
    "dict": "to_dict()",
    "model_dump_json": "to_json()",
    "json": "to_json()",
    "model_copy": "attrs.evolve()",
    "model_validate": "from_dict()",
}
"""What the models of pydantic call these things."""


@attrs.frozen(slots=False, kw_only=True, eq=False, repr=False)
class Model:
    """A JSON object of the API. Members that the contract does not name are read as attributes too.

    Nothing is validated, so that one wrong member loses nothing else: values stay as they came. A list or an object
    that the server left out is empty. Reading a text, a number or a boolean that it left out raises MissingMemberError
    where the contract requires it, because its type does not allow None.
    """

    @property
    def raw(self) -> dict[str, Any]:
        """The JSON object as it came; empty for a model that you made, or copied with `attrs.evolve`."""
        members: dict[str, Any] = self.__dict__
        raw: dict[str, Any] = members.setdefault("_raw", {})
        return raw

    @property
    def request_id(self) -> str | None:
        """The `x-request-id` header of the answer that this is; else the member of that name, if there is one."""
        found: str | None = self.__dict__.get("_request_id") or self.raw.get("request_id")
        return found

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        """Reads a JSON object, and anything else as an empty one."""
        self = cls()
        self.__dict__["_raw"] = data if isinstance(data, dict) else {}
        return self

    def to_dict(self) -> dict[str, Any]:
        """A copy of the JSON object: as it came, or of a model that you made, its members that are not None."""
        return copy.deepcopy(self.raw) if self.raw else self._members(Model.to_dict)

    def to_json(self, *, indent: int | None = None) -> str:
        """`to_dict()` as JSON text."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False)

    def to_request_dict(self) -> dict[str, Any]:
        """The members that the contract names and that are not None, as JSON."""
        return self._members(Model.to_request_dict)

    def _members(self, write: Callable[[Model], dict[str, Any]]) -> dict[str, Any]:
        return {
            field.metadata.get("name", field.name): _plain(value, write)
            for field in attrs.fields(type(self))
            if (value := self.__dict__.get(field.name)) is not None
        }

    def _present(self) -> dict[str, Any]:
        """The members that the contract names, without those that the server left out."""
        members = self.__dict__
        return {field.name: members[field.name] for field in attrs.fields(type(self)) if field.name in members}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._present().items())})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Model) or type(other) is not type(self):
            return NotImplemented
        return self._present() == other._present()

    def __hash__(self) -> int:
        return hash((type(self), *self._present().items()))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """A field of a pydantic model takes this model or its JSON object, and is written as the object."""
        from pydantic_core import core_schema

        def read(value: Any) -> Model:
            if isinstance(value, cls):
                return value
            if isinstance(value, dict):
                return cls.from_dict(value)
            raise ValueError(f"expected {cls.__name__} or a dict")

        return core_schema.no_info_plain_validator_function(
            read, serialization=core_schema.plain_serializer_function_ser_schema(Model.to_dict)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "object", "title": cls.__name__}

    if not TYPE_CHECKING:  # so that a type checker still finds a misspelt name

        def __getattr__(self, name: str) -> Any:
            known = attrs.fields_dict(type(self))
            if name in known:
                raise MissingMemberError(f"the server left out {name!r} of {type(self).__name__}; see `raw`")
            raw = self.__dict__.get("_raw", {})
            if name in raw and not name.startswith("__"):
                return raw[name]
            instead = f"use {OTHER_NAMES[name]}" if name in OTHER_NAMES else f"it has {', '.join(known)}"
            raise AttributeError(f"{type(self).__name__} has no {name!r}; {instead}")


def with_request_id(model: T, headers: Mapping[str, str]) -> T:
    """The model, which from now on knows the request that it answers."""
    model.__dict__["_request_id"] = request_id(headers)
    return model


def models(kind: type[T], value: Any) -> list[T]:
    """A list of models from what should be a list of objects."""
    found: list[T] = []
    if type(value) is list:
        read = kind.from_dict
        for item in value:
            found.append(read(item))  # a comprehension costs more where there is one item
    return found


def optional(kind: type[T], value: Any) -> T | None:
    """A model of what may be absent or null."""
    return kind.from_dict(value) if isinstance(value, dict) else None


def _plain(value: Any, write: Callable[[Model], dict[str, Any]]) -> Any:
    if isinstance(value, Model):
        return write(value)
    return [_plain(item, write) for item in value] if isinstance(value, list) else value
