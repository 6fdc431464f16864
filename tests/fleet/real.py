"""Mocks behind a targets.toml, and what a history has of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from attrs import frozen

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.exchange import Effort
from alphaedge_conformance.fleet import lanes
from alphaedge_conformance.fleet.history import History
from alphaedge_conformance.fleet.lanes import Lane
from alphaedge_conformance.fleet.work import Task
from alphaedge_conformance.mock import serve
from alphaedge_conformance.mock.faults import BY_HAND
from alphaedge_conformance.sending.settings import Settings

from ..helpers import Counting

PLANTED, VARIABLE = "sk-planted-in-the-environment-of-workers", "FLEET_TEST_KEY"
WANTED = ("usage.total-is-the-sum", "completion.created-type", "stream.done")
EXPRESSION = " or ".join(WANTED)


class Wrong(BY_HAND["fractions"].make, Counting):  # type: ignore[misc]
    """Breaks one of what is wanted."""


@frozen
class Fleet:
    contract: Contract
    file: Path
    mocks: list[Counting]

    @property
    def requests(self) -> int:
        return sum(mock.requests for mock in self.mocks)

    @property
    def lanes(self) -> list[Lane]:
        return lanes.read(self.file, self.contract, None)


@contextmanager
def fleet(contract: Contract, folder: Path, hosts: int = 3, of_each: int = 2, latency: float = 0.02) -> Iterator[Fleet]:
    """So many targets at each of so many hosts; the last host breaks a requirement."""
    with ExitStack() as stack:
        mocks = [
            (Wrong if number == hosts - 1 else Counting)(contract, PLANTED, latency, 2000) for number in range(hosts)
        ]
        text = ""
        for number, mock in enumerate(mocks):
            url = stack.enter_context(serve(mock))
            for target in range(of_each):
                text += f'[t{number}{target}]\nurl = "{url}"\nkey_variable = "{VARIABLE}"\n'
        (folder / "targets.toml").write_text(text)
        yield Fleet(contract, folder / "targets.toml", mocks)


def task(run: str) -> Task:
    return Task(run, None, (), WANTED, Settings(effort=Effort.QUICK))


def verdict_maps(history: History, run: str | None = None) -> dict[str, dict[str, str]]:
    """The statuses of all targets in one run, or in the only one; fails where a row is there twice."""
    with history.opened(read_only=True) as connection:
        rows = connection.execute(
            "SELECT target, requirement, status FROM verdicts WHERE run = coalesce(?, run)", [run]
        ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for target, requirement, status in rows:
        assert requirement not in found.setdefault(target, {}), f"{target} is there twice"
        found[target][requirement] = status
    return found


def expected(hosts: int = 3, of_each: int = 2) -> dict[str, dict[str, str]]:
    """What the verdict maps have to be, whoever did the work."""
    right = dict.fromkeys(WANTED, "passed")
    wrong = {**right, "completion.created-type": "failed"}
    return {
        f"t{number}{target}": wrong if number == hosts - 1 else right
        for number in range(hosts)
        for target in range(of_each)
    }
