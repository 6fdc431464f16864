"""All wrong servers of the mock at one address, and those that must not be accused: for judging a suite by them.

Each has a base URL of its own, the address of the server and its id. ``GET /catalogue.json`` lists them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import asdict, frozen
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from ..contract import Contract
from .app import Mock
from .faults import all_faults
from .unusual import unusual_servers

CATALOGUE = "/catalogue.json"
CONFORMING = "conforming"


@frozen
class Entry:
    """One server of the catalogue."""

    id: str
    kind: str
    """`fault`, or `unusual` or `conforming` for one in which no suite may find anything."""
    sentence: str
    breaks: tuple[str, ...]
    """The requirements that it breaks, and no other."""
    make: Callable[..., Mock]
    """Takes the arguments of `Mock`."""


def catalogue(contract: Contract) -> dict[str, Entry]:
    """Every server by its id: the mock itself, its unusual relatives, its faults."""
    right = [Entry(CONFORMING, CONFORMING, "It satisfies every requirement.", (), Mock)]
    right += [
        Entry(name, "unusual", " ".join((make.__doc__ or "").split()), (), make)
        for name, make in unusual_servers(contract).items()
    ]
    wrong = [
        Entry(each.name, "fault", each.text, tuple(sorted(each.breaks)), each.make)
        for each in all_faults(contract).values()
    ]
    return {each.id: each for each in (*right, *wrong)}


class FaultsServer:
    """An ASGI application. A server is made when it is first asked, and keeps its state as long as this one lives."""

    def __init__(self, contract: Contract, key: str | None = None) -> None:
        self.entries = catalogue(contract)
        self._contract = contract
        self._key = key
        self._made: dict[str, Mock] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        _, id, *_ = scope["path"].split("/", 2)
        if id in self.entries:
            await self._server(id)(_below(scope, f"/{id}"), receive, send)
        elif scope["path"] == CATALOGUE:
            await JSONResponse(self.listing(str(Request(scope).base_url)))(scope, receive, send)
        else:
            answer = {"error": {"message": f"There is no server {id!r}; see {CATALOGUE}.", "type": "not_found_error"}}
            await JSONResponse(answer, 404)(scope, receive, send)

    def listing(self, address: str) -> list[dict[str, Any]]:
        return [
            {**asdict(each, filter=lambda field, _: field.name != "make"), "url": f"{address}{each.id}"}
            for each in self.entries.values()
        ]

    def _server(self, id: str) -> Mock:
        if id not in self._made:
            self._made[id] = self.entries[id].make(self._contract, self._key)
        return self._made[id]


def _below(scope: Scope, prefix: str) -> Scope:
    """The same request, as a server sees it that is mounted there and does not know it."""
    raw = scope.get("raw_path") or scope["path"].encode()
    return {**scope, "path": scope["path"][len(prefix) :] or "/", "raw_path": raw[len(prefix) :] or b"/"}
