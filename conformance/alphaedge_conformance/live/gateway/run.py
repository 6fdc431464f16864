"""`alphaedge-conform gateway`: one run, from the cases to the report."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from statistics import median

from attrs import evolve

from ... import report as views
from ...archive.har import ARCHIVE, Journal
from ...contract import Contract
from ...contract.requirements import Requirement
from ...exchange import Exchange
from ...exchange.redaction import redact
from ...exchange.target import Target
from ...judging.evidence import Unseen
from ...judging.places import Deviation
from ...judging.verdicts import Conclusion, Finding, Status, Verdict, kit_failed, unjudged
from ...mock import serve
from ...probes import Plan
from ...report.document import Behind, Report, build_report
from ...run.run import Run
from ...sending.settings import Settings
from .catalogue import requirements
from .checks import CHECKS, Seen, piece_delays
from .sending import send_all, without_key
from .upstream import Upstream

NOT_SHOWN = "no test case showed it"
NO_PROFILES = "no claimed profile has it"
NO_KEYS = "ALPHAEDGE_UPSTREAM_KEY is not set, or is the key of the client"


def run(
    contract: Contract, target: Target, port: int, upstream_key: str | None, settings: Settings, quiet: bool = False
) -> int:
    """Judges a gateway and says so; the exit code is that of the verdict. Raises OSError for a port in use."""
    upstream = Upstream(contract)
    started = time.time()
    with serve(upstream, port, server_header=False):
        seen = send_all(contract, target, upstream, upstream_key, settings)
    made, exchanges = judge(contract, target, port, seen, started, settings)
    if settings.report is not None:
        with Journal(settings.report / ARCHIVE, target, settings.seed) as journal:
            for exchange in exchanges:
                journal.add(exchange)
        views.write([made], None, settings.report, contract)
    views.show(made, settings.report, quiet)
    if (behind := made.get("behind")) is not None and not quiet:
        print(_figures(behind))
    return Conclusion(made["verdict"]).exit_code


def judge(
    contract: Contract, target: Target, port: int, seen: Sequence[Seen], started: float, settings: Settings
) -> tuple[Report, list[Exchange]]:
    """The report of a run, and its exchanges without any key of the upstream."""
    upstream_key = seen[0].upstream_key
    exchanges = [without_key(each.exchange, upstream_key) for each in seen]
    plan = Plan(tuple(exchange.probe for exchange in exchanges))
    made = Run(contract, target, settings, plan, started, seconds=time.time() - started, exchanges=tuple(exchanges))
    if seen[0].arrivals:
        verdicts, reason = verdicts_of(seen, exchanges), None
    else:
        answer = seen[0].exchange.status or seen[0].exchange.failure
        url = f"http://127.0.0.1:{port}/v1"
        reason = f"nothing arrived at {url}, and the gateway answered {answer}; configure it to forward there"
        verdicts = unjudged(requirements().values(), reason)
    made = evolve(made, verdicts=verdicts, requests=len(seen), reason=reason)
    document = build_report(made)
    document["behind"] = _behind(seen)
    return document, exchanges


def verdicts_of(seen: Sequence[Seen], exchanges: Sequence[Exchange]) -> dict[str, Verdict]:
    """The verdict of each requirement; `exchanges` are those of the cases, as they may be written."""
    return {id: _verdict(requirement, seen, exchanges) for id, requirement in requirements().items()}


def _verdict(requirement: Requirement, seen: Sequence[Seen], exchanges: Sequence[Exchange]) -> Verdict:
    judged, findings, reason = 0, list[Finding](), NOT_SHOWN
    for each, exchange in zip(seen, exchanges, strict=True):
        try:
            CHECKS[requirement.id](each)
        except Unseen as why:
            reason = str(why) or reason
            continue
        except AssertionError as wrong:
            deviation = Deviation.of(wrong.args[0] if wrong.args else "")
            deviation = evolve(deviation, message=redact(deviation.message, each.upstream_key))
            findings.append(Finding.of(deviation, exchange, each.key))
        except Exception as error:
            said = kit_failed(error, exchange, each.key)
            return Verdict(requirement, Status.KIT_ERROR, reason=redact(said, each.upstream_key))
        judged += 1
    if findings:
        return Verdict(requirement, Status.FAILED, tuple(findings), judged)
    if judged:
        return Verdict(requirement, Status.PASSED, judged=judged)
    if "profile" in requirement.id and reason == NOT_SHOWN:
        return Verdict(requirement, Status.NOT_APPLICABLE, reason=NO_PROFILES)
    if requirement.subject == "gateway-key" and _has_one_key(seen):
        return Verdict(requirement, Status.NOT_APPLICABLE, reason=NO_KEYS)
    return Verdict(requirement, Status.INCONCLUSIVE, reason=reason)


def _has_one_key(seen: Iterable[Seen]) -> bool:
    return any(each.upstream_key in (None, each.key) or each.key is None for each in seen)


def _behind(seen: Sequence[Seen]) -> Behind:
    delays = [delay for each in seen if each.case.script.pause and each.is_well for delay in _delays(each)]
    return {
        "requests": sum(len(each.arrivals) for each in seen),
        "piece_delay": round(median(delays), 6) if delays else None,
    }


def _delays(seen: Seen) -> list[float]:
    try:
        return [max(0.0, delay) for delay in piece_delays(seen)]
    except Unseen:
        return []


def _figures(behind: Behind) -> str:
    delay, arrived = behind["piece_delay"], f"{behind['requests']} requests arrived behind the gateway"
    return arrived if delay is None else f"{arrived}; a piece of a stream took {1000 * delay:.1f} ms, in the median"
