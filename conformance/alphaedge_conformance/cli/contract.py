"""The command line of the contract's owners, `alphaedge-contract`. Imports little, so `--help` is at once."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..command import Parser
from .about import add_about

if TYPE_CHECKING:
    from pathlib import Path

EPILOG = """\
exit code: 0 fine · 1 a breaking change that the version does not announce, or a problem in the contract ·
           2 interrupted · 3 the kit itself failed · 4 wrong usage, or a file that cannot be read
"""


PROFILE = "with a profile of this suite, or the file of an OpenAPI Overlay; repeatable"


def parser() -> Parser:
    made = Parser(
        prog="alphaedge-contract",
        description="Says what a change to the contract breaks, and whether the contract is valid and complete.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_about(made)
    commands = made.add_subparsers(dest="command", required=True, metavar="diff | lint", parser_class=Parser)

    text = "what changed, and whether it breaks clients (written against OLD) or servers (conforming to OLD)"
    add = commands.add_parser("diff", help=text, description=f"Says {text}.", allow_abbrev=False).add_argument
    add("--profile", dest="profiles", metavar="NAME", action="append", default=[], help=PROFILE)
    add("old", metavar="OLD", help="a file, or REVISION:PATH as in git: origin/main:openapi.yaml")
    add("new", metavar="NEW", help="a file, or REVISION:PATH")
    add("--json", action="store_true", help="print one JSON document instead")

    text = "whether the contract is valid and described, its examples fit, and each requirement has its check"
    add = commands.add_parser("lint", help=text, description=f"Says {text}.", allow_abbrev=False).add_argument
    add("--profile", dest="profiles", metavar="NAME", action="append", default=[], help=PROFILE)
    add("file", metavar="FILE", nargs="?", help="the contract (default: the one shipped)")
    add("--json", action="store_true", help="print one JSON document instead")
    add("--page", metavar="FILE", help="the vendor's page, on which every quote must be found")
    add("--redocly", action="store_true", help="the rules of Redocly (npm) as well")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code is documented in `--help`."""
    from ..errors import ConfigurationError

    try:
        parsed = parser().parse_args(arguments)
        return _diff(parsed) if parsed.command == "diff" else _lint(parsed)
    except ConfigurationError as error:
        print(f"alphaedge-contract: {error}", file=sys.stderr)
        return 4
    except KeyboardInterrupt:
        return 2
    except BrokenPipeError:  # whoever read has read enough
        sys.stderr.close()
        return 2
    except Exception:
        import traceback

        traceback.print_exc()
        return 3


def _diff(parsed: argparse.Namespace) -> int:
    from ..contract.overlays import load
    from ..maintain.diff import sources
    from ..maintain.diff.report import as_json, as_text, report

    old, new = (sources.load(each).with_overlays(map(load, parsed.profiles)) for each in (parsed.old, parsed.new))
    made = report(old, new)
    print(as_json(made) if parsed.json else as_text(made), flush=True)
    return 0 if made.version.fine else 1


def _lint(parsed: argparse.Namespace) -> int:
    from pathlib import Path

    from ..contract import SHIPPED, Contract
    from ..contract.overlays import load
    from ..maintain.lint import lint

    contract = Contract.read(Path(parsed.file) if parsed.file else _shipped(SHIPPED))
    contract = contract.with_overlays(map(load, parsed.profiles))
    made = lint(contract, Path(parsed.page) if parsed.page else None, parsed.redocly)
    print(made.json if parsed.json else made, flush=True)
    return 1 if made.problems else 0


def _shipped(path: Path) -> Path:
    """The contract that this suite carries, by its shortest name: in a checkout that of the file at the top."""
    from pathlib import Path

    real = path.resolve()
    return real.relative_to(Path.cwd()) if real.is_relative_to(Path.cwd()) else real


if __name__ == "__main__":
    sys.exit(main())
