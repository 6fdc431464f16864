"""``python -m alphaedge_conformance.mock``: the mock as a server of its own."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from ..command import Parser
from ..contract import Contract
from ..errors import ConfigurationError
from . import Mock, serve
from .faults import all_faults
from .unusual import unusual_servers


def main() -> int:
    parser = Parser(prog="python -m alphaedge_conformance.mock", description="Serves the contract.")
    parser.add_argument("--port", type=int, default=8000, help="0 for any free one (default: %(default)s)")
    parser.add_argument("--latency", type=float, default=0.0, metavar="S", help="seconds before an answer starts")
    parser.add_argument("--tokens-per-second", type=float, metavar="N", help="the pace of an answer (default: at once)")
    parser.add_argument("--key", help="the only API key that is let in (default: anybody is)")
    parser.add_argument("--fault", metavar="NAME", help="be wrong in this way, or unusual; an unknown name lists them")
    parser.add_argument("--cors", action="store_true", help="let pages of any origin ask, from a browser")
    parser.add_argument("--contract", type=Path, metavar="FILE", help="another contract than the one shipped")
    parser.add_argument(
        "--profile",
        dest="profiles",
        metavar="NAME",
        action="append",
        default=[],
        help="a profile of this suite, or the file of an OpenAPI Overlay; repeatable",
    )
    arguments = parser.parse_args()
    try:
        contract = Contract.load(arguments.contract, filter(None, arguments.profiles))
        make = kind(contract, arguments.fault)
        mock = make(contract, arguments.key, arguments.latency, arguments.tokens_per_second)
        with serve(with_cors(mock) if arguments.cors else mock, arguments.port) as url:
            print(f"{url}{contract.path} serves {', '.join(mock.models)}; Ctrl-C ends it", flush=True)
            threading.Event().wait()
    except ConfigurationError as error:
        print(f"mock: {error}", file=sys.stderr)
        return 4
    except (OSError, OverflowError) as error:
        print(f"mock: port {arguments.port}: {error}; name another with --port", file=sys.stderr)
        return 4
    except KeyboardInterrupt:
        return 0
    return 0


def with_cors(app: ASGIApp) -> ASGIApp:
    """The application, which answers what a browser asks before a page's request, and shows pages all headers."""
    return CORSMiddleware(app, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"], expose_headers=["*"])


def kind(contract: Contract, name: str | None) -> Callable[..., Mock]:
    """The class of a mock by the name of its fault; raises ConfigurationError for an unknown one."""
    known = {fault.name: fault.make for fault in all_faults(contract).values()} | unusual_servers(contract)
    if name is None:
        return Mock
    if name not in known:
        raise ConfigurationError(f"there is no fault {name!r}; there are: {', '.join(known)}")
    return known[name]


if __name__ == "__main__":
    sys.exit(main())
