"""Reads calls, a line of JSON each, makes them, and prints what came of each: the text, or the exception."""

import json
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

LONGEST = 8
"""Seconds after which a call hangs."""
Call = Callable[[str], str | None]
"""Takes the base URL, without /v1; gives the text."""


class Hangs(BaseException):
    """No library catches it."""


def hangs(*_: object) -> NoReturn:
    raise Hangs


def outcome(call: Call, url: str) -> dict[str, Any]:
    signal.alarm(LONGEST)
    try:
        return {"text": call(url)}
    except Hangs:
        return {"hangs": True}
    except Exception as error:
        return {"raises": type(error).__name__}
    finally:
        signal.alarm(0)


def run(plain: Call, stream: Call) -> None:
    signal.signal(signal.SIGALRM, hangs)
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(outcome(stream if asked["streams"] else plain, asked["url"])), flush=True)
