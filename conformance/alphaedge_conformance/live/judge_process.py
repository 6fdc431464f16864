"""The judging process: reads what passed from standard input, answers questions on standard output.

It ends with its input, and leaves the report, so that what was judged is not lost when the proxy is killed.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from ..contract import Contract
from ..run.suite import Suite
from ..sending.settings import Settings
from .judging import LiveJudge
from .messages import Counts, Question, receive

PAUSE, LONGEST = 3, 0.1
"""Traffic comes first: while nobody waits for it, judging pauses three times as long as it took, for at most so many
seconds. A low priority would not do: what comes while it runs waits for its turn all the same, and on a busy machine
the report would come too late."""


def main() -> None:
    setup = receive(sys.stdin.buffer)
    suite = Suite.of(Contract.load(setup.contract, setup.profiles))
    judge = LiveJudge(suite, setup.url, Settings(report=setup.folder, level=setup.level), setup.keep_bodies)
    counts, is_written = Counts(), False
    while (message := receive(sys.stdin.buffer)) is not None:
        if isinstance(message, Question):
            counts, is_written = message.counts, message.what == "write"
            print(json.dumps({"number": message.number, **_answer(judge, message)}), flush=True)
        else:
            is_written = False
            began = time.perf_counter()
            try:
                judge.add(message)
            except Exception as error:  # one exchange less; the others stand
                judge.unreadable += 1
                place = error.__traceback__.tb_lineno if error.__traceback__ else 0
                print(
                    f"alphaedge-conform: the kit failed on an exchange: {type(error).__name__}, line {place}",
                    file=sys.stderr,
                )
            if not message.is_awaited:
                time.sleep(min(PAUSE * (time.perf_counter() - began), LONGEST))
    if not is_written:
        judge.write(counts)


def _answer(judge: LiveJudge, question: Question) -> dict[str, Any]:
    state = {"judged": judge.judged, "unreadable": judge.unreadable, "tokens": judge.tokens, "failed": judge.failed()}
    try:
        if question.what == "page":
            return {**state, "page": judge.page(question.counts)}
        if question.what == "write":
            judge.write(question.counts)
    except OSError as error:
        return {**state, "failure": f"{error.filename}: {error.strerror}; the report is incomplete"}
    return state


if __name__ == "__main__":
    main()
