"""Judges what passed, a window of exchanges at a time, by the same checks as a recording."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import evolve

from .. import report as views
from ..archive import matching
from ..archive.har import ARCHIVE, Journal
from ..exchange import Chunk, Effort, Exchange, Probe
from ..exchange.chat import model_of
from ..exchange.target import build_target
from ..judging.evidence import Evidence
from ..judging.verdicts import Finding, Verdict
from ..report import page
from ..report.document import Report, Traffic, build_report
from ..report.latency import measure
from ..run.run import Run
from ..run.suite import Suite
from ..sending.settings import Settings
from .messages import Counts
from .observed import KEY, SHORTEST, Unjudgeable, beginning, observed, secrets_of, without_texts
from .passed import Passed
from .recording import Recorder
from .tally import Tally

WINDOW = 200
"""Exchanges that are judged together, and compared with each other."""
WINDOW_BYTES = 8 * 2**20
TIMED = 2000
"""Answers of which the latency is known, the latest."""
KEYS = 4
"""Keys of accepted requests that no other answer may show, the latest."""
ABOUT_THE_TEXT = "this is in a text, which is not kept; --keep-bodies shows it"


class LiveJudge:
    """Takes exchanges as they passed, and says at any time what they show so far."""

    def __init__(self, suite: Suite, url: str, settings: Settings, keep_bodies: bool = False) -> None:
        """`settings.report` is the folder that the report and the recording go into."""
        assert settings.report is not None
        self._suite, self._settings, self._keeps = suite, evolve(settings, seen_only=True), keep_bodies
        self._folder: Path = settings.report
        example = build_target(suite.contract, url, None, "")
        plan = suite.plan(list(suite.requirements), evolve(example, key=KEY), settings)
        # What a profile states shows in any request that uses it, and not only in those that this suite would send.
        of_profiles = {each.id for each in suite.requirements.values() if each.profile and each.kind == "stated"}
        self._plan = evolve(plan, named=plan.named - of_profiles)
        self._of_each_event = [id for id, check in suite.checks.items() if check.of_each_event]
        self._target = evolve(example, model="")  # that of the first request
        self._recorder = Recorder(self._folder)
        self._started = time.time()
        self._tally = Tally()
        self._window: list[Exchange] = []
        self._window_bytes = 0
        self._accepted: frozenset[str | None] = frozenset()
        self._timed: deque[Exchange] = deque(maxlen=TIMED)
        self._paces: deque[float] = deque(maxlen=TIMED)
        self._keys: deque[bytes] = deque(maxlen=KEYS)
        self.judged = self.unreadable = 0
        self.tokens = (0, 0)
        """Of the prompts and of the completions, as the server counts them."""

    def add(self, passed: Passed) -> None:
        try:
            exchange = observed(passed, self._target.url, self._keys)
        except Unjudgeable:
            self.unreadable += 1
            return
        keys = {secret for secret in secrets_of(passed) if len(secret) >= SHORTEST}
        if keys:
            self._target = evolve(self._target, key=KEY)
        if exchange.accepted:
            self._keys.extend(keys.difference(self._keys))
        (exchange,) = matching.identified(self._suite.contract, self._plan, [exchange], False)
        self._accepted |= matching.controls([exchange])
        self._measure(exchange)
        self._recorder.add(self._kept(exchange), self._target)
        self.judged += 1
        self._window.append(exchange)
        self._window_bytes += len(exchange.probe.body or b"") + len(exchange.body)
        if len(self._window) >= WINDOW or self._window_bytes >= WINDOW_BYTES:
            self._tally = self._so_far()
            self._window, self._window_bytes = [], 0

    def _measure(self, exchange: Exchange) -> None:
        if exchange.chunks and exchange.accepted:
            first = Chunk(exchange.chunks[0].at, b"")
            self._timed.append(evolve(exchange, probe=Probe("", "", None), headers=(), chunks=(first,)))
        if self._target.model == "" and (model := model_of(exchange.probe.request)):
            self._target = evolve(self._target, model=model)
        try:
            usage = Evidence(exchange, self._suite.contract).usage
        except Exception:  # nothing is judged here; a check that asks for it says what is wrong
            return
        prompt, completion = int(usage["prompt_tokens"]), int(usage["completion_tokens"])
        self.tokens = (self.tokens[0] + prompt, self.tokens[1] + completion)
        if completion and exchange.elapsed:
            self._paces.append(completion / exchange.elapsed)

    def _kept(self, exchange: Exchange) -> Exchange:
        """What may be written of an exchange."""
        return exchange if self._keeps else without_texts(exchange)

    # What it shows

    def _so_far(self) -> Tally:
        """With the window that is open."""
        left = [each for each in map(beginning, self._window) if each is not None]
        tally = self._with(self._tally, list(self._suite.requirements), self._window)
        return self._with(tally, self._of_each_event, left) if left else tally

    def _with(self, tally: Tally, wanted: Sequence[str], exchanges: Sequence[Exchange]) -> Tally:
        """With what some exchanges say of some requirements."""
        seen = self._verdicts(wanted, exchanges)
        failed = self._failed_verdicts(seen, exchanges)
        return tally.plus(seen, {id: each.findings for id, each in failed.items()})

    def _failed_verdicts(self, seen: Mapping[str, Verdict], exchanges: Sequence[Exchange]) -> dict[str, Verdict]:
        """The verdicts that failed, with findings that hold no text: made by the same checks from exchanges without
        texts. What cannot be seen in these is about the text itself."""
        broken = {id: each for id, each in seen.items() if each.findings}
        if self._keeps or not broken:
            return broken
        kept = [without_texts(exchange) for exchange in exchanges]
        numbered = {exchange.number: exchange for exchange in kept}
        again = self._verdicts(list(broken), kept)
        failed = {}
        for id, verdict in broken.items():
            found = {finding.exchange.number: finding for finding in again[id].findings}
            numbers = [finding.exchange.number for finding in verdict.findings]
            findings = (found.get(number) or Finding(ABOUT_THE_TEXT, numbered[number]) for number in numbers)
            failed[id] = evolve(verdict, findings=tuple(findings))
        return failed

    def _verdicts(self, wanted: Sequence[str], exchanges: Sequence[Exchange]) -> dict[str, Verdict]:
        accepted = self._accepted | matching.controls(exchanges)
        return self._suite.verdicts(wanted, self._plan, exchanges, self._target.key, Effort.STANDARD, accepted)

    def report(self, counts: Counts) -> tuple[Report, tuple[Exchange, ...]]:
        """The report of what was judged so far, and the exchanges that it shows."""
        tally = self._so_far()
        run = Run(
            self._suite.contract,
            self._target,
            self._settings,
            self._plan,
            self._started,
            seconds=time.time() - self._started,
            exchanges=tally.exchanges,
            verdicts=tally.verdicts,
            requests=counts.exchanges,
            stopped=counts.ended,
            archive_failure=self._recorder.failure,
        )
        made = build_report(run)
        for each in made["requirements"]:
            each["failed"] = max(each["failed"], tally.failed.get(each["id"], 0))
        made["latency"] = measure(self._timed, self._paces)
        made["cost"]["planned_requests"] = 0
        made["cost"]["prompt_tokens"], made["cost"]["completion_tokens"] = self.tokens
        made["traffic"] = traffic = self._traffic(counts)
        made["reason"] = "; ".join(filter(None, [made["reason"], not_judged(traffic)])) or None
        return made, tally.exchanges

    def _traffic(self, counts: Counts) -> Traffic:
        return {
            "exchanges": max(counts.exchanges, self.judged),
            "judged": self.judged,
            "too_large": counts.too_large,
            "behind": counts.behind,
            "unreadable": self.unreadable,
            "lost": counts.lost,
            "has_texts": self._keeps,
        }

    def failed(self) -> dict[str, int]:
        """How many exchanges broke each requirement so far."""
        return {id: number for id, number in self._so_far().failed.items() if number}

    def page(self, counts: Counts) -> str:
        made, exchanges = self.report(counts)
        return page.report_page(made, {each.number: each for each in exchanges}, self._suite.contract)

    def write(self, counts: Counts) -> None:
        """Leaves the report in its folder. Raises OSError."""
        self._recorder.close()
        made, exchanges = self.report(counts)
        with Journal(self._folder / ARCHIVE, self._target, self._settings.seed, is_ours=False) as journal:
            for exchange in exchanges:
                journal.add(exchange)
        views.write([made], None, self._folder, self._suite.contract)


def not_judged(traffic: Traffic) -> str | None:
    """How much was not judged, and why; None where everything was."""
    why = {
        "too_large": "too large",
        "behind": "skipped because judging fell behind",
        "unreadable": "could not be read",
        "lost": "lost when the judging process ended",
    }
    parts = [f"{number} {words}" for name, words in why.items() if (number := int(traffic[name]))]  # type: ignore[literal-required]
    return f"{traffic['judged']} of {traffic['exchanges']} exchanges judged: {', '.join(parts)}" if parts else None
