"""Another operation than the primary one, as a probe asks for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Self

from attrs import frozen

from ..contract import Contract
from ..contract.further import address

ABSENT = frozenset({404, 405, 501})
"""Statuses by which a server says that it has no such operation."""


@frozen
class Operation:
    """What tells a request for it from one for the primary operation."""

    name: str
    """Its operationId."""
    beside: str
    """The end of the primary operation's address that `path` stands in place of."""
    path: str
    """With a value for each parameter; one that an answer has is in braces until then."""
    is_optional: bool
    """Whether a server may lack it."""

    @classmethod
    def of(cls, primary: Contract, view: Contract, known: Mapping[str, str], taken: Collection[str] = ()) -> Self:
        """That of a contract's view, with parameters whose values are known by their names, or taken from an answer."""
        first, *rest = view.path.split("/")[1:]
        shared = f"/{first}" if rest and primary.path.startswith(f"/{first}/") else ""
        path = address(view, known, taken).removeprefix(shared)
        return cls(str(view.name), primary.path.removeprefix(shared), path, view.is_optional)

    def url(self, primary: str) -> str:
        """Its address, beside that of the primary operation: the same version of the API, behind the same prefix."""
        return primary.removesuffix(self.beside) + self.path

    @property
    def control(self) -> str:
        """The name of the probe that has to be accepted before others of the operation say anything."""
        return self.control_of(self.name)

    @staticmethod
    def control_of(name: str) -> str:
        """The same, of the operation of a name."""
        return f"{name}: control"
