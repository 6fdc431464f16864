"""One run of a conformance suite by its command: ours, and Schemathesis's on the same contract."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from alphaedge_conformance.contract import Contract

KEY = "sk-the-key-of-the-bench"
Json = dict[str, Any]


def ours(url: str, *arguments: str) -> Json:
    """A full run of the command."""
    command = [str(Path(sys.executable).with_name("alphaedge-conform")), url, *arguments]
    began = time.time()
    with tempfile.TemporaryDirectory() as folder:
        seconds, code, _ = timed([*command, "--report", folder])
        report = json.loads((Path(folder) / "report.json").read_text("utf-8"))
        first, *_ = json.loads((Path(folder) / "exchanges.har").read_bytes())["log"]["entries"]
    return {
        "seconds": seconds,
        "first_request_after": first["_started"] - began,
        "requests": report["cost"]["requests"],
        "found": any(each["status"] == "failed" for each in report["requirements"]),
        "exit": code,
    }


def schemathesis(url: str) -> Json:
    """A run of the Schemathesis command line with its defaults, and a fixed seed."""
    contract = Contract.load()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(contract.source, Path(folder) / "openapi.yaml")
        command = [str(Path(sys.executable).with_name("schemathesis")), "run", "openapi.yaml", "--url", url, "--seed=1"]
        seconds, code, output = timed([*command, "-H", f"Authorization: Bearer {KEY}", "--no-color"], folder)
    generated = re.search(r"(\d+) generated", output)
    return {"seconds": seconds, "requests": int(generated[1]) if generated else None, "found": code == 1, "exit": code}


def timed(command: list[str], folder: str | None = None) -> tuple[float, int, str]:
    started = time.perf_counter()
    environment = os.environ | {"ALPHAEDGE_API_KEY": KEY}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return time.perf_counter() - started, done.returncode, done.stdout
