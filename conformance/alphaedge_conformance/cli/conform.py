"""The command line: what `alphaedge-conform` takes, and what it starts. Imports little, so that `--help` is at once."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..command import Parser, no_more_output
from ..sending import limits
from ..sending.rates import requests_a_second
from .about import add_about
from .own_contract import add_contract, contract_of
from .own_headers import add_headers

if TYPE_CHECKING:
    from pathlib import Path

    from ..pytest_session.plugin import ConformancePlugin

THOROUGHLY = 100
"""Requests that are drawn at thorough effort."""
EPILOG = """\
The API key is read from ALPHAEDGE_API_KEY. Without URL, the mock that conforms is started and judged. An empty value of
an option counts as unset.

`alphaedge-conform report DIR/report.json` shows a run again, and writes its pages again.
`alphaedge-conform proxy UPSTREAM` judges traffic as it passes. `alphaedge-conform gateway GATEWAY` says what a gateway
does to requests and answers. `alphaedge-conform fleet` judges many targets, and `alphaedge-conform history` says what
has changed. Each has its own --help.

exit code: 0 conforms · 1 deviates · 2 inconclusive · 3 the kit itself failed · 4 wrong usage
"""


def parser() -> Parser:
    made = Parser(
        prog="alphaedge-conform",
        description="Judges a server of POST /v1/chat/completions against the AlphaEdge contract.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_about(made)
    add = made.add_argument
    add(
        "urls",
        nargs="*",
        metavar="URL",
        help="the server, as http://host:8000; may end in /v1. Without a scheme: http for this machine and private "
        "networks, else https. Several, or a file targets.toml, are compared",
    )
    add("--model", metavar="NAME", help="the model to ask for (default: the one of the contract's example)")
    add("--report", metavar="DIR", help="write report.html, report.json, junit.xml and exchanges.har here")
    add("--against", metavar="TARGET", help="the target to compare the others with: only differences count")
    add("--level", choices=("must", "should"), default="must", help="the lowest level that fails the run")
    add("--strict", dest="level", action="store_const", const="should", help="the same as --level should")
    add("--source", choices=("documented", "all"), default="all", help="judge only what the vendor's page says")
    add(
        "-k",
        dest="expression",
        metavar="EXPR",
        help="only requirements whose id matches, as in pytest; sends fewer requests",
    )
    add(
        "--effort",
        choices=("quick", "standard", "thorough"),
        default="standard",
        help="how much is sent: at most 60, 150 or 400 requests (default: %(default)s)",
    )
    add(
        "--explore",
        type=_positive(int),
        metavar="N",
        help="send N more requests, drawn from the whole schema; failures are shrunk, and tried first the next time "
        "(default: 100 with --effort thorough, otherwise none)",
    )
    add("--seed", type=int, default=1, metavar="N", help="the seed of the drawn values (default: %(default)s)")
    add_contract(made)
    add(
        "--discover",
        action="store_true",
        help="try a request of each profile of this suite, and say which are supported, ignored or refused; this "
        "fails nothing",
    )
    add("--contract-version", metavar="V", help="score by a released version; later requirements are only reported")
    add(
        "--waivers",
        metavar="FILE",
        help="known deviations, tolerated until a date; an entry that is no longer needed fails the run",
    )
    add("--write-waivers", metavar="FILE", help="draft an entry there for each requirement that fails the run")
    add(
        "--from-har",
        metavar="FILE",
        action="append",
        default=[],
        help="judge a recording by an earlier run, a browser or a proxy, and send nothing; repeatable",
    )
    add("--host", metavar="HOST", help="with --from-har: the server to judge, if the recording has several")
    add("--seen", action="store_true", help="with --from-har: judge only what the recording shows")
    add_headers(made)
    add("--since", metavar="REPORT", help="an earlier run, by its folder or report.json: report what has changed")
    add("--only-new", action="store_true", help="with --since: exit with 1 only for new failures")
    add("-q", "--quiet", action="store_true", help="print only the verdict")

    add = made.add_argument_group("instead of a run").add_argument
    add("--plan", action="store_true", help="print what would be sent and what it may cost; send nothing")
    add("--list", action="store_true", help="print every requirement with its level, source and sentence")
    add("--json", action="store_true", help="with --list: print it as JSON")
    add("--explain", metavar="ID", help="print one requirement: quote, probes, and a server that breaks it")

    add = made.add_argument_group("budget (what it cuts is inconclusive, never green)").add_argument
    add("--max-requests", type=_positive(int), metavar="N", help="maximum number of requests, retries included")
    add(
        "--max-tokens",
        type=_positive(int),
        metavar="N",
        help="maximum number of tokens, prompts and completions together, by upper bounds",
    )
    add("--rate", type=_rate, metavar="N/s", help="requests a second, or a minute: 2/s, 30/min")
    add("--concurrency", type=_positive(int), default=8, metavar="N", help="requests at a time (default: %(default)s)")

    add = made.add_argument_group("limits of one answer").add_argument
    for name, kind, option in limits.options():
        default = limits.Limits._field_defaults[name]
        default_text = "" if default is None else f" (default: {default:{'g' if kind is float else 'd'}})"
        help = option.help + default_text
        add(option.name, dest=name, type=_positive(kind), default=default, metavar=option.metavar, help=help)
    add("--ca-file", metavar="FILE", help="certificates to trust besides the system's, in PEM")
    return made


def _rate(text: str) -> float:
    """Requests a second."""
    try:
        return requests_a_second(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _positive(kind: type[int] | type[float]) -> type[int] | type[float]:
    def parse(text: str) -> int | float:
        value = kind(text)
        if not 0 < value < float("inf"):
            raise ValueError
        return value

    parse.__name__ = f"positive {kind.__name__}"
    return parse  # type: ignore[return-value]


def conformance(arguments: Sequence[str]) -> ConformancePlugin:
    """The pytest plugin that does what these arguments say. Raises ConfigurationError; exits on --help."""
    return _conformance(parser().parse_args(arguments))


def _conformance(parsed: argparse.Namespace) -> ConformancePlugin:
    from pathlib import Path

    from ..archive import har
    from ..contract import versions
    from ..contract.requirements import Level
    from ..errors import ConfigurationError
    from ..exchange import Effort, extra_headers
    from ..judging import waivers
    from ..pytest_session.plugin import ConformancePlugin
    from ..report import reports_of
    from ..run.suite import Suite
    from ..run.targets import folder, read_targets
    from ..sending.settings import Settings
    from ..sending.transport import client
    from .folders import writable

    def path(text: str | None) -> Path | None:
        return Path(text) if text else None

    suite = Suite.of(contract_of(parsed))
    levels = versions.levels(parsed.contract_version) if parsed.contract_version else None
    settings = Settings(
        report=path(parsed.report),
        level=Level(parsed.level.upper()),
        documented_only=parsed.source == "documented",
        max_requests=parsed.max_requests,
        max_tokens=parsed.max_tokens,
        rate=parsed.rate,
        concurrency=parsed.concurrency,
        limits=limits.Limits(*(getattr(parsed, name) for name in limits.Limits._fields)),
        ca_file=path(parsed.ca_file),
        seed=parsed.seed,
        seen_only=parsed.seen,
        effort=Effort(parsed.effort),
        explore=parsed.explore or (THOROUGHLY if parsed.effort == "thorough" else 0),
        pinned=suite.pinned_ids(levels) if levels is not None else None,
        discover=parsed.discover,
    )
    client(settings)  # an unreadable --ca-file is an error before anything is sent
    if parsed.json:
        raise ConfigurationError("--json goes with --list; a run writes report.json with --report DIR")
    headers = extra_headers.read(suite.contract, parsed.own_headers)
    targets = read_targets(suite.contract, parsed.urls, parsed.model, headers)
    against = None
    if parsed.against:
        base = parsed.against.rstrip("/")
        against = next((target.name for target in targets if base in (target.name, target.url)), None)
        against = against or next(
            (targets[at].name for at, url in enumerate(parsed.urls) if url == parsed.against), None
        )
        if against is None or len(targets) < 2:
            known = ", ".join(target.name for target in targets)
            raise ConfigurationError(f"--against {parsed.against}: expected one of several targets: {known or 'none'}")
    if parsed.own_headers and not targets:
        raise ConfigurationError("-H goes with a URL")
    if parsed.model and not targets:
        raise ConfigurationError("--model goes with a URL; the mock serves the contract's own")
    recording = None
    files = [Path(name) for name in parsed.from_har if name]
    if not files and (parsed.host or parsed.seen):
        raise ConfigurationError(f"{'--host' if parsed.host else '--seen'} goes with --from-har FILE")
    if files:
        if targets:
            raise ConfigurationError("--from-har judges a recording; leave the URL out")
        if parsed.discover:
            raise ConfigurationError("--discover asks a server; a recording has what it has")
        recording = har.read(files, suite.contract.path, parsed.host or None)
    if parsed.only_new and not parsed.since:
        raise ConfigurationError("--only-new goes with --since REPORT")
    earlier = reports_of(Path(parsed.since)) if parsed.since else None
    accepted = waivers.read(Path(parsed.waivers)) if parsed.waivers else ()
    if parsed.write_waivers:
        waivers.drafted(Path(parsed.write_waivers))
    if settings.report is not None and not parsed.plan:
        writable(settings.report)
        for target in targets if len(targets) > 1 else ():
            writable(settings.report / folder(target.name))
        archive = (settings.report / har.ARCHIVE).resolve()
        if recording is not None and not recording.is_ours and archive in recording.files:
            raise ConfigurationError(f"{archive} would be overwritten; name another folder with --report")
    return ConformancePlugin(
        suite if levels is None else suite.pinned(levels),
        settings,
        targets,
        parsed.expression,
        recording,
        against,
        accepted,
        path(parsed.write_waivers),
        parsed.plan,
        parsed.quiet,
        earlier,
        parsed.only_new,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the suite; the exit code is documented in `--help`."""
    from ..errors import ConfigurationError

    arguments = sys.argv[1:] if arguments is None else arguments
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal may know no ·
    try:
        if arguments and arguments[0] in SUBCOMMANDS:
            return SUBCOMMANDS[arguments[0]](arguments[1:])
        parsed = parser().parse_args(arguments)
        if parsed.list or parsed.explain:
            return _explain(parsed)
        return _conformance(parsed).main()
    except ConfigurationError as error:
        print(f"alphaedge-conform: {error}", file=sys.stderr)
        return 4
    except KeyboardInterrupt:
        return 2
    except BrokenPipeError:  # as of --list | head
        no_more_output()
        return 0
    except OSError as error:
        print(f"alphaedge-conform: {error}", file=sys.stderr)
        no_more_output()
        return 3
    except Exception:
        import traceback

        traceback.print_exc()
        return 3


def _explain(parsed: argparse.Namespace) -> int:

    from ..report import catalogue
    from ..run.suite import Suite

    suite = Suite.of(contract_of(parsed))
    if parsed.list:
        catalogue.show_list(suite, as_json=parsed.json)
    else:
        catalogue.explain(suite, parsed.explain)
    return 0


def report_parser() -> Parser:
    """Of ``alphaedge-conform report``."""
    from pathlib import Path

    made = Parser(prog="alphaedge-conform report", description="Shows a run again, and writes its pages again.")
    made.add_argument("file", metavar="FILE", type=Path, help="report.json, or comparison.json")
    made.add_argument("--since", metavar="REPORT", type=Path, help="an earlier run: report what has changed")
    made.add_argument("--only-new", action="store_true", help="exit with 1 only for new failures")
    made.add_argument("-q", "--quiet", action="store_true", help="print only the verdict")
    return made


def _show_again(arguments: Sequence[str]) -> int:
    """``alphaedge-conform report FILE``; its exit code is that of the run."""
    parsed = report_parser().parse_args(arguments)

    from .. import report
    from ..errors import ConfigurationError
    from ..report import since
    from ..report.comparison import compare, is_one
    from .folders import writable

    if parsed.only_new and parsed.since is None:
        raise ConfigurationError("--only-new goes with --since REPORT")
    document, folder = report.read(parsed.file), parsed.file.parent
    writable(folder)
    if parsed.since is not None:
        earlier = report.reports_of(parsed.since)
        if is_one(document):
            reports = list(since.with_changes(report.reports_of(parsed.file), earlier).values())
            document = compare(reports, document["seconds"], document["against"])
        else:
            (document,) = since.with_changes({document["target"]["name"]: document}, earlier).values()
    report.render(document, folder)
    report.show(document, folder, parsed.quiet)
    return since.exit_code(document, parsed.only_new)


def _proxy(arguments: Sequence[str]) -> int:
    from . import live

    return live.main("proxy", arguments)


def _gateway(arguments: Sequence[str]) -> int:
    from . import live

    return live.main("gateway", arguments)


def _fleet(arguments: Sequence[str]) -> int:
    from . import fleet

    return fleet.main(arguments)


def _history(arguments: Sequence[str]) -> int:
    from . import history

    return history.main(arguments)


SUBCOMMANDS = {
    "report": _show_again,
    "proxy": _proxy,
    "gateway": _gateway,
    "fleet": _fleet,
    "history": _history,
}
"""What is not a run of one command line; each has a `--help` of its own."""


if __name__ == "__main__":
    sys.exit(main())
