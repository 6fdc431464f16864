"""The suite as pytest sees it: the contract is a file of tests, a requirement an item.

`alphaedge-conform` runs it without pytest's own output.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import define, evolve, field

from .cli import no_more_output

if TYPE_CHECKING:
    from .har import Recording
    from .report import document
    from .requirements import Requirement
    from .session import Run, Suite
    from .settings import Settings, Target
    from .waivers import Waiver

EMBEDDED = "mock"
"""What reports call the mock that a run without a target judges."""
UNUSED = ("terminal", "cacheprovider", "logging", "warnings")
"""Plugins of pytest that have nothing to do when the suite prints itself."""


class RequirementItem(pytest.Item):
    """One requirement of one target."""

    def __init__(self, *, requirement: Requirement, target: str, plugin: Conformance, **rest: Any) -> None:
        super().__init__(**rest)
        self.requirement, self.target, self.plugin = requirement, target, plugin
        self.user_properties += [("level", str(requirement.level)), ("source", str(requirement.source))]
        self.add_marker(requirement.level.lower())

    def setup(self) -> None:
        judged = self.plugin.judged(self)
        status, reason = judged["status"], judged["reason"] or ""
        if status in ("not-applicable", "waived"):
            pytest.skip(reason if status == "not-applicable" else f"waived {reason}")
        if status == "inconclusive":
            if not self.plugin.scores(self):
                pytest.skip(f"{self.requirement.level}, reported only: {reason}")
            pytest.fail(reason, pytrace=False)  # an error of the item's set-up: neither a failure nor a skip

    def runtest(self) -> None:
        from .report.text import findings

        judged = self.plugin.judged(self)
        if judged["findings"]:
            text = findings(judged)
            if not self.plugin.scores(self):
                pytest.xfail(f"{self.requirement.level}, reported only: {text}")
            pytest.fail(text, pytrace=False)

    def reportinfo(self) -> tuple[os.PathLike[str], int, str]:
        return self.path, self.plugin.suite.contract.line(self.requirement.pointer) - 1, self.name


class TargetNode(pytest.Collector):
    """One of several targets, as a group of requirements."""

    plugin: Conformance

    def collect(self) -> Iterable[RequirementItem]:
        return self.plugin.items(self, self.name)


class ContractFile(pytest.File):
    """The contract as a file of requirements, or of several targets with theirs."""

    plugin: Conformance

    def collect(self) -> Iterable[TargetNode | RequirementItem]:
        names = self.plugin.names
        if len(names) == 1:
            return self.plugin.items(self, names[0])
        nodes = [TargetNode.from_parent(self, name=name) for name in names]
        for node in nodes:
            node.plugin = self.plugin
        return nodes


@define(eq=False)
class Conformance:
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
    _is_command: bool = field(default=False, init=False)
    """Whether this plugin prints, not pytest."""
    _reports: dict[str, document.Report] = field(factory=dict, init=False)
    _judged: dict[str, dict[str, document.Requirement]] = field(factory=dict, init=False)
    _seconds: float = field(default=0.0, init=False)

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
        """Whether an item can fail the run: held against a target, only what that one keeps can."""
        if self.against is not None:
            kept = self._judged[self.against].get(item.requirement.id)
            if item.target == self.against or (kept is not None and kept["status"] == "failed"):
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
        from .requirements import Level

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
        if session.config.option.collectonly or not items:
            return None
        wanted: dict[str, list[str]] = {}
        for item in items:
            wanted.setdefault(item.target, []).append(item.requirement.id)
        if self.against is not None and self.against not in wanted:
            raise pytest.UsageError(f"-k leaves out {self.against}, which the others are held against")
        if self.plan_only:
            self._print_plans(wanted)
            return True
        from . import report, waivers

        started = time.monotonic()
        runs = {
            name: waivers.applied(run, self.waivers, self.suite.requirements, date.today())
            for name, run in self._runs(wanted).items()
        }
        self._reports = {name: report.document.of(run) for name, run in runs.items()}
        self._judged = {
            name: {each["id"]: each for each in found["requirements"]} for name, found in self._reports.items()
        }
        self._seconds = time.monotonic() - started
        return None

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if not self._reports:
            if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
                print(f"alphaedge-conform: no requirement matches {self.expression!r}", file=sys.stderr)
                session.exitstatus = pytest.ExitCode.USAGE_ERROR
            return
        from . import report, waivers
        from .verdict import Conclusion

        reports, folder = list(self._reports.values()), self.settings.report
        comparison = None
        if len(reports) > 1:
            comparison = report.comparison.of(reports, self._seconds, self.against)
        shown = comparison or reports[0]
        unwritten = None
        try:
            if folder is not None:
                report.write(reports, comparison, folder)
        except OSError as error:
            unwritten = f"{error.filename}: {error.strerror}; the report is not whole"
        drafted = waivers.draft(reports, self.drafts, date.today()) if self.drafts is not None else None
        try:
            if self._is_command:
                report.show(shown, folder, self.quiet)
                report.announce(shown, self.suite.contract)
            if drafted is not None:
                print(drafted)
            sys.stdout.flush()
        except OSError:  # whoever reads has read enough, or the disk is full
            no_more_output()
        if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            session.exitstatus = Conclusion(shown["verdict"]).exit_code
        if unwritten is not None:
            print(f"alphaedge-conform: {unwritten}", file=sys.stderr)
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR

    def _runs(self, wanted: dict[str, list[str]]) -> dict[str, Run]:
        """The runs by the names of the targets."""
        if self.recording is not None:
            return {name: self.suite.replay(ids, self.recording, self.settings) for name, ids in wanted.items()}
        from .comparison import compare
        from .report.progress import Progress
        from .session import embedded_mock
        from .settings import target

        with ExitStack() as stack:
            targets = self.targets
            if not targets:
                url, key = stack.enter_context(embedded_mock(self.suite.contract))
                targets = [evolve(target(self.suite.contract, url, None, key), name=EMBEDDED)]
            progress = stack.enter_context(Progress(self._is_command))
            if len(targets) == 1:
                return {name: self.suite.run(ids, targets[0], self.settings, progress) for name, ids in wanted.items()}
            judged = {target: wanted[target.name] for target in targets if target.name in wanted}
            runs = compare(self.suite, judged, self.settings, progress)
            return {run.target.name: run for run in runs}

    def _print_plans(self, wanted: dict[str, list[str]]) -> None:
        from .report.text import plan
        from .settings import target

        mock = target(self.suite.contract, "http://127.0.0.1", None, "sk-of-the-mock")
        for goal in self.targets or [evolve(mock, name=EMBEDDED)]:
            if len(self.targets) > 1:
                print(f"{goal.name}:")
            print(plan(self.suite.plan(wanted.get(goal.name, ()), goal, self.settings)))
