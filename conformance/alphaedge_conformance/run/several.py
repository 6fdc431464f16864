"""Several targets judged at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from attrs import evolve

from ..exchange.target import Target
from ..sending.settings import Settings
from .interrupts import interruptible
from .run import Run
from .suite import Progress, Suite
from .targets import folder


def judge_several(
    suite: Suite, wanted: Mapping[Target, Collection[str]], settings: Settings, progress: Progress
) -> list[Run]:
    """Judges each target on its requirements, in a thread of its own and with a budget of its own. One that cannot be
    judged does not stop the others."""

    def judge(target: Target) -> Run:
        own = settings
        if settings.report is not None:
            own = evolve(settings, report=settings.report / folder(target.name))
            assert own.report is not None
            own.report.mkdir(exist_ok=True)
        return suite.run(wanted[target], target, own, partial(progress, of=target.name))

    with interruptible(), ThreadPoolExecutor(len(wanted)) as pool:
        return list(pool.map(judge, wanted))
