"""The kill matrix: which fault of the mock breaks which requirement, and whether each does exactly what it says.

``python -m alphaedge_conformance.maintain.kill_matrix --report DIR`` runs the suite against every
fault and every unusual server.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import frozen

from ..archive import har
from ..contract import Contract
from ..contract.requirements import Level
from ..errors import ConfigurationError
from ..exchange.target import target
from ..judging.verdicts import Conclusion, Status
from ..mock import Mock, serve
from ..mock.faults import all_faults
from ..mock.faults.fault import Fault
from ..mock.unusual import UNUSUAL
from ..run.embedded_mock import MOCK_PACE
from ..run.run import Run
from ..run.suite import Suite
from ..sending.limits import Limits
from ..sending.settings import Settings

TIMEOUT = 5.0
"""Seconds for an exchange with a fault; none that does not hang takes a tenth of it."""


def trial(
    suite: Suite, make: Callable[..., Mock], wanted: Iterable[str] | None = None, report: Path | None = None
) -> Run:
    """Judges a server that lives as long as this call; its exchanges are kept in a folder, if one is given."""
    contract, key = suite.contract, f"sk-trial-{secrets.token_hex(8)}"
    with serve(make(contract, key, tokens_per_second=MOCK_PACE)) as url:
        goal = target(contract, url, None, key)
        settings = Settings(report=report, limits=Limits(whole=TIMEOUT, after_done=1))
        return suite.run(list(wanted or suite.requirements), goal, settings)


def trial_twice(suite: Suite, make: Callable[..., Mock]) -> tuple[Run, Run]:
    """A trial, and what its recording says."""
    with TemporaryDirectory() as folder:
        run = trial(suite, make, report=Path(folder))
        recording = har.read([Path(folder) / har.ARCHIVE], suite.contract.path)
    return run, suite.replay(list(suite.requirements), recording, Settings())


def differences(run: Run, again: Run) -> list[str]:
    """The requirements of which two runs do not say the same."""
    return [id for id, verdict in run.verdicts.items() if again.verdicts[id].status is not verdict.status]


def failed(run: Run) -> frozenset[str]:
    return frozenset(id for id, verdict in run.verdicts.items() if verdict.status is Status.FAILED)


@frozen
class Row:
    """One server of the matrix."""

    name: str
    stated: frozenset[str]
    """What it must break: nothing, if it conforms."""
    failed: frozenset[str]
    conclusion: Conclusion
    otherwise: list[str]
    """Of what its recording says another thing."""

    @property
    def wrong(self) -> str | None:
        """What is not as stated."""
        parts = [f"also broke {id}" for id in sorted(self.failed - self.stated)]
        parts += [f"did not break {id}" for id in sorted(self.stated - self.failed)]
        parts += [f"its recording disagrees on {id}" for id in self.otherwise]
        if not self.stated and self.conclusion is not Conclusion.CONFORMS:
            parts.append(f"was judged {self.conclusion}")
        return ", ".join(parts) or None


def rows(suite: Suite, faults: Iterable[Fault]) -> Iterator[Row]:
    """Every fault, then every unusual server."""
    servers = [(fault.name, fault.breaks, fault.make) for fault in faults]
    servers += [(name, frozenset[str](), make) for name, make in UNUSUAL.items()]
    for name, breaks, make in servers:
        run, again = trial_twice(suite, make)
        yield Row(name, breaks, failed(run), run.conclusion, differences(run, again))


def unbroken(suite: Suite, faults: Iterable[Fault]) -> list[str]:
    """The requirements that no fault breaks."""
    broken = {id for fault in faults for id in fault.breaks}
    return [id for id in suite.requirements if id not in broken]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m alphaedge_conformance.maintain.kill_matrix", description=__doc__)
    parser.add_argument("--report", type=Path, metavar="DIR", help="write mutants.json into this folder")
    parser.add_argument("--contract", type=Path, metavar="FILE", help="another contract than the one shipped")
    arguments = parser.parse_args()
    try:
        suite = Suite.of(Contract.load(arguments.contract))
        faults = all_faults(suite.contract)
    except ConfigurationError as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 4
    done = []
    for row in rows(suite, faults.values()):
        done.append(row)
        verdict = row.wrong or ", ".join(sorted(row.failed)) or "nothing"
        print(f"{'WRONG' if row.wrong else 'as stated':9}  {row.name}: {verdict}")
    missing = unbroken(suite, faults.values())
    for id in missing:
        print(f"WRONG      {id}: no fault breaks it; add one to alphaedge_conformance/mock/faults")
    wrong = sum(row.wrong is not None for row in done)
    if arguments.report is not None:
        arguments.report.mkdir(parents=True, exist_ok=True)
        matrix = {row.name: {"breaks": sorted(row.failed), "as_stated": row.wrong is None} for row in done}
        (arguments.report / "mutants.json").write_text(json.dumps(matrix, indent=1) + "\n", "utf-8")
    musts = sum(requirement.level is Level.MUST for requirement in suite.requirements.values())
    print(f"{len(faults)} faults and {len(UNUSUAL)} unusual servers, {wrong} not as stated; ", end="")
    print(f"{len(suite.requirements)} requirements, {musts} of them MUST, {len(missing)} that no fault breaks")
    return 1 if wrong or missing else 0


if __name__ == "__main__":
    sys.exit(main())
