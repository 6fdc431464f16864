"""Sends a plan: the control first, then everything else as fast as the target and the budget allow."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from difflib import get_close_matches
from itertools import groupby

from attrs import evolve

from ..errors import Inconclusive
from ..exchange import Exchange, Probe
from ..exchange.chat import models_address
from ..exchange.following import Missing, followed
from ..exchange.redaction import MASK, redact
from ..exchange.strict_json import loads
from ..exchange.target import Target
from ..probes import Plan, is_unlimited
from .pacing import Breaker, Budget, Pace, retry_after
from .settings import Settings
from .transport import client, exchange

RETRIES = 4
"""How often a rate-limited request is retried."""
PAUSE = 0.05
"""Seconds between two looks at whether what is under way has come to an end."""
MODELS_NAMED = 8
"""Models that a message names of all that a server offers."""
Done = Callable[[Exchange], object]


def _some(models: list[str], wanted: str) -> str:
    """The first of many models, those of a similar name before all."""
    ordered = list(dict.fromkeys([*get_close_matches(wanted, models, MODELS_NAMED, 0.5), *models]))
    more = f" and {len(ordered) - MODELS_NAMED} more" if len(ordered) > MODELS_NAMED else ""
    return ", ".join(ordered[:MODELS_NAMED]) + more


def _is_json(body: bytes) -> bool:
    try:
        loads(body)
    except ValueError:
        return False
    return True


class Runner:
    """One run against one target. What it has when it is stopped stays."""

    def __init__(
        self,
        target: Target,
        settings: Settings,
        done: Done,
        retried: Done = lambda exchange: None,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """`done` takes each exchange, and `retried` those that a rate limit ended and that are sent again; one after
        the other, in a thread of their own, so that judging delays no arrival time. `loop` runs in another thread, and
        is that of many runs; without it, a run has one of its own."""
        self.target, self.settings, self._done, self._retried, self._loop = target, settings, done, retried, loop
        self.exchanges: list[Exchange] = []
        self.attempts: list[Exchange] = []
        """Those that were sent again, because the server said that it did not look at them."""
        self.under_way: dict[int, str] = {}
        """The names of the probes that wait for an answer, in the order of sending."""
        self.stopped: str | None = None
        """Why nothing more is sent."""
        self.budget = Budget(settings.max_requests, settings.max_tokens)
        self._pace = Pace(settings.concurrency, 1 / settings.rate if settings.rate else 0.0)
        self._queue: deque[tuple[int, Probe, int]] = deque()
        self._unsent: dict[Probe, str] = {}
        self._as_sent: dict[Probe, Probe | Missing] = {}
        """Of the probes of the plan that take values from answers, what became of each."""
        self._breaker = Breaker()
        self._stop: Callable[[], object] = lambda: None
        self._notified: list[Future[object]] = []

    def run(self, plan: Plan) -> None:
        """Sends a plan. Raises Inconclusive where the control is not accepted, so that nothing that follows could be
        judged."""
        self._drive(self._run(plan))

    def send(self, probe: Probe) -> Exchange | None:
        """One more exchange after a run; None where the budget is spent, or the run was stopped."""
        return next(iter(self.send_all([probe])), None)

    def send_once(self, probe: Probe) -> Exchange | None:
        """The same, whatever the answer: one that says to come back is not waited for."""
        return next(iter(self.send_all([probe], RETRIES)), None)

    def hope_again(self) -> None:
        """Lets what is sent next find out whether the server answers, whatever came to no end before."""
        self._breaker = Breaker()

    def send_all(self, probes: Iterable[Probe], attempt: int = 0) -> list[Exchange]:
        """More exchanges after a run, as many as the budget allows; none where the run was stopped. `attempt` counts
        those that were made before."""
        before, probes = len(self.exchanges), list(probes)
        if not probes:
            return []
        first = 1 + max(each.number for each in self.exchanges)
        self._queue.extend((number, probe, attempt) for number, probe in enumerate(probes, first))
        self._drive(self._all())
        return self.exchanges[before:]

    def unsent(self, plan: Plan) -> dict[Probe, str]:
        """The probes of a plan without an answer, each with the reason."""
        known, left = {each.probe for each in self.exchanges}, dict[Probe, str]()
        for probe in plan.probes:
            made = self._as_sent.get(probe, probe)
            if isinstance(made, Missing):
                left |= {} if made.is_end else {probe: made.why}
            elif made not in known:
                left[probe] = self._unsent.get(made) or self._unsent.get(probe) or self.stopped or ""
        cut = dict.fromkeys(plan.unsent, "budget exhausted")
        lacking = {each.probe.operation_name for each in self.exchanges if each.lacks_its_operation}
        return {probe: why for probe, why in {**left, **cut}.items() if probe.operation_name not in lacking}

    def stop(self, why: str) -> None:
        """Gives up what is under way; may be called by a signal handler."""
        self.stopped = self.stopped or why
        self._stop()

    def _drive(self, work: Coroutine[None, None, None]) -> None:
        async def stoppable() -> None:
            task, loop = asyncio.current_task(), asyncio.get_running_loop()
            assert task is not None
            self._stop = lambda: loop.call_soon_threadsafe(task.cancel)
            try:
                if self.stopped is None:
                    await work
            finally:
                self._stop = lambda: None
                work.close()

        with ThreadPoolExecutor(1) as self._listening:
            try:
                if self._loop is None:
                    asyncio.run(stoppable())
                else:
                    asyncio.run_coroutine_threadsafe(stoppable(), self._loop).result()
            except (asyncio.CancelledError, CancelledError):
                assert self.stopped
        notified, self._notified = self._notified, []
        for each in notified:
            each.result()  # raises what the listener raised

    async def _run(self, plan: Plan) -> None:
        if not plan.probes:
            raise Inconclusive("the budget is too small for the contract's own example; nothing was sent")
        control, *others = plan.probes
        self._queue.append((1, control, 0))
        async with client(self.settings, self.target) as self._client:
            await self._workers()
            if not self.exchanges:
                return
            if not self.exchanges[0].accepted:
                raise Inconclusive(await self._why(self.exchanges[0]))
            if self.exchanges[0].media_type == "text/html" and not _is_json(self.exchanges[0].body):
                page = f"{self.target.url} answers with a page (text/html)"
                raise Inconclusive(f"{page}, so nothing can be judged; name the address of the API")
            numbered = await self._of_operations([(number, probe, 0) for number, probe in enumerate(others, 2)])
            alone = [each for each in numbered if each[1].series is None]
            self._queue.extend(each for each in alone if not is_unlimited(each[1]))
            await self._workers()
            await self._in_series([(number, probe) for number, probe, _ in numbered if probe.series is not None])
            # Some servers generate on for a client that has left: such an answer must not starve the others.
            self._pace.width = 1
            self._queue.extend(each for each in alone if is_unlimited(each[1]))
            await self._workers()

    async def _of_operations(self, numbered: list[tuple[int, Probe, int]]) -> list[tuple[int, Probe, int]]:
        """Sends the control of each further operation, and gives what is left to send: nothing of an operation whose
        control was not accepted. One that takes a value from the answer to another control comes after that."""
        controls = [each for each in numbered if each[1].is_control]
        while controls:
            waiting = {probe.name for _, probe, _ in controls}
            free = [each for each in controls if waiting.isdisjoint(taken.source for taken in each[1].takes)]
            self._queue.extend(self._followed(free or controls))
            await self._workers()
            controls = [each for each in controls if free and each not in free]
        accepted = {each.probe.operation_name for each in self.exchanges if each.accepted and each.probe.is_control}
        left = []
        for number, probe, attempt in numbered:
            if probe.operation_name in accepted and not probe.is_control:
                left.append((number, probe, attempt))
            elif not probe.is_control:
                self._unsent[probe] = "the control request of its operation was not accepted"
        return self._followed(left)

    def _followed(self, numbered: list[tuple[int, Probe, int]]) -> list[tuple[int, Probe, int]]:
        """The same with what is taken from answers, without those that cannot be sent."""
        found = followed([probe for _, probe, _ in numbered], self.exchanges)
        self._as_sent |= found
        return [(number, made, n) for number, probe, n in numbered if isinstance(made := found[probe], Probe)]

    async def _all(self) -> None:
        async with client(self.settings, self.target) as self._client:
            await self._workers()

    async def _workers(self) -> None:
        while self._queue and self.stopped is None:
            await asyncio.gather(*(self._work(index) for index in range(min(self._pace.width, len(self._queue)))))

    async def _in_series(self, numbered: Iterable[tuple[int, Probe]]) -> None:
        """Each series on a connection of its own, one request after the other."""
        shared = self._client
        in_turn = sorted(numbered, key=lambda each: (each[1].series or "", each[1].turn))
        for _, series in groupby(in_turn, key=lambda each: each[1].series):
            async with client(evolve(self.settings, concurrency=1), self.target) as self._client:
                for each in series:
                    self._queue.append((*each, 0))
                    await self._workers()
        self._client = shared

    async def _work(self, index: int) -> None:
        """Sends what is next, until nothing is left or the server wants fewer requests at a time."""
        while self._queue and index < self._pace.width and self.stopped is None:
            number, probe, attempt = self._queue.popleft()
            if why := self._breaker.open_reason(probe):
                self._unsent[probe] = why
                continue
            if self._breaker.should_wait(probe):
                self._queue.append((number, probe, attempt))
                await asyncio.sleep(PAUSE)
                continue
            await self._pace.turn()
            if index >= self._pace.width:
                self._queue.appendleft((number, probe, attempt))
                return
            if not self.budget.take(probe):
                self._unsent[probe] = "budget exhausted"
                continue
            with self._breaker.under_way(probe):
                answer = await self._send(number, probe)
            wait = retry_after(answer, attempt)
            if wait is None:
                self._pace.answered()
            elif attempt < RETRIES and self._pace.limited(wait):
                self._queue.appendleft((number, probe, attempt + 1))
                self.attempts.append(answer)
                self._tell(self._retried, answer)
                continue
            self._keep(answer)

    async def _send(self, number: int, probe: Probe) -> Exchange:
        """Many servers close a kept connection after an error of their own: what went out on it just then is sent once
        more, on a new one."""
        self.under_way[number] = probe.name
        try:
            answer = await exchange(self._client, number, probe, self.target, self.settings.limits)
            if answer.lost_reused_connection and self.budget.take(probe):
                await self._pace.turn()
                async with client(self.settings, self.target) as fresh:
                    answer = await exchange(fresh, number, probe, self.target, self.settings.limits)
        finally:
            del self.under_way[number]
        return answer

    def _keep(self, answer: Exchange) -> None:
        self.exchanges.append(answer)
        self._breaker.record(answer)
        self._tell(self._done, answer)

    def _tell(self, listener: Done, answer: Exchange) -> None:
        self._notified.append(self._listening.submit(listener, answer))

    async def _why(self, control: Exchange) -> str:
        """In one line why the control was not accepted, and what to do. The server's words are searched for any part of
        the key; what the caller says, as the name of a model, may begin like the key."""
        target = self.target
        if control.timed_out:
            return f"{target.origin}: {control.failure}; if it is only slow, raise --timeout"
        if control.status is None:
            return f"{target.origin}: {control.failure}; start the server or correct the URL"
        said = " ".join(control.body[:4000].decode("utf-8", "replace").split())
        said = redact(said, target.key)[:200]
        if control.status in (401, 403):
            variable = target.key_variable
            key = f"{variable} is not set" if target.key is None else f"the key in {variable} was refused"
            return f"{target.origin} answered {control.status}: {key}: {said}"
        if 300 <= control.status < 400:
            location = redact(control.header("location") or "nowhere", target.key)
            return (
                f"{target.url} answered {control.status} and points to {location}; "
                "the key is sent nowhere else, so give that URL yourself"
            )
        if control.status in (400, 404, 422):
            offered = await self._models()
            if offered is not None and target.model not in offered:
                models = redact(_some(offered, target.model) or "none", target.key)
                model = target.model.replace(target.key, MASK) if target.key else target.model
                unknown = f"{target.origin} does not know the model {model!r}"
                return f"{unknown}; it offers {models}; name one with --model"
        hint = "; if the API has another path, name its whole URL" if control.status in (404, 405) else ""
        refused = f"{target.url} answered {control.status} to the contract's own example"
        return f"{refused}, so nothing can be judged{hint}: {said}"

    async def _models(self) -> list[str] | None:
        """What `GET /v1/models` offers, where the server answers it."""
        if not self.budget.take():
            return None
        probe = Probe("models", "What may be asked for.", None, method="GET", media_type=None)
        models = evolve(self.target, url=models_address(self.target.url))
        await self._pace.turn()
        answer = await exchange(self._client, 0, probe, models, self.settings.limits)
        try:
            return [str(model["id"]) for model in loads(answer.body)["data"]] if answer.status == 200 else None
        except (ValueError, KeyError, TypeError):
            return None
