"""What all models have: they take an answer as it is, and keep all of it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Self, TypeVar

import attrs

T = TypeVar("T", bound="Model")


@attrs.frozen(slots=False, kw_only=True)
class Model:
    """A JSON object of the API. Members that the contract does not name are read as attributes too.

    Nothing is validated: a member that a server leaves out is None, an empty list or an empty model, by its type;
    an unknown value of an enumeration stays as it came.
    """

    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)
    """The JSON object as it came; empty for a model that you made."""

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        """Reads a JSON object, and anything else as an empty one."""
        return cls(raw=data if isinstance(data, dict) else {})

    def to_dict(self) -> dict[str, Any]:
        """A copy of the JSON object: as it came, or of a model that you made, its members that are not None."""
        return copy.deepcopy(self.raw) if self.raw else self.to_request_dict()

    def to_request_dict(self) -> dict[str, Any]:
        """The members that the contract names and that are not None, as JSON."""
        return {
            field.metadata.get("name", field.name): _plain(value)
            for field in attrs.fields(type(self))
            if field.name != "raw" and (value := getattr(self, field.name)) is not None
        }

    if not TYPE_CHECKING:  # so that a type checker still finds a misspelt name

        def __getattr__(self, name: str) -> Any:
            raw = self.__dict__.get("raw", {})
            if name in raw and not name.startswith("__"):
                return raw[name]
            raise AttributeError(
                f"{type(self).__name__} has no {name!r}; the server sent {', '.join(raw) or 'nothing'}"
            )


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


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return value.to_request_dict()
    return [_plain(item) for item in value] if isinstance(value, list) else value
