"""pytest's way in: ``pytest openapi.yaml --conform="http://host:8000"``.

pytest loads this module in every run of everybody who has `alphaedge` installed, so it imports the suite late.
"""

from __future__ import annotations

import shlex

import pytest

from .cli.conform import conformance
from .errors import ConfigurationError


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
        if config.getoption("dist", "no") != "no" or hasattr(config, "workerinput"):
            raise pytest.UsageError("--conform sends its requests from one process; leave -n and --dist out")
        config.option.keyword = config.option.keyword or plugin.expression or ""
        if plugin.settings.report is not None and config.option.xmlpath is None:
            config.option.xmlpath = str(plugin.settings.report / "junit.xml")
        config.pluginmanager.register(plugin, "alphaedge-conformance")
