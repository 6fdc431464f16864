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
from ..exchange import Effort
from ..exchange.target import build_target
from ..judging.verdicts import Conclusion, Status
from ..mock import Mock, serve
from ..mock.faults import BY_HAND, all_faults
from ..mock.faults.fault import Fault
from ..mock.unusual import UNUSUAL, unusual_servers
from ..run.embedded_mock import MOCK_PACE
from ..run.run import Run
from ..run.suite import Suite
from ..sending.limits import Limits
from ..sending.settings import Settings

TIMEOUT = 5.0
"""Seconds for an exchange with a fault; none that does not hang takes a tenth of it."""


def trial(
    suite: Suite,
    make: Callable[..., Mock],
    wanted: Iterable[str] | None = None,
    report: Path | None = None,
    effort: Effort = Effort.STANDARD,
) -> Run:
    """Judges a server that lives as long as this call; its exchanges are kept in a folder, if one is given."""
    contract, key = suite.contract, f"sk-trial-{secrets.token_hex(8)}"
    with serve(make(contract, key, tokens_per_second=MOCK_PACE)) as url:
        target = build_target(contract, url, None, key)
        settings = Settings(report=report, limits=Limits(whole=TIMEOUT, after_done=1), effort=effort)
        return suite.run(list(wanted or suite.requirements), target, settings)


def trial_twice(suite: Suite, make: Callable[..., Mock], effort: Effort = Effort.STANDARD) -> tuple[Run, Run]:
    """A trial, and what its recording says."""
    with TemporaryDirectory() as folder:
        run = trial(suite, make, report=Path(folder), effort=effort)
        recording = har.read([Path(folder) / har.ARCHIVE], suite.contract.path)
    return run, suite.replay(list(suite.requirements), recording, Settings(effort=effort))


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


Servers = dict[str, tuple[frozenset[str], Callable[..., Mock]]]
"""What each must break, and how it is made, by its name."""


def servers(suite: Suite) -> Servers:
    """Every fault, then every unusual server; with profiles, those that are of these alone."""
    of = suite.contract.profiles
    faults = {
        name: (each.breaks, each.make) for name, each in all_faults(suite.contract).items() if _is_of(suite, each)
    }
    unusual = {name: each for name, each in unusual_servers(suite.contract).items() if not of or name not in UNUSUAL}
    return {**faults, **{name: (frozenset[str](), make) for name, make in unusual.items()}}


def _is_of(suite: Suite, fault: Fault) -> bool:
    """Whether a fault is written for a profile of the contract, or made of a keyword that comes from one."""
    if not suite.contract.profiles or fault.profile is not None:
        return True
    broken = [suite.requirements[id].profile for id in fault.breaks if id in suite.requirements]
    return fault.name not in BY_HAND and bool(broken) and None not in broken


def rows(suite: Suite, effort: Effort) -> Iterator[Row]:
    for name, (breaks, make) in servers(suite).items():
        run, again = trial_twice(suite, make, effort)
        yield Row(name, breaks, failed(run), run.conclusion, differences(run, again))


def unbroken(suite: Suite, faults: Iterable[Fault]) -> list[str]:
    """The requirements that no fault breaks."""
    broken = {id for fault in faults for id in fault.breaks}
    return [id for id in suite.requirements if id not in broken]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m alphaedge_conformance.maintain.kill_matrix", description=__doc__)
    parser.add_argument("--report", type=Path, metavar="DIR", help="write mutants.json into this folder")
    parser.add_argument("--contract", type=Path, metavar="FILE", help="the contract to use instead of the shipped one")
    parser.add_argument(
        "--profile",
        dest="profiles",
        metavar="NAME",
        action="append",
        default=[],
        help="with this profile, at thorough effort; of the faults and servers those that it brings. Repeatable",
    )
    arguments = parser.parse_args()
    try:
        suite = Suite.of(Contract.load(arguments.contract, arguments.profiles))
    except ConfigurationError as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 4
    done = []
    for row in rows(suite, Effort.THOROUGH if arguments.profiles else Effort.STANDARD):
        done.append(row)
        verdict = row.wrong or ", ".join(sorted(row.failed)) or "nothing"
        print(f"{'WRONG' if row.wrong else 'as stated':9}  {row.name}: {verdict}")
    missing = unbroken(suite, all_faults(suite.contract).values())
    for id in missing:
        print(f"WRONG      {id}: no fault breaks it; add one to alphaedge_conformance/mock/faults")
    wrong = sum(row.wrong is not None for row in done)
    if arguments.report is not None:
        arguments.report.mkdir(parents=True, exist_ok=True)
        matrix = {row.name: {"breaks": sorted(row.failed), "as_stated": row.wrong is None} for row in done}
        (arguments.report / "mutants.json").write_text(json.dumps(matrix, indent=1) + "\n", "utf-8")
    musts = sum(requirement.level is Level.MUST for requirement in suite.requirements.values())
    conforming = sum(not row.stated for row in done)
    print(f"{len(done) - conforming} faults and {conforming} unusual servers, {wrong} not as stated; ", end="")
    print(f"{len(suite.requirements)} requirements, {musts} of them MUST, {len(missing)} that no fault breaks")
    return 1 if wrong or missing else 0


if __name__ == "__main__":
    sys.exit(main())
