"""The options of every command that say something of the command itself, and end it."""

from __future__ import annotations

import argparse
from typing import Any

from ..command import Parser

SHELLS = ("bash", "zsh", "tcsh")


class Version(argparse.Action):
    """Prints the version of the package and of its contract, and ends; neither is looked up before."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        assert isinstance(parser, Parser)
        parser.require_suite()
        from importlib.metadata import version

        from ..contract import Contract

        print(f"{parser.prog} {version('alphaedge')}, contract {Contract.load().version}")
        parser.exit()


class Completion(argparse.Action):
    """Prints the script by which a shell completes the options of a command, its choices and its files, and ends."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        assert isinstance(parser, Parser)
        parser.require_suite()
        import shtab

        files = {"FILE": shtab.FILE, "REPORT": shtab.FILE, "DIR": shtab.DIRECTORY}
        for each in (parser, *parser.subparsers):
            for action in each._actions:
                if action.metavar in files:
                    action.complete = files[action.metavar]  # type: ignore[attr-defined]  # where shtab looks for it
        print(shtab.complete(parser, values))
        parser.exit()


def add_about(parser: Parser) -> None:
    """Adds the options to a parser."""
    parser.add_argument("--version", action=Version, nargs=0, help="print the versions of the kit and of its contract")
    parser.add_argument(
        "--print-completion",
        action=Completion,
        choices=SHELLS,
        metavar="SHELL",
        help=f"print the completion script for {', '.join(SHELLS[:-1])} or {SHELLS[-1]}",
    )
