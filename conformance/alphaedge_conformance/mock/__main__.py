"""``python -m alphaedge_conformance.mock``: the mock as a server of its own. Imports little, so `--help` is at once."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from ..command import Parser
from ..errors import ConfigurationError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from ..contract import Contract
    from .app import Mock


def parser() -> Parser:
    made = Parser(prog="python -m alphaedge_conformance.mock", description="Serves the contract.")
    add = made.add_argument
    add("--port", type=int, default=8000, help="0 for any free one (default: %(default)s)")
    add("--latency", type=float, default=0.0, metavar="S", help="seconds before an answer starts")
    add("--tokens-per-second", type=float, metavar="N", help="the pace of an answer (default: at once)")
    add("--key", help="the only API key that is accepted (default: none is needed)")
    add("--fault", metavar="NAME", help="have this fault, or be unusual in this way; an unknown name lists all")
    add("--faults-server", action="store_true", help="all faults and unusual servers at once, with a catalogue")
    add("--cors", action="store_true", help="answer pages of any origin, in a browser (CORS)")
    add("--contract", type=Path, metavar="FILE", help="the contract to use instead of the shipped one")
    add(
        "--profile",
        dest="profiles",
        metavar="NAME",
        action="append",
        default=[],
        help="a profile of this suite, or the file of an OpenAPI Overlay; repeatable",
    )
    return made


def main() -> int:
    arguments = parser().parse_args()

    from ..contract import Contract
    from .server import serve

    try:
        contract = Contract.load(arguments.contract, filter(None, arguments.profiles))
        if arguments.faults_server:
            serve_all(contract, arguments.key, arguments.port)
        make = kind(contract, arguments.fault)
        with contract.expecting_its_form():
            mock = make(contract, arguments.key, arguments.latency, arguments.tokens_per_second)
        with serve(with_cors(mock) if arguments.cors else mock, arguments.port) as url:
            print(f"{url}{contract.path} serves {', '.join(mock.models)}; press Ctrl-C to stop", flush=True)
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


def serve_all(contract: Contract, key: str | None, port: int) -> NoReturn:
    """Until Ctrl-C."""
    from .faults_server import CATALOGUE, FaultsServer
    from .server import serve

    app = FaultsServer(contract, key)
    with serve(app, port) as url:
        print(f"{url}{CATALOGUE} lists {len(app.entries)} servers; press Ctrl-C to stop", flush=True)
        while True:
            threading.Event().wait()


def with_cors(app: ASGIApp) -> ASGIApp:
    """The application, which answers what a browser asks before a page's request, and shows pages all headers."""
    from starlette.middleware.cors import CORSMiddleware

    return CORSMiddleware(app, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"], expose_headers=["*"])


def kind(contract: Contract, name: str | None) -> Callable[..., Mock]:
    """The class of a mock by the name of its fault; raises ConfigurationError for an unknown one."""
    from .app import Mock
    from .faults import all_faults
    from .unusual import unusual_servers

    known = {fault.name: fault.make for fault in all_faults(contract).values()} | unusual_servers(contract)
    if name is None:
        return Mock
    if name not in known:
        raise ConfigurationError(f"there is no fault {name!r}; there are: {', '.join(known)}")
    return known[name]


if __name__ == "__main__":
    sys.exit(main())
