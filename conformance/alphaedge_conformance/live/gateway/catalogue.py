"""The requirements of a gateway, from `requirements.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from ...contract.requirements import Level, Requirement, Source


@cache
def requirements() -> dict[str, Requirement]:
    """By id, in the order of the file."""
    text = files(__package__).joinpath("requirements.toml").read_text("utf-8")
    return {
        entry["id"]: Requirement(entry["id"], Level(entry["level"]), Source.CONVENTION, entry["text"], None, "")
        for entry in tomllib.loads(text)["requirement"]
    }
