"""The plugin that judges the targets once, and gives each requirement its verdict.

`alphaedge-conform` runs it without pytest's own output.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from attrs import define, evolve, field

from ..archive.har import Recording
from ..command import no_more_output
from ..contract import Contract
from ..contract.requirements import Level
from ..exchange.target import Target, build_target
from ..judging import waivers
from ..judging.verdicts import Status
from ..judging.waivers import Waiver
from ..report import document
from ..report.comparison import compare
from ..report.document import build_report
from ..report.plan import describe_plan
from ..report.progress import Progress
from ..report.since import exit_code, with_changes
from ..run.embedded_mock import embedded_mock
from ..run.run import Run
from ..run.several import judge_several
from ..run.suite import Suite
from ..sending.settings import Settings
from . import printing
from .collecting import ContractFile, RequirementItem

EMBEDDED = "mock"
"""What reports call the mock that a run without a target judges."""
NOTHING_BROKE = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)
"""How a session of pytest ends that ran to its end."""
UNUSED = ("terminal", "cacheprovider", "logging", "warnings", "unraisableexception", "threadexception")
"""Plugins of pytest that have nothing to do when the suite prints itself, or that collect garbage twice at the end."""


@define(eq=False)
class ConformancePlugin:
    """Collects the requirements, judges the targets once, and gives each item its verdict."""

    suite: Suite
    settings: Settings
    targets: list[Target]
    """None of them: the embedded mock, or the recording."""
    expression: str | None = None
    """As pytest's -k."""
    recording: Recording | None = None
    """Judged in place of a target."""
    against: str | None = None
    """The name of the target that the others are held against."""
    waivers: tuple[Waiver, ...] = ()
    drafts: Path | None = None
    """Where waivers of what fails are drafted."""
    plan_only: bool = False
    quiet: bool = False
    """Whether the last line is enough."""
    earlier: Mapping[str, document.Report] | None = None
    """The reports of an earlier run, by their targets' names, to compare with."""
    only_new: bool = False
    """Whether only failures that the earlier run did not have fail this one."""
    _is_command: bool = field(default=False, init=False)
    """Whether this plugin prints, not pytest."""
    _reports: dict[str, document.Report] = field(factory=dict, init=False)
    _judged: dict[str, dict[str, document.Requirement]] = field(factory=dict, init=False)
    _archive_failures: list[str] = field(factory=list, init=False)
    _seconds: float = field(default=0.0, init=False)
    _items: set[str] = field(factory=set, init=False)
    """The node ids of the requirements."""
    _others_failed: bool = field(default=False, init=False)
    """Whether a test that is not a requirement failed."""

    @property
    def contract(self) -> Contract:
        return self.suite.contract

    @property
    def names(self) -> list[str]:
        return [target.name for target in self.targets] or [EMBEDDED]

    def items(self, parent: pytest.Collector, target: str) -> Iterator[RequirementItem]:
        for requirement in self.suite.requirements.values():
            if requirement.source == "documented" or not self.settings.documented_only:
                yield RequirementItem.from_parent(
                    parent, name=requirement.id, requirement=requirement, target=target, plugin=self
                )

    def judged(self, item: RequirementItem) -> document.Requirement:
        """What the run says of an item."""
        return self._judged[item.target][item.requirement.id]

    def scores(self, item: RequirementItem) -> bool:
        """Whether an item can fail the run: held against a target, only what that one satisfies can."""
        if self.against is not None:
            kept = self._judged[self.against].get(item.requirement.id)
            if item.target == self.against or (kept is not None and kept["status"] == "failed"):
                return False
        if self.settings.seen_only and self.judged(item)["status"] == Status.INCONCLUSIVE:
            return False
        return self.settings.scores(item.requirement)

    def main(self) -> int:
        """Runs pytest with this plugin and nothing else of the surroundings; the exit code of the command."""
        self._is_command = True
        source = self.suite.contract.source.resolve()
        arguments = [str(source), "--config-file", os.devnull, f"--rootdir={source.parent}", "--capture=no"]
        arguments += ["--disable-plugin-autoload", *(f"-pno:{name}" for name in UNUSED)]
        if self.expression is not None:
            arguments += ["-k", self.expression]
        if self.settings.report is not None:
            arguments += [f"--junitxml={self.settings.report / 'junit.xml'}", "-o", "junit_suite_name=alphaedge"]
        os.environ.pop("PYTEST_ADDOPTS", None)
        return int(pytest.main(arguments, plugins=[self]))

    # pytest's hooks, in the order in which it calls them

    def pytest_configure(self, config: pytest.Config) -> None:
        for level in Level:
            config.addinivalue_line("markers", f"{level.lower()}: a requirement of level {level}")

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        if file_path.resolve() != self.suite.contract.source.resolve():
            return None
        collector = ContractFile.from_parent(parent, path=file_path)
        collector.plugin = self
        return collector

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        items = [item for item in session.items if isinstance(item, RequirementItem)]
        self._items = {item.nodeid for item in items}
        if session.config.option.collectonly or not items:
            return None
        wanted: dict[str, list[str]] = {}
        for item in items:
            wanted.setdefault(item.target, []).append(item.requirement.id)
        if self.against is not None and self.against not in wanted:
            raise pytest.UsageError(f"-k leaves out {self.against}, which the others are compared with")
        if self.plan_only:
            self._print_plans(wanted)
            return True
        started = time.monotonic()
        runs = {name: self._waived(run) for name, run in self._runs(wanted).items()}
        self._archive_failures = [run.archive_failure for run in runs.values() if run.archive_failure]
        self._reports = {name: build_report(run) for name, run in runs.items()}
        if self.earlier is not None:
            self._reports = with_changes(self._reports, self.earlier)
        self._judged = {
            name: {each["id"]: each for each in found["requirements"]} for name, found in self._reports.items()
        }
        self._seconds = time.monotonic() - started
        return None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and report.nodeid not in self._items:
            self._others_failed = True

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if not self._reports:
            is_done = self.plan_only and session.exitstatus == pytest.ExitCode.OK
            if not is_done and not session.config.option.collectonly and session.exitstatus in NOTHING_BROKE:
                print(f"alphaedge-conform: {self._why_nothing_was_judged()}", file=sys.stderr)
                session.exitstatus = pytest.ExitCode.USAGE_ERROR
            return
        comparison = None
        if len(self._reports) > 1:
            comparison = compare(list(self._reports.values()), self._seconds, self.against)
        is_written = printing.publish(
            list(self._reports.values()),
            comparison,
            self.settings.report,
            self.drafts,
            contract=self.contract if self._is_command else None,
            quiet=self.quiet,
        )
        if session.exitstatus in NOTHING_BROKE and not self._others_failed:
            session.exitstatus = exit_code(comparison or next(iter(self._reports.values())), self.only_new)
        for failure in self._archive_failures:
            print(f"alphaedge-conform: {failure}", file=sys.stderr)
        if not is_written or self._archive_failures:
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR

    def _why_nothing_was_judged(self) -> str:
        if self._is_command or self.expression:
            return f"no requirement matches {self.expression!r}"
        return f"nothing was judged: expected the contract among the files, as in `pytest {self.contract.source.name}`"

    def _runs(self, wanted: dict[str, list[str]]) -> dict[str, Run]:
        """The runs by the names of the targets."""
        if self.recording is not None:
            return {name: self.suite.replay(ids, self.recording, self.settings) for name, ids in wanted.items()}
        with ExitStack() as stack:
            targets = self.targets
            if not targets:
                url, key = stack.enter_context(embedded_mock(self.suite.contract))
                targets = [evolve(build_target(self.suite.contract, url, None, key), name=EMBEDDED)]
            progress = stack.enter_context(Progress(self._is_command))
            if len(targets) == 1:
                return {name: self.suite.run(ids, targets[0], self.settings, progress) for name, ids in wanted.items()}
            judged = {target: wanted[target.name] for target in targets if target.name in wanted}
            runs = judge_several(self.suite, judged, self.settings, progress)
            return {run.target.name: run for run in runs}

    def _waived(self, run: Run) -> Run:
        verdicts, problems = waivers.apply(
            self.waivers, run.verdicts, run.target.name, run.server, self.suite.requirements, date.today()
        )
        return evolve(run, verdicts=verdicts, problems=tuple(problems))

    def _print_plans(self, wanted: dict[str, list[str]]) -> None:
        mock = build_target(self.suite.contract, "http://127.0.0.1", None, "sk-of-the-mock")
        try:
            for target in self.targets or [evolve(mock, name=EMBEDDED)]:
                if len(self.targets) > 1:
                    print(f"{target.name}:")
                ids = wanted.get(target.name, [])
                print(describe_plan(self.suite.plan(ids, target, self.settings), ids), flush=True)
        except BrokenPipeError:  # as of --plan | head
            no_more_output()
