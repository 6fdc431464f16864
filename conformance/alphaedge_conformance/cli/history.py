"""`alphaedge-conform history`: the results of a fleet, and what has changed."""

from __future__ import annotations

import json
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

from ..command import Parser
from .extras import require_history

if TYPE_CHECKING:
    from ..fleet.history import History

EPILOG = "exit code: 0 · 1 `changes`: confirmed new failure · 4 wrong usage"


def parser() -> Parser:
    made = Parser(prog="alphaedge-conform history", description="Shows the history of a fleet.", epilog=EPILOG)
    kinds = made.add_subparsers(dest="kind", required=True, metavar="COMMAND")

    def command(name: str, help: str) -> Parser:
        added = kinds.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.", allow_abbrev=False)
        assert isinstance(added, Parser)
        added.add_argument("--history", metavar="FILE", type=Path, default=Path("history.duckdb"), help="the database")
        return added

    def since(added: Parser) -> None:
        added.add_argument("--since", default="7d", metavar="WHEN", help="7d, 24h, 90m, or a date (default: 7d)")

    def output(added: Parser) -> None:
        added.add_argument("--output", metavar="FILE", type=Path, help="where to write it (default: standard output)")

    changes = command("changes", "confirmed changes: requirements that now fail, or pass again")
    since(changes)
    changes.add_argument("--json", action="store_true", help="print it as JSON")
    page = command("page", "the fleet as a single HTML page, worst targets first")
    since(page)
    output(page)
    metrics = command("metrics", "the fleet as OpenMetrics text")
    since(metrics)
    output(metrics)
    output(command("ctrf", "the last judging of each target as a CTRF report"))
    statement = command("statement", "an unsigned in-toto test result of one target")
    statement.add_argument("target", metavar="TARGET", help="the name of the target")
    output(statement)
    export = command("export", "every table as Parquet")
    export.add_argument("folder", metavar="DIR", type=Path, help="where to write the files")
    return made


def main(arguments: Sequence[str]) -> int:
    parsed = parser().parse_args(arguments)
    require_history()

    from ..fleet import changes
    from ..fleet.history import History

    history = History(parsed.history)
    if parsed.kind == "changes":
        found = changes.read(history, changes.moment(parsed.since))
        print(json.dumps(found, indent=2, ensure_ascii=False) if parsed.json else "\n".join(changes.lines(found)))
        return int(changes.has_failures(found))
    if parsed.kind == "export":
        for path in history.export(parsed.folder):
            print(path)
        return 0
    _view(history, parsed)
    return 0


def _view(history: History, parsed: Namespace) -> None:
    from ..errors import ConfigurationError
    from ..fleet import changes, ctrf, openmetrics
    from ..fleet.latest import latest
    from ..fleet.page import page
    from ..fleet.statement import statement

    targets = latest(history)
    if parsed.kind == "statement":
        kept = next((each.report for each in targets if each.target == parsed.target), None)
        if kept is None:
            raise ConfigurationError(f"{parsed.history}: has no report of target {parsed.target!r}")
        said = statement(history.reports / kept)
        with _written(parsed.output) as file:
            file.write(json.dumps(said, indent=2) + "\n")
    elif parsed.kind == "ctrf":
        with _written(parsed.output) as file:
            ctrf.write(history, targets, file)
    else:
        found = changes.read(history, changes.moment(parsed.since))
        folder = parsed.output.parent if parsed.output is not None else Path()
        text = page(history, found, folder) if parsed.kind == "page" else openmetrics.text(targets, found)
        with _written(parsed.output) as file:
            file.write(text)


@contextmanager
def _written(path: Path | None) -> Iterator[TextIO]:
    """A file that is replaced at once, since a collector may read it at any moment. Raises ConfigurationError."""
    from ..errors import ConfigurationError

    if path is None:
        yield sys.stdout
        return
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
            try:
                yield cast(TextIO, file)
                file.close()
                Path(file.name).chmod(0o644)
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from None
