"""The requirements of each released version of the contract: `requirements/VERSION.json`, written at its release and
never edited, so that a run can be scored by the version that a server was built for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError
from .requirements import Level, Requirement

FOLDER = Path(__file__).parents[1] / "released"


def versions() -> list[str]:
    """The released versions, the oldest first."""
    return sorted((path.stem for path in FOLDER.glob("*.json")), key=_parts)


def frozen(version: str, requirements: Mapping[str, Requirement]) -> dict[str, Any]:
    """What is kept of a version."""
    every = requirements.values()
    kept = [{"id": each.id, "level": each.level, "source": each.source, "title": each.text} for each in every]
    return {"contract": version, "requirements": kept}


def levels(version: str) -> dict[str, Level]:
    """The level of each requirement of a version. Raises ConfigurationError for one that was not released."""
    if version not in versions():
        known = ", ".join(versions()) or "none"
        raise ConfigurationError(f"there is no released contract version {version!r}; there are: {known}")
    kept = json.loads((FOLDER / f"{version}.json").read_text("utf-8"))["requirements"]
    return {each["id"]: Level(each["level"]) for each in kept}


def _parts(version: str) -> list[tuple[int, str]]:
    return [(int(part) if part.isdigit() else -1, part) for part in version.split(".")]
