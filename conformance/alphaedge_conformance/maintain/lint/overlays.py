"""Overlays do what they are for: their actions change something, and their probes are in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from ...contract import Contract, pointer
from ...contract.further import named
from ...contract.requirements import catalogue
from ...errors import ConfigurationError
from ...exchange import Expect
from ...probes.meaning import control
from ...probes.stated import every
from .problem import LeftOut, Problem, problem
from .structure import located

MATCHED, EXTENDS, PROBES = "overlay-target", "overlay-extends", "profile-probe"


def warnings(contract: Contract) -> Iterator[Problem]:
    """Actions that change nothing, and overlays that are written for another document."""
    for action in contract.unmatched:
        line = action.overlay.line(f"{action.pointer}/target")
        message = (
            f"{action.target} selects nothing here, so the action changes nothing; correct it, or remove the action"
        )
        yield Problem(MATCHED, str(action.overlay.source), line, message)
    for overlay in contract.overlays:
        extends = overlay.document.get("extends")
        if extends is not None and Path(urlsplit(extends).path).name != contract.source.name:
            message = f"it is written for {extends}, and applied to {contract.source.name}; see whether it fits"
            yield Problem(EXTENDS, str(overlay.source), overlay.line("/extends"), message)


def probes(contract: Contract) -> Iterator[Problem | LeftOut]:
    """Each x-probe is whole, named once, about requirements that there are, and as valid as it expects to be; each
    profile's control is one of them."""
    stated = contract.document.get("x-probes")
    if stated is None and not contract.overlays:
        return
    try:
        ids, made = catalogue(contract), list(every(contract, control(contract, "")))
    except ConfigurationError as error:
        yield located(contract, PROBES, error)
        return
    names = Counter(probe.name for probe in made)
    for index, probe in enumerate(made):
        here = pointer("x-probes", index)
        view = named(contract, probe.operation_name)
        broken = view.violations(view.request_schema, probe.request) if view.has_body else []
        if names[probe.name] > 1:
            yield problem(contract, PROBES, here, f"the name {probe.name!r} is taken; give each its own")
        for id in sorted(probe.requirement_ids - ids.keys()):
            yield problem(contract, PROBES, f"{here}/about", f"there is no requirement {id}; correct it")
        if broken and probe.expect is Expect.ACCEPTED:
            message = f"the request is not valid: {broken[0].message}; correct it, or say what to expect"
            yield problem(contract, PROBES, f"{here}/request", message)
    for overlay in contract.overlays:
        of = overlay.document.get("x-profile")
        is_good = isinstance(of, dict) and of.get("control") in names and of.get("shown-by") in ids
        if of is not None and not is_good:
            message = "expected the name of an x-probe as `control`, and a requirement as `shown-by`; correct it"
            yield Problem(PROBES, str(overlay.source), overlay.line("/x-profile"), message)
