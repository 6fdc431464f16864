"""The versions that a command is made of."""

from __future__ import annotations

import argparse


class Version(argparse.Action):
    """Prints the version of the package and of its contract, and ends; neither is looked up before."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        from importlib.metadata import version

        from ..contract import Contract

        print(f"{parser.prog} {version('alphaedge')}, contract {Contract.load().version}")
        parser.exit()


def add_version(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--version", action=Version, nargs=0, help="print the versions of the kit and of its contract")
