"""Overlays do what they are for: what the specification of overlays allows, and nobody means."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from ...contract import Contract
from .problem import Problem

MATCHED, EXTENDS = "overlay-target", "overlay-extends"


def warnings(contract: Contract) -> Iterator[Problem]:
    """Actions that change nothing, and overlays that are written for another document."""
    for action in contract.unmatched:
        line = action.overlay.line(f"{action.pointer}/target")
        told = f"{action.target} selects nothing here, so the action changes nothing; correct it, or remove the action"
        yield Problem(MATCHED, str(action.overlay.source), line, told)
    for overlay in contract.overlays:
        extends = overlay.document.get("extends")
        if extends is not None and Path(urlsplit(extends).path).name != contract.source.name:
            told = f"it is written for {extends}, and applied to {contract.source.name}; see whether it fits"
            yield Problem(EXTENDS, str(overlay.source), overlay.line("/extends"), told)
