"""What named clients make of a server's departures: clients_matrix.py [--record] [--check]

Each row is a fault of the mock: the suite judges it, and what came back for its first finding is kept in
clients/recordings/ (`--record` makes these anew), beside what the conforming mock answers to the same request. Each
cell is a run: a client of clients/python/ or clients/node/ asks clients/replay.py, which answers with the recording.
Writes clients/results/matrix.json and docs/clients.md; `--check` only says whether the page is that of the results.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from recipes import INCONCLUSIVE, ROOT, WORK, Failed, Recipe, install
from servers import run_as_a_program

CLIENTS = ROOT / "clients"
RECORDINGS = CLIENTS / "recordings"
RESULTS = CLIENTS / "results" / "matrix.json"
PAGE = ROOT / "docs" / "clients.md"
Json = dict[str, Any]

PYTHON = {
    "openai (Python)": ("openai", "openai_python"),
    "langchain-openai": ("langchain-openai", "langchain"),
    "LiteLLM": ("litellm", "litellm_sdk"),
    "pydantic-ai": ("pydantic-ai-slim", "pydantic_ai_agent"),
    "mistralai": ("mistralai", "mistralai_sdk"),
    "alphaedge": ("alphaedge", "alphaedge_client"),
}
NODE = {
    "openai (Node)": ("openai", "openai_node"),
    "Vercel AI SDK": ("@ai-sdk/openai-compatible", "ai_sdk"),
}
"""By what the table calls it: a client's package, and its program."""
FAULTS = (
    *("streams-by-default", "null-for-nothing", "truncated", "error-with-status-200", "fractions", "end-turn"),
    *("never-streams", "stream-labelled-json", "lines-without-data", "python-instead-of-json", "keep-alive-as-data"),
    *("no-done", "stays-open", "breaks-off", "error-in-the-stream", "hangs-after-an-error", "empty-stream"),
    *("no-role", "no-finish-reason", "no-choice-at-all", "text-so-far", "numbers-as-deltas", "halves-of-emoji"),
    *("error-is-text", "html", "error-without-body", "flat-error", "bad-temperature-is-500"),
)


# The recordings


def record() -> None:
    """The exchange of each fault's first finding, and the conforming mock's for the same request."""
    from alphaedge_conformance.contract import Contract
    from alphaedge_conformance.exchange import Exchange
    from alphaedge_conformance.maintain.kill_matrix import trial
    from alphaedge_conformance.mock import Mock
    from alphaedge_conformance.mock.faults import BY_HAND
    from alphaedge_conformance.run.suite import Suite

    def reduced(exchange: Exchange) -> Json:
        end = "open" if exchange.timed_out else "broken" if exchange.failure else "whole"
        return {
            "status": exchange.status,
            "headers": [[name, value] for name, value in exchange.headers if name.lower() not in ("date", "server")],
            "chunks": [[round(chunk.at, 3), chunk.data.decode("latin-1")] for chunk in exchange.chunks],
            "end": end,
        }

    suite = Suite.of(Contract.load())
    right = {exchange.probe.name: exchange for exchange in trial(suite, Mock).exchanges}
    shutil.rmtree(RECORDINGS, ignore_errors=True)
    RECORDINGS.mkdir()
    for name in FAULTS:
        fault = BY_HAND[name]
        run = trial(suite, fault.make)
        id, finding = next(
            (id, finding)
            for id, verdict in run.verdicts.items()
            for finding in verdict.findings
            if finding.exchange.status is not None and finding.exchange.probe.method == "POST"
        )
        probe = finding.exchange.probe
        recording = {
            "fault": name,
            "sentence": " ".join(fault.text.split()),
            "requirement": id,
            "finding": finding.message,
            "probe": probe.name,
            "streams": probe.streams,
            "departure": reduced(finding.exchange),
            "expected": reduced(right[probe.name]),
        }
        path = RECORDINGS / f"{name}.json"
        path.write_text(json.dumps(recording, indent=1, ensure_ascii=False) + "\n", "utf-8")
        print(f"{name}: {id}: {probe.name}", flush=True)


def recordings() -> list[Json]:
    known = [json.loads((RECORDINGS / f"{name}.json").read_text("utf-8")) for name in FAULTS]
    return sorted(known, key=lambda each: FAULTS.index(each["fault"]))


# The clients


def install_clients(work: Path) -> dict[str, list[str]]:
    """The command of each, by its name."""
    lock = CLIENTS / "requirements.lock"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    requirements = ["--require-hashes", "--requirement", str(lock)]
    install(Recipe("clients-matrix", digest, "", [], "", "", "", 0, requirements), work)
    node = work / "node"
    wanted = (CLIENTS / "node" / "package-lock.json").read_bytes()
    if not (node / "stamp").exists() or (node / "stamp").read_bytes() != wanted:
        node.mkdir(exist_ok=True)
        for path in (CLIENTS / "node").glob("*.json"):
            shutil.copy(path, node)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]
        if subprocess.run(command, cwd=node).returncode:
            raise Failed(INCONCLUSIVE, f"npm ci failed in {node}")
        (node / "stamp").write_bytes(wanted)
    for path in (CLIENTS / "node").glob("*.mjs"):
        shutil.copy(path, node)  # a module finds its packages beside itself
    python = str(work / "venv" / "bin" / "python")
    commands = {name: [python, str(CLIENTS / "python" / f"{program}.py")] for name, (_, program) in PYTHON.items()}
    return commands | {name: ["node", str(node / f"{program}.mjs")] for name, (_, program) in NODE.items()}


def versions(work: Path) -> dict[str, str]:
    python = str(work / "venv" / "bin" / "python")
    names = [package for package, _ in PYTHON.values() if package != "alphaedge"]
    ask = f"import importlib.metadata as m, json; print(json.dumps({{n: m.version(n) for n in {names}}}))"
    known = json.loads(subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout)
    known["alphaedge"] = version("alphaedge")
    found = {name: known[package] for name, (package, _) in PYTHON.items()}
    for name, (package, _) in NODE.items():
        found[name] = json.loads((work / "node" / "node_modules" / package / "package.json").read_text())["version"]
    return found


@contextmanager
def replaying() -> Iterator[str]:
    command = ["python3", str(CLIENTS / "replay.py"), str(RECORDINGS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def outcomes(command: list[str], url: str, rows: list[Json]) -> list[tuple[Json, Json]]:
    """Of each row what came of the departure, and of the answer that was due."""
    calls = [
        json.dumps({"url": f"{url}/{row['fault']}/{which}", "streams": row["streams"]})
        for row in rows
        for which in ("departure", "expected")
    ]
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": str(ROOT / "generated"), "HOME": str(WORK)}
    env |= {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    done = subprocess.run(command, input="\n".join(calls), env=env, capture_output=True, text=True)
    came = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if len(came) != len(calls):
        raise Failed(INCONCLUSIVE, f"{' '.join(command)} answered {len(came)} of {len(calls)} calls:\n{done.stderr}")
    return list(zip(came[::2], came[1::2], strict=True))


def cell(came: Json, due: Json) -> str:
    """What a program notices of a departure."""
    if "hangs" in came:
        return "hangs"
    if "raises" in came:
        return "nothing" if came == due else f"raises {came['raises']}"
    if "raises" in due:
        return f"no {due['raises']}"
    text, whole = came["text"], due["text"] or ""
    if text == due["text"]:
        return "nothing"
    if not text:
        return "the text None" if text is None else "loses the text"
    return "loses text" if whole.startswith(text) else "another text"


def measure() -> Json:
    work = WORK / "clients-matrix"
    commands, rows = install_clients(work), recordings()
    with replaying() as url:
        seen = {name: outcomes(command, url, rows) for name, command in commands.items()}
    return {
        "versions": versions(work),
        "rows": [
            {
                **{name: row[name] for name in ("fault", "sentence", "requirement", "streams")},
                "cells": {name: cell(*seen[name][index]) for name in commands},
                "outcomes": {name: seen[name][index][0] for name in commands},
            }
            for index, row in enumerate(rows)
        ],
    }


# The page


def page(results: Json) -> str:
    names = list(results["versions"])
    lines = [(CLIENTS / "introduction.md").read_text("utf-8").rstrip(), ""]
    lines += ["| client | version | program |", "|---|---|---|"]
    programs = {name: f"clients/python/{program}.py" for name, (_, program) in PYTHON.items()}
    programs |= {name: f"clients/node/{program}.mjs" for name, (_, program) in NODE.items()}
    lines += [f"| {name} | {results['versions'][name]} | `{programs[name]}` |" for name in names]
    for title, streams in (("Answers that are one JSON object", False), ("Streams", True)):
        lines += ["", f"## {title}", "", f"| departure | requirement | {' | '.join(names)} |"]
        lines += ["|---" * (len(names) + 2) + "|"]
        for row in results["rows"]:
            if row["streams"] is streams:
                cells = [row["sentence"], f"`{row['requirement']}`", *(row["cells"][name] for name in names)]
                lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true", help="record the departures anew")
    parser.add_argument("--check", action="store_true", help="compare the page only")
    given = parser.parse_args()
    if not given.check:
        if given.record:
            record()
        RESULTS.write_text(json.dumps(measure(), indent=1, ensure_ascii=False) + "\n", "utf-8")
    text = page(json.loads(RESULTS.read_text("utf-8")))
    if given.check:
        return int(not PAGE.exists() or PAGE.read_text("utf-8") != text)
    PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    run_as_a_program(main)
