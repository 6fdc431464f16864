"""What every command of the kit shares: its exit code for wrong usage, and the end of its output."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, NoReturn

SECRET = re.compile(r"key|token|secret|password|auth|bearer", re.IGNORECASE)
"""In the name of an option that does not exist: what follows it must not be repeated."""


MODULES = (
    *("hypothesis", "jinja2", "jsonpath_rfc9535", "jsonschema_rs", "pytest", "rich", "schemathesis", "shtab"),
    *("starlette", "uvicorn"),
    "yaml",
)
"""What the extra `conformance` installs; `alphaedge` alone, as the users of the client install it, does without."""


class StoreOnce(argparse.Action):
    """Stores a value; an option that is given twice is wrong usage, since one of the values would be ignored."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        assert isinstance(parser, Parser)
        if option is not None and self.dest in parser.given:
            parser.error(f"{option} was given more than once; give it once")
        parser.given.add(self.dest)
        setattr(namespace, self.dest, values)


class Parser(argparse.ArgumentParser):
    """Wrong usage is exit code 4, and no message repeats a value that may be a key."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.register("action", None, StoreOnce)
        self.given: set[str] = set()

    def parse_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        parsed, unknown = self.parse_known_args(args, namespace)
        if names := [word.partition("=")[0] for word in unknown if word.startswith("-")]:
            if SECRET.search(names[0]):
                self.error(f"unknown option {names[0]}; the key is read from ALPHAEDGE_API_KEY")
            self.error(f"unknown option {names[0]}")
        if unknown:
            self.error(f"{len(unknown)} more arguments than expected")
        self.require_suite()
        return parsed

    def require_suite(self) -> None:
        """Exits where the extra is not installed; an action that ends the program calls it too."""
        if missing := [name for name in MODULES if find_spec(name) is None]:
            what = f"the conformance suite is not installed (no module named {missing[0]!r})"
            self.exit(4, f"{self.prog}: {what}; in a clone of its repository, run pip install '.[conformance]'\n")

    @property
    def subparsers(self) -> list[Parser]:
        """Those of the commands of this command."""
        found = [action.choices for action in self._actions if isinstance(action, argparse._SubParsersAction)]
        return [each for choices in found for each in choices.values()]

    def error(self, message: str) -> NoReturn:
        self.exit(4, f"{self.prog}: {message}; see {self.prog} --help\n")


def no_more_output() -> None:
    """Whoever reads standard output has read enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
