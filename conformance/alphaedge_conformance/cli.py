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
    add("--report", metavar="DIR", help="write report.json, junit.xml and exchanges.har here")
    add("--level", choices=("must", "should"), default="must", help="the lowest level that fails the run")
    add("--strict", dest="level", action="store_const", const="should", help="the same as --level should")
    add("--source", choices=("documented", "all"), default="all", help="judge only what the vendor's page says")
    add("-k", dest="expression", metavar="EXPR", help="only requirements whose id matches, as in pytest; sends less")
    add("--seed", type=int, default=1, metavar="N", help="for the drawn values (default: %(default)s)")
    add("--contract", metavar="FILE", help="another contract than the one shipped")
    add("--plan", action="store_true", help="print what would be sent and what it may cost; send nothing")
    add("--from-har", metavar="FILE", help="judge an exchanges.har of a run before; send nothing")

    add = made.add_argument_group("budget (what it cuts is inconclusive, never green)").add_argument
    add("--max-requests", type=_positive(int), metavar="N", help="send at most so many, with those that come again")
    add("--max-tokens", type=_positive(int), metavar="N", help="prompts and completions together, by their ceilings")
    add("--rate", type=_rate, metavar="N/s", help="requests a second, or a minute: 2/s, 30/min")
    add("--concurrency", type=_positive(int), default=8, metavar="N", help="requests at a time (default: %(default)s)")

    add = made.add_argument_group("limits of one answer").add_argument
    for name, kind, default, metavar, text in LIMITS:
        add(name, type=_positive(kind), default=default, metavar=metavar, help=f"{text} (default: %(default)s)")
    add("--ca-file", metavar="FILE", help="certificates to trust besides the system's, in PEM")
    return made


LIMITS: tuple[tuple[str, type[int] | type[float], float, str, str], ...] = (
    ("--timeout", float, 25, "S", "seconds for one exchange"),
    ("--connect-timeout", float, 10, "S", "seconds until there is a connection"),
    ("--first-byte-timeout", float, 25, "S", "seconds until the answer starts"),
    ("--idle-timeout", float, 20, "S", "seconds between two pieces of an answer"),
    ("--max-body", int, 4 * 2**20, "BYTES", "of a body on the wire"),
    ("--max-decoded", int, 4 * 2**20, "BYTES", "of a body without its content coding"),
    ("--max-pieces", int, 20_000, "N", "pieces in which a body or a stream arrives"),
    ("--max-depth", int, 200, "N", "lists and objects inside each other in JSON"),
    ("--max-headers", int, 64 * 2**10, "BYTES", "of the headers of an answer"),
)


def _rate(text: str) -> float:
    """Requests a second."""
    number, slash, unit = text.partition("/")
    seconds = {"s": 1, "min": 60}.get(unit)
    if not slash or seconds is None:
        raise argparse.ArgumentTypeError(f"expected a rate as 2/s or 30/min, got {text!r}")
    try:
        return float(_positive(float)(number)) / seconds
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a rate as 2/s or 30/min, got {text!r}") from None


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

    import tempfile
    from pathlib import Path

    from . import har
    from .contract import Contract
    from .errors import ConfigurationError
    from .plugin import Conformance
    from .requirements import Level
    from .session import Suite
    from .settings import Limits, Settings, target
    from .transport import client

    if parsed.report:
        try:
            Path(parsed.report).mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=parsed.report):
                pass
        except OSError as error:
            raise ConfigurationError(f"--report {parsed.report}: cannot be written into: {error.strerror}") from None
    suite = Suite.of(Contract.load(Path(parsed.contract) if parsed.contract else None))
    settings = Settings(
        report=Path(parsed.report) if parsed.report else None,
        level=Level(parsed.level.upper()),
        documented_only=parsed.source == "documented",
        max_requests=parsed.max_requests,
        max_tokens=parsed.max_tokens,
        rate=parsed.rate,
        concurrency=parsed.concurrency,
        limits=Limits(
            connect=parsed.connect_timeout,
            first_byte=parsed.first_byte_timeout,
            between=parsed.idle_timeout,
            whole=parsed.timeout,
            body=parsed.max_body,
            decoded=parsed.max_decoded,
            pieces=parsed.max_pieces,
            depth=parsed.max_depth,
            headers=parsed.max_headers,
        ),
        ca_file=Path(parsed.ca_file) if parsed.ca_file else None,
        seed=parsed.seed,
        plan_only=parsed.plan,
    )
    if parsed.from_har is not None and parsed.url is not None:
        parser().error("--from-har judges a recording; leave the URL out")
    recording = har.read(Path(parsed.from_har)) if parsed.from_har is not None else None
    client(settings)  # a --ca-file that cannot be read is told before anything is sent
    if settings.report is not None and not settings.plan_only:
        try:
            settings.report.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(f"--report {settings.report}: {error.strerror}") from None
    goal = target(suite.contract, parsed.url, parsed.model) if parsed.url is not None else None
    if goal is None and parsed.model is not None:
        parser().error("--model goes with a URL; the mock serves the contract's own")
    return Conformance(suite, settings, goal, parsed.expression, recording)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the suite; the exit code is documented in `--help`."""
    from .errors import ConfigurationError

    try:
        plugin = conformance(sys.argv[1:] if arguments is None else arguments)
    except ConfigurationError as error:
        print(f"alphaedge-conform: {error}", file=sys.stderr)
        return 4
    except KeyboardInterrupt:
        return 2
    return plugin.main()


if __name__ == "__main__":
    sys.exit(main())
