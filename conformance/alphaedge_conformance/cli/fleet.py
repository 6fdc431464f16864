"""`alphaedge-conform fleet targets.toml`: judges many targets, and records the results in a history."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..command import Parser
from .extras import require_history
from .own_contract import add_contract, contract_of, source_of

if TYPE_CHECKING:
    from ..run.suite import Suite
    from ..sending.settings import Settings

EPILOG = (
    "exit code: 0 no new failure · 1 confirmed new failure · 2 nothing judged, or interrupted · 3 the kit itself "
    "failed · 4 wrong usage"
)


def parser() -> Parser:
    made = Parser(
        prog="alphaedge-conform fleet",
        description="Judges many targets, several at a time, and reports what has changed since the previous run.",
        epilog=EPILOG,
        allow_abbrev=False,
    )
    add = made.add_argument
    add("file", metavar="targets.toml", type=Path, help="a table for each target; [lanes] limits hosts")
    add("--history", metavar="FILE", type=Path, required=True, help="the database to write to (DuckDB)")
    add("--resume", action="store_true", help="continue the last run if it was interrupted")
    add("--scheduler", metavar="URL", help="a Dask scheduler, such as tcp://host:8786, whose workers judge the targets")
    add("--workers", type=int, default=os.cpu_count() or 1, metavar="N", help="processes (default: %(default)s)")
    add("--model", metavar="NAME", help="the model to ask for where a target names none")
    add("--level", choices=("must", "should"), default="must", help="the lowest level that can fail a run")
    add("--source", choices=("documented", "all"), default="all", help="judge only what the vendor's page says")
    add("-k", dest="expression", metavar="EXPR", help="only requirements whose id matches, as in pytest; sends less")
    add("--effort", choices=("quick", "standard", "thorough"), default="standard", help="how much is sent to each")
    add("--seed", type=int, default=1, metavar="N", help="seed of the generated values (default: %(default)s)")
    add("--max-requests", type=int, metavar="N", help="maximum number of requests each time a target is judged")
    add("--max-tokens", type=int, metavar="N", help="the same for prompt and completion tokens together")
    add("--timeout", type=float, default=25.0, metavar="S", help="seconds for one exchange (default: %(default)g)")
    add("--ca-file", metavar="FILE", type=Path, help="certificates to trust besides the system's, in PEM")
    add_contract(made)
    add("-q", "--quiet", action="store_true", help="print only the last line")
    return made


def main(arguments: Sequence[str]) -> int:
    parsed = parser().parse_args(arguments)
    require_history()

    from uuid import uuid4

    from ..errors import ConfigurationError
    from ..fleet import changes, lanes, workers
    from ..fleet.coordinator import Coordinator
    from ..fleet.history import History
    from ..fleet.progress import Progress
    from ..fleet.summary import summarize
    from ..fleet.work import Task, now
    from ..run.interrupts import interruptible
    from ..run.suite import Suite

    if parsed.workers < 1:
        raise ConfigurationError(f"--workers {parsed.workers}: expected a number of at least 1")
    suite = Suite.of(contract_of(parsed))
    wanted, settings = _wanted(suite, parsed), _settings(parsed)
    found = lanes.read(parsed.file, suite.contract, parsed.model)
    pool = workers.dask(parsed.scheduler) if parsed.scheduler else workers.processes(parsed.workers)
    history = History(parsed.history)
    options = f"{parsed.effort} seed={parsed.seed} level={parsed.level} source={parsed.source} k={parsed.expression}"
    options += "".join(f" profile={name}" for name in parsed.profiles)
    run = history.unfinished(options) if parsed.resume else None
    if run is None:
        run = f"{now():%Y%m%dT%H%M%S}-{uuid4().hex[:8]}"
        history.begin(run, lanes.count(found), options)
    progress = Progress(lanes.count(found), parsed.quiet)
    coordinator = Coordinator(Task(run, *source_of(parsed), wanted, settings), history, pool, progress)
    with interruptible(coordinator.stop):
        coordinator.run(found)
    summary = summarize(history, run)
    for line in () if parsed.quiet else changes.lines(summary.changes):
        print(line)
    print(summary.headline)
    if coordinator.stopped:
        print(f"alphaedge-conform: {coordinator.stopped}; continue with --resume", file=sys.stderr)
        return 2
    return summary.exit_code


def _settings(parsed: Namespace) -> Settings:
    from ..contract.requirements import Level
    from ..exchange import Effort
    from ..sending.limits import Limits
    from ..sending.settings import Settings
    from ..sending.transport import client

    settings = Settings(
        level=Level(parsed.level.upper()),
        max_requests=parsed.max_requests,
        max_tokens=parsed.max_tokens,
        limits=Limits(whole=parsed.timeout),
        ca_file=parsed.ca_file,
        seed=parsed.seed,
        effort=Effort(parsed.effort),
    )
    client(settings)  # an unreadable --ca-file is an error before anything is sent
    return settings


def _wanted(suite: Suite, parsed: Namespace) -> tuple[str, ...]:
    """The requirements to judge by. Raises ConfigurationError if there are none."""
    from ..errors import ConfigurationError

    wanted = tuple(
        each.id
        for each in suite.requirements.values()
        if (parsed.source == "all" or each.source == "documented") and _matches(parsed.expression, each.id)
    )
    if not wanted:
        raise ConfigurationError(f"no requirement matches {parsed.expression!r}")
    return wanted


def _matches(expression: str | None, id: str) -> bool:
    """Whether pytest's -k would select a requirement."""
    if expression is None:
        return True
    from _pytest.mark.expression import Expression

    from ..errors import ConfigurationError

    try:
        return Expression.compile(expression).evaluate(lambda name, /, **_: name.lower() in id.lower())
    except SyntaxError as error:
        raise ConfigurationError(f"-k {expression}: {error}") from None
