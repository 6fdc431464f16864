"""The option -H of the commands that send requests."""

from __future__ import annotations

from ..command import Parser


def add_headers(parser: Parser) -> None:
    parser.add_argument(
        "-H",
        "--header",
        dest="own_headers",
        action="append",
        default=[],
        metavar="'NAME: VALUE'",
        help="a header to send with every request; repeatable. Reports mask its value, unless it is harmless",
    )
