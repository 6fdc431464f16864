"""Run the conformance suite against real servers: servers.py [--runs N] [NAME [ARGUMENT of alphaedge-conform ...]]

Without NAME every server that is not heavy is judged. `--serve NAME` starts one and waits for Ctrl-C; `--lock NAME`
writes its servers/locks/NAME.txt anew.
Exits with the suite's code, the highest of several; with 2 when a server cannot be had or on a signal, with 4 on
wrong usage.
"""

import argparse
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from recipes import INCONCLUSIVE, USAGE, WORK, Failed, Recipe, environment, lock, names, read, serving


def judge(recipe: Recipe, runs: int, arguments: list[str], name: str = "report") -> list[int]:
    """Run the suite, several times if asked, and say whether the verdicts were the same; the code of each run.

    A server may remember, and one run may end it: each has a server of its own.
    """
    suite = Path(sys.executable).with_name("alphaedge-conform")
    if not suite.exists():
        raise Failed(USAGE, f"{suite} is missing: install alphaedge[conformance] for this Python")
    codes = []
    for folder in folders(recipe.name, runs, name):
        if folder.exists():
            shutil.rmtree(folder)
        with serving(recipe, WORK / recipe.name) as url:
            print(f"{recipe.name} {recipe.version} at {url}", flush=True)
            command = [str(suite), url, "--model", recipe.model, "--report", str(folder), *arguments]
            codes.append(subprocess.run(command, env=environment(recipe)).returncode)
    if runs > 1 and not judged(recipe.name, codes, name):
        print(f"{recipe.name}: {runs} runs, not compared because some wrote no report", flush=True)
    elif runs > 1:
        differing = flaky(
            [json.loads((folder / "report.json").read_text()) for folder in folders(recipe.name, runs, name)]
        )
        for id, seen in differing.items():
            print(f"flaky: {id}: {', '.join(seen)}")
        print(f"{recipe.name}: {runs} runs, requirements whose verdicts differ: {len(differing)}", flush=True)
    return codes


def worst(codes: list[int]) -> int:
    """The highest; a suite that was killed, whose code is below 0, has judged nothing."""
    return max(INCONCLUSIVE if code < 0 else code for code in codes)


def judged(server: str, codes: list[int], name: str = "report") -> bool:
    """Whether each run came to a verdict and wrote its report."""
    written = all((folder / "report.json").exists() for folder in folders(server, len(codes), name))
    return written and {0, 1, INCONCLUSIVE}.issuperset(codes)


def folders(server: str, runs: int, name: str = "report") -> list[Path]:
    """One for the report of each run."""
    return [WORK / server / (name if number == 1 else f"{name}-{number}") for number in range(1, runs + 1)]


def flaky(reports: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The requirements whose status differs between runs, with what each run saw."""
    seen: dict[str, list[tuple[str, str]]] = {}
    for each in (requirement for report in reports for requirement in report["requirements"]):
        seen.setdefault(each["id"], []).append((each["status"], f"{each['failed']} of {each['of']}"))
    return {id: [f"{status} ({counts})" for status, counts in all] for id, all in seen.items() if len({*dict(all)}) > 1}


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Failed(USAGE, f"servers.py: {message}")


def main() -> int:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--runs", type=int, default=1, help="how often to judge each server; the runs are compared (default: 1)"
    )
    parser.add_argument("--serve", action="store_true", help="start the server and judge nothing")
    parser.add_argument("--lock", action="store_true", help="write its lock anew and judge nothing")
    parser.add_argument("name", nargs="?", help=f"one of: {', '.join(names())}")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="of alphaedge-conform")
    given = parser.parse_args()
    if given.runs < 1 or ((given.serve or given.lock) and not given.name):
        parser.error("--runs takes a number from 1, and --serve and --lock the NAME of a server")
    if given.lock:
        lock(read(given.name))
        return 0
    if given.serve:
        serve(read(given.name))
    codes: list[int] = []
    for recipe in [read(given.name)] if given.name else [each for each in map(read, names()) if not each.heavy]:
        try:
            codes += judge(recipe, given.runs, given.arguments)
        except Failed as failed:
            print(failed, file=sys.stderr, flush=True)
            codes.append(failed.code)
    return worst(codes)


def serve(recipe: Recipe) -> NoReturn:
    """Until a signal comes."""
    with serving(recipe, WORK / recipe.name) as url:
        print(f"export URL={url} ALPHAEDGE_API_KEY={recipe.key}  # model {recipe.model}", flush=True)
        while True:
            signal.pause()


def run_as_a_program(main: Callable[[], int]) -> NoReturn:
    """A signal ends the servers too."""
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: sys.exit(INCONCLUSIVE))
    try:
        sys.exit(main())
    except Failed as failed:
        print(failed, file=sys.stderr)
        sys.exit(failed.code)
    except (OSError, subprocess.SubprocessError) as error:
        print(error, file=sys.stderr)
        sys.exit(INCONCLUSIVE)


if __name__ == "__main__":
    run_as_a_program(main)
