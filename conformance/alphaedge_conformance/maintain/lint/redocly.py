"""The rules of Redocly, which npm has, by the configuration in scripts/node."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

from ...contract import Contract
from .. import node
from .problem import LeftOut, Problem

RULE = "redocly"
SCRIPT = "@redocly/cli/bin/cli.js"


def content(contract: Contract) -> Iterator[Problem | LeftOut]:
    """What Redocly finds, as its rules are called."""
    try:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            whole = yaml.safe_dump(contract.document, sort_keys=False) if contract.overlays else contract.text
            (folder / "openapi.yaml").write_text(whole, "utf-8")
            config = (node.LOCKED / "redocly.yaml").read_text("utf-8")
            (folder / "redocly.yaml").write_text(config, "utf-8")
            done = node.run(SCRIPT, ["lint", "--format", "json", "openapi.yaml"], folder)
    except (node.Unavailable, OSError) as error:
        yield LeftOut(RULE, str(error))
        return
    try:
        found = json.JSONDecoder().raw_decode(done.stdout[done.stdout.index("{") :])[0]
    except ValueError:
        said = (done.stderr or done.stdout).strip().splitlines()
        yield LeftOut(RULE, f"it did not print JSON: {said[-1] if said else f'exit code {done.returncode}'}")
        return
    for each in found["problems"]:
        where = (each.get("location") or [{}])[0]
        line = (where.get("start") or {}).get("line") or contract.line((where.get("pointer") or "").removeprefix("#"))
        advice = f" ({', '.join(each['suggest'])}?)" if each.get("suggest") else ""
        yield Problem(f"{RULE}: {each['ruleId']}", str(contract.source), line, f"{each['message']}{advice}")
