"""How far a fleet has come: a line now and then, on standard error."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Sequence

from attrs import define, field

from .outcome import Outcome

EVERY = 5.0
"""Seconds between two lines."""


@define
class Progress:
    targets: int
    quiet: bool
    _verdicts: Counter[str] = field(factory=Counter, init=False)
    _said: float = field(factory=time.monotonic, init=False)

    def __call__(self, outcomes: Sequence[Outcome]) -> None:
        self._verdicts.update(each.facts["verdict"] for each in outcomes)
        if self.quiet or time.monotonic() < self._said + EVERY:
            return
        self._said = time.monotonic()
        verdicts = ", ".join(f"{count} {verdict}" for verdict, count in self._verdicts.most_common())
        print(f"{self._verdicts.total()} of {self.targets} targets: {verdicts}", file=sys.stderr, flush=True)
