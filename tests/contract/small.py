"""Schemas of a few lines, each in a contract of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from alphaedge_conformance.contract import Contract

ROOT = "/components/schemas/Small"


def small(schema: Any) -> Contract:
    """A contract that has this schema at ROOT, and nothing that could be judged."""
    document = {"openapi": "3.2.0", "paths": {"/v1": {"post": {}}}, "components": {"schemas": {"Small": schema}}}
    return Contract.parse(Path("openapi.yaml"), yaml.safe_dump(document, sort_keys=False))
