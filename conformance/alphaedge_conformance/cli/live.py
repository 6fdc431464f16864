"""The command line of live traffic: `alphaedge-conform proxy` and `alphaedge-conform gateway`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ..command import Parser
from .own_contract import add_contract, contract_of, source_of
from .own_headers import add_headers

PORT = 8100
UPSTREAM_KEY = "ALPHAEDGE_UPSTREAM_KEY"
PROXY = """\
Runs in front of a server, forwards every request and answer unchanged, and judges this traffic. It sends nothing of its
own. Ctrl-C or SIGTERM stops it, and the report is written. It listens only on 127.0.0.1. Point clients at
http://127.0.0.1:PORT/v1; the report so far is at /__conformance__, and metrics for a monitoring system are at
/__conformance__/metrics.
"""
GATEWAY = """\
Says what a gateway does to requests and answers, without a model: the kit's mock runs behind the gateway and records
what arrives, and the kit sends requests to the gateway. Configure the gateway to forward to http://127.0.0.1:PORT/v1
first. The gateway's own key is read from ALPHAEDGE_API_KEY; the key that the gateway is to send to the upstream, if it
is another one, from ALPHAEDGE_UPSTREAM_KEY.
"""
CODES = "exit code: 0 conforms · 1 deviates · 2 inconclusive · 3 the kit itself failed · 4 wrong usage"


def main(command: str, arguments: Sequence[str]) -> int:
    return _proxy(arguments) if command == "proxy" else _gateway(arguments)


def _parser(command: str, description: str) -> Parser:
    made = Parser(
        prog=f"alphaedge-conform {command}",
        description=description,
        epilog=CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = made.add_argument
    add("--level", choices=("must", "should"), default="must", help="the lowest level that fails the run")
    add("--strict", dest="level", action="store_const", const="should", help="the same as --level should")
    add("-q", "--quiet", action="store_true", help="print only the verdict")
    return made


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port < 65536:
        raise ValueError
    return port


_port.__name__ = "port"


def proxy_parser() -> Parser:
    made = _parser("proxy", PROXY)
    add = made.add_argument
    add("upstream", metavar="UPSTREAM", help="the server, as http://host:8000; may end in /v1")
    add("--port", type=_port, default=PORT, metavar="P", help="0 for any free one (default: %(default)s)")
    add("--report", required=True, metavar="DIR", help="write the report and a recording here")
    add("--keep-bodies", action="store_true", help="keep the texts of messages in reports and recordings")
    add_contract(made)
    add("--ca-file", metavar="FILE", help="certificates to trust besides the system's, in PEM")
    return made


def _proxy(arguments: Sequence[str]) -> int:
    parsed = proxy_parser().parse_args(arguments)

    from pathlib import Path

    from ..contract.requirements import Level
    from ..errors import ConfigurationError
    from ..exchange.target import build_target
    from ..live.messages import Setup
    from ..live.proxy import run
    from ..run.suite import Suite
    from ..sending.transport import trusted
    from .folders import writable

    contract, folder = contract_of(parsed), Path(parsed.report)
    Suite.of(contract)  # a faulty contract is an error before anything passes
    upstream = build_target(contract, parsed.upstream, None, "").url
    setup = Setup(upstream, folder, *source_of(parsed), Level(parsed.level.upper()), parsed.keep_bodies)
    verify = trusted(Path(parsed.ca_file) if parsed.ca_file else None)
    writable(folder)
    try:
        return run(contract, setup, parsed.port, verify, parsed.quiet)
    except OSError as error:
        raise ConfigurationError(f"--port {parsed.port}: {error.strerror}; name another") from None


def gateway_parser() -> Parser:
    made = _parser("gateway", GATEWAY)
    add = made.add_argument
    add("gateway", metavar="GATEWAY", help="the gateway, as http://host:8000; may end in /v1")
    add("--upstream-port", type=_port, required=True, metavar="P", help="where the upstream listens, on 127.0.0.1")
    add("--model", metavar="NAME", help="the model to ask the gateway for (default: that of the contract's example)")
    add("--report", metavar="DIR", help="write report.html, report.json and exchanges.har here")
    add_contract(made)
    add_headers(made)
    return made


def _gateway(arguments: Sequence[str]) -> int:
    parsed = gateway_parser().parse_args(arguments)

    import os
    from pathlib import Path

    from attrs import evolve

    from ..contract.requirements import Level
    from ..errors import ConfigurationError
    from ..exchange import extra_headers
    from ..exchange.target import build_target
    from ..live.gateway.run import run
    from ..sending.settings import Settings
    from .folders import writable

    contract = contract_of(parsed)
    target = build_target(contract, parsed.gateway, parsed.model)
    target = evolve(target, headers=extra_headers.read(contract, parsed.own_headers))
    folder = Path(parsed.report) if parsed.report else None
    if folder is not None:
        writable(folder)
    settings = Settings(report=folder, level=Level(parsed.level.upper()))
    try:
        return run(contract, target, parsed.upstream_port, os.environ.get(UPSTREAM_KEY) or None, settings, parsed.quiet)
    except OSError as error:
        raise ConfigurationError(f"--upstream-port {parsed.upstream_port}: {error.strerror}; name another") from None
