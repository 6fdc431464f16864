"""The suite as pytest sees it: the contract is a file of tests, a requirement an item.

`alphaedge-conform` runs it without pytest's own output; ``pytest openapi.yaml --conform="http://host:8000"`` with it.
pytest loads this module in every run of everybody who has `alphaedge` installed, so it imports the suite late.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .cli import conformance
from .errors import ConfigurationError

if TYPE_CHECKING:
    from .har import Recording
    from .requirements import Requirement
    from .session import Run, Suite
    from .settings import Settings, Target
    from .verdict import Verdict


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--conform",
        metavar="ARGS",
        help="judge a server: collects an openapi.yaml with x-requirements; ARGS as alphaedge-conform takes them",
    )


@pytest.hookimpl(tryfirst=True)  # before the plugins that write junit.xml and select by -k
def pytest_configure(config: pytest.Config) -> None:
    arguments = config.getoption("--conform")
    if arguments is not None:
        try:
            plugin = conformance(shlex.split(arguments))
        except ConfigurationError as error:
            raise pytest.UsageError(str(error)) from None
        config.option.keyword = config.option.keyword or plugin.expression or ""
        if plugin.settings.report is not None and config.option.xmlpath is None:
            config.option.xmlpath = str(plugin.settings.report / "junit.xml")
        config.pluginmanager.register(plugin, "alphaedge-conformance")


UNUSED = ("terminal", "cacheprovider", "logging", "warnings")
"""Plugins of pytest that have nothing to do when the suite prints itself."""


class RequirementItem(pytest.Item):
    """One requirement."""

    def __init__(self, *, requirement: Requirement, plugin: Conformance, **rest: Any) -> None:
        super().__init__(**rest)
        self.requirement, self.plugin = requirement, plugin
        self.user_properties += [("level", str(requirement.level)), ("source", str(requirement.source))]
        self.add_marker(requirement.level.lower())

    @property
    def verdict(self) -> Verdict:
        assert self.plugin.run is not None
        return self.plugin.run.verdicts[self.requirement.id]

    def setup(self) -> None:
        status, reason = self.verdict.status, self.verdict.reason or ""
        if status == "not-applicable":
            pytest.skip(reason)
        if status == "inconclusive":
            if not self.plugin.scores(self.requirement):
                pytest.skip(f"{self.requirement.level}, reported only: {reason}")
            pytest.fail(reason, pytrace=False)  # an error of the item's set-up: neither a failure nor a skip

    def runtest(self) -> None:
        from .report.text import findings

        assert self.plugin.run is not None
        if self.verdict.findings:
            text = findings(self.plugin.run, self.verdict)
            if not self.plugin.scores(self.requirement):
                pytest.xfail(f"{self.requirement.level}, reported only: {text}")
            pytest.fail(text, pytrace=False)

    def reportinfo(self) -> tuple[os.PathLike[str], int, str]:
        return self.path, self.plugin.suite.contract.line(self.requirement.pointer) - 1, self.requirement.id


class ContractFile(pytest.File):
    """The contract as a file of requirements."""

    plugin: Conformance

    def collect(self) -> Iterator[RequirementItem]:
        for requirement in self.plugin.suite.requirements.values():
            if requirement.source == "documented" or not self.plugin.settings.documented_only:
                yield RequirementItem.from_parent(
                    self, name=requirement.id, requirement=requirement, plugin=self.plugin
                )


class Conformance:
    """Collects the requirements, judges the target once, and gives each item its verdict."""

    def __init__(
        self,
        suite: Suite,
        settings: Settings,
        target: Target | None,
        expression: str | None,
        recording: Recording | None = None,
    ) -> None:
        self.suite = suite
        self.settings = settings
        self.target = target
        """None: the embedded mock."""
        self.expression = expression
        self.recording = recording
        """Judged in place of a target."""
        self.run: Run | None = None
        self._quiet = False

    def scores(self, requirement: Requirement) -> bool:
        """Whether a requirement can fail the run."""
        return requirement.level.rank <= self.settings.level.rank

    def main(self) -> int:
        """Runs pytest with this plugin and nothing else of the surroundings; the exit code of the command."""
        self._quiet = True
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
        wanted = [item.requirement.id for item in items]
        if self.settings.plan_only:
            self._print_plan(wanted)
            return True
        if self.recording is not None:
            self.run = self.suite.replay(wanted, self.recording, self.settings)
            return None
        from .report.progress import Progress
        from .session import embedded_mock
        from .settings import target

        with ExitStack() as stack:
            goal = self.target
            if goal is None:
                url, key = stack.enter_context(embedded_mock(self.suite.contract))
                goal = target(self.suite.contract, url, None, key)
            progress = stack.enter_context(Progress(self._quiet))
            self.run = self.suite.run(wanted, goal, self.settings, progress)
        return None

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.run is None:
            if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and not self.settings.plan_only:
                print(f"alphaedge-conform: no requirement matches {self.expression!r}", file=sys.stderr)
                session.exitstatus = pytest.ExitCode.USAGE_ERROR
            return
        from . import report

        if self.settings.report is not None:
            report.write(self.run, self.settings.report)
        if self._quiet:
            report.show(self.run)
        if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            session.exitstatus = self.run.conclusion.exit_code

    def _print_plan(self, wanted: list[str]) -> None:
        from .report.text import plan
        from .settings import target

        goal = self.target or target(self.suite.contract, "http://127.0.0.1", None, "sk-of-the-mock")
        print(plan(self.suite.plan(wanted, goal, self.settings)))
