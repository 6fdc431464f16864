"""The options --contract and --profile of the commands that judge."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from ..command import Parser

if TYPE_CHECKING:
    from ..contract import Contract


def add_contract(parser: Parser) -> None:
    add = parser.add_argument
    add("--contract", metavar="FILE", help="the contract to use instead of the shipped one")
    add(
        "--profile",
        dest="profiles",
        metavar="NAME",
        action="append",
        default=[],
        help="judge what the target claims beyond the contract, too: a profile of this suite, or the file of an "
        "OpenAPI Overlay; repeatable",
    )


def source_of(parsed: Namespace) -> tuple[Path | None, tuple[str, ...]]:
    """The file of the contract, None for the shipped one, and the profiles on it."""
    return Path(parsed.contract) if parsed.contract else None, tuple(filter(None, parsed.profiles))


def contract_of(parsed: Namespace) -> Contract:
    """Raises ConfigurationError for a file that cannot serve."""
    from ..contract import Contract

    return Contract.load(*source_of(parsed))
