"""The limits of one answer: each is declared here once, with the option of the command line that sets it.

A named tuple, since the command line prints its help without importing attrs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, NamedTuple, get_args, get_type_hints


class Option(NamedTuple):
    """How the command line names a limit."""

    name: str
    metavar: str
    help: str


class Limits(NamedTuple):
    """How long an answer may take, and how large it may be."""

    whole: Annotated[float, Option("--timeout", "S", "seconds for one exchange")] = 25.0
    connect: Annotated[float, Option("--connect-timeout", "S", "seconds until there is a connection")] = 10.0
    first_byte: Annotated[
        float | None,
        Option("--first-byte-timeout", "S", "seconds until the answer starts (default: that of --timeout)"),
    ] = None
    between: Annotated[float, Option("--idle-timeout", "S", "seconds between two pieces of an answer")] = 20.0
    after_done: Annotated[
        float,
        Option("--after-done", "S", "seconds for the end of a stream after [DONE], beyond --timeout"),
    ] = 5.0
    body: Annotated[int, Option("--max-body", "BYTES", "largest body on the wire")] = 4 * 2**20
    decoded: Annotated[int, Option("--max-decoded", "BYTES", "largest body after decoding")] = 4 * 2**20
    pieces: Annotated[int, Option("--max-pieces", "N", "most pieces in which a body or a stream may arrive")] = 2**16
    lines: Annotated[int, Option("--max-lines", "N", "most lines of a stream; an event has at least two")] = 20_000
    depth: Annotated[int, Option("--max-depth", "N", "deepest nesting of lists and objects in JSON")] = 200
    headers: Annotated[int, Option("--max-headers", "BYTES", "largest headers of an answer")] = 64 * 2**10

    @property
    def until_first_byte(self) -> float:
        """Seconds until the answer has to start."""
        return self.first_byte or self.whole


def options() -> Iterator[tuple[str, type[int] | type[float], Option]]:
    """The name of each limit, its type and its option."""
    for name, annotation in get_type_hints(Limits, include_extras=True).items():
        kind, option = get_args(annotation)
        yield name, int if kind is int else float, option
