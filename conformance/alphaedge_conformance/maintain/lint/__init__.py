"""Whether the contract is in order: `alphaedge-contract lint`.

Each rule is a function of the contract that yields problems. What a rule needs and does not find (a validator, the
page, Node) is said, and the others still run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from attrs import asdict, field, frozen

from ...contract import Contract
from .problem import LeftOut, Problem


@frozen
class Report:
    """What `lint` found."""

    contract: Contract
    problems: list[Problem]
    left_out: list[LeftOut]
    warnings: list[Problem] = field(factory=list)
    """What is allowed, and probably a mistake; it fails nothing."""

    def __str__(self) -> str:
        lines = [str(problem) for problem in self.problems]
        lines += [f"warning: {warning}" for warning in self.warnings]
        lines += [f"left out: {each.rule}: {each.why}" for each in self.left_out]
        found = f"{len(self.problems)} problem{'s' * (len(self.problems) != 1)}" if self.problems else "no problems"
        return "\n".join([*lines, f"{self.contract.source}: {found}"])

    @property
    def json(self) -> str:
        """``{"file", "verdict": "no problems" | "problems", "problems": [{"rule", "file", "line", "text"}],
        "warnings": as problems, "left_out": [{"rule", "why"}]}``"""
        form = {
            "file": str(self.contract.source),
            "verdict": "problems" if self.problems else "no problems",
            "problems": [asdict(problem) for problem in self.problems],
            "warnings": [asdict(warning) for warning in self.warnings],
            "left_out": [asdict(each) for each in self.left_out],
        }
        return json.dumps(form, indent=1, ensure_ascii=False)


def lint(contract: Contract, page: Path | None = None, redocly: bool = False) -> Report:
    """Asks every rule. Raises ConfigurationError for a page that cannot be read."""
    from . import descriptions, examples, overlays, requirements, structure
    from . import redocly as npm

    rules: dict[str, Callable[[], Iterator[Problem | LeftOut]]] = {
        "openapi-valid": lambda: structure.valid(contract),
        "component-used": lambda: structure.used(contract),
        "described": lambda: descriptions.described(contract),
        "example-fits": lambda: examples.fitting(contract),
        "requirement-complete": lambda: requirements.complete(contract),
        "level-of-a-keyword": lambda: requirements.levelled(contract),
        "requirement-checked": lambda: requirements.checked(contract),
        "quote-on-the-page": lambda: requirements.quoted(contract, page),
        "member-named": lambda: structure.named(contract),
        "profile-probe": lambda: overlays.probes(contract),
        "link-followed": lambda: structure.followed(contract),
        "keyword-judged": lambda: structure.judged(contract),
    }
    if redocly:
        rules["redocly"] = lambda: npm.content(contract)
    if lost := list(structure.lost(contract)):
        return Report(contract, lost, [LeftOut("the other rules", "needs every $ref to resolve first")])
    found: list[Problem | LeftOut] = []
    for name, rule in rules.items():
        try:
            found += list(rule())
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            if not found:
                raise
            found.append(LeftOut(name, "needs a valid OpenAPI document first"))
    problems = sorted({each for each in found if isinstance(each, Problem)}, key=lambda each: (each.file, each.line))
    left_out = [each for each in found if isinstance(each, LeftOut)]
    return Report(contract, problems, left_out, list(overlays.warnings(contract)))
