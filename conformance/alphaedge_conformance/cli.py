"""The command line: what `alphaedge-conform` takes, and what it starts. Imports little, so that `--help` is at once."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from .plugin import Conformance

EPILOG = """\
The API key is read from ALPHAEDGE_API_KEY. Without URL, the mock that conforms is started and judged.

exit code: 0 conforms · 1 deviates · 2 inconclusive · 3 the kit itself failed · 4 wrong usage
"""


class Parser(argparse.ArgumentParser):
    """Wrong usage is exit code 4."""

    def error(self, message: str) -> NoReturn:
        self.exit(4, f"{self.prog}: {message}; see {self.prog} --help\n")


def parser() -> Parser:
    made = Parser(
        prog="alphaedge-conform",
        description="Judges a server of POST /v1/chat/completions against the AlphaEdge contract.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = made.add_argument
    add("url", nargs="?", metavar="URL", help="the server, as http://host:8000; may end in /v1")
    add("--model", metavar="NAME", help="the model to ask for (default: the one of the contract's example)")
    add("--report", metavar="DIR", help="write report.json and junit.xml into this folder")
    add("--level", choices=("must", "should"), default="must", help="the lowest level that fails the run")
    add("--strict", dest="level", action="store_const", const="should", help="the same as --level should")
    add("--source", choices=("documented", "all"), default="all", help="judge only what the vendor's page says")
    add("-k", dest="expression", metavar="EXPR", help="only requirements whose id matches, as in pytest; sends less")
    add("--max-requests", type=_positive(int), metavar="N", help="send at most so many; what is cut is inconclusive")
    add("--concurrency", type=_positive(int), default=8, metavar="N", help="requests at a time (default: %(default)s)")
    add("--timeout", type=_positive(float), default=60.0, metavar="S", help="seconds for one exchange (default: 60)")
    add("--seed", type=int, default=1, metavar="N", help="for the drawn values (default: %(default)s)")
    add("--contract", metavar="FILE", help="another contract than the one shipped")
    add("--plan", action="store_true", help="print what would be sent and what it may cost; send nothing")
    return made


def _positive(kind: type[int] | type[float]) -> type[int] | type[float]:
    def parse(text: str) -> int | float:
        value = kind(text)
        if not 0 < value < float("inf"):
            raise ValueError
        return value

    parse.__name__ = f"positive {kind.__name__}"
    return parse  # type: ignore[return-value]


def conformance(arguments: Sequence[str]) -> Conformance:
    """The pytest plugin that does what these arguments say. Raises ConfigurationError; exits on --help."""
    parsed = parser().parse_args(arguments)

    from pathlib import Path

    from .contract import Contract
    from .plugin import Conformance
    from .requirements import Level
    from .session import Suite
    from .settings import Settings, target

    suite = Suite.of(Contract.load(Path(parsed.contract) if parsed.contract else None))
    settings = Settings(
        report=Path(parsed.report) if parsed.report else None,
        level=Level(parsed.level.upper()),
        documented_only=parsed.source == "documented",
        max_requests=parsed.max_requests,
        concurrency=parsed.concurrency,
        timeout=parsed.timeout,
        seed=parsed.seed,
        plan_only=parsed.plan,
    )
    goal = target(suite.contract, parsed.url, parsed.model) if parsed.url is not None else None
    if goal is None and parsed.model is not None:
        parser().error("--model goes with a URL; the mock serves the contract's own")
    return Conformance(suite, settings, goal, parsed.expression)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the suite; the exit code is documented in `--help`."""
    from .errors import ConfigurationError

    try:
        plugin = conformance(sys.argv[1:] if arguments is None else arguments)
    except ConfigurationError as error:
        print(f"alphaedge-conform: {error}", file=sys.stderr)
        return 4
    return plugin.main()


if __name__ == "__main__":
    sys.exit(main())
