"""Run the conformance suite against a real server: field.py NAME [ARGUMENT of alphaedge-conform ...]

A recipe, field/NAME.toml, says how to install and start the server; what is made lies in .field/NAME.
Exits with the suite's code; with 2 when the server cannot be had or on a signal, with 4 on wrong usage.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import NoReturn
from urllib.request import ProxyHandler, build_opener

ROOT = Path(__file__).resolve().parents[1]
RECIPES = ROOT / "field"
WORK = ROOT / ".field"
INCONCLUSIVE, USAGE = 2, 4


@dataclass(frozen=True)
class Recipe:
    """One server. In command, env and files, {bin} {dir} {key} {port} are filled in."""

    name: str
    version: str
    requirements: list[str]
    command: list[str]
    env: Mapping[str, str]
    ready: str
    model: str
    key: str
    start_timeout: float
    files: Mapping[str, str]


def fail(code: int, message: str) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(code)


def read(name: str) -> Recipe:
    known = {path.stem: path for path in sorted(RECIPES.glob("*.toml"))}
    if name not in known:
        fail(USAGE, f"usage: field.py NAME [ARGUMENT ...], where NAME is one of: {', '.join(known)}")
    try:
        return Recipe(**tomllib.loads(known[name].read_text()))
    except (tomllib.TOMLDecodeError, TypeError) as error:
        fail(USAGE, f"{known[name]}: {error}")


def install(recipe: Recipe, target: Path) -> None:
    """The stamp is written last, so a half-made environment is made again."""
    stamp, wanted = target / "stamp", "\n".join([sys.version, str(target), *recipe.requirements])
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"installing {recipe.name} {recipe.version}", flush=True)
    venv.create(target, clear=True, with_pip=True)
    if subprocess.run([target / "bin" / "pip", "-qq", "install", *recipe.requirements]).returncode:
        fail(INCONCLUSIVE, f"{recipe.name} could not be installed")
    stamp.write_text(wanted)


@contextmanager
def serving(recipe: Recipe, work: Path) -> Iterator[str]:
    """The base URL of the running server, which is stopped whatever happens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    home, log = work / "home", work / "server.log"
    values = {"bin": str(work / "venv" / "bin"), "dir": str(home), "key": recipe.key, "port": str(port)}
    home.mkdir(exist_ok=True)
    for name, text in recipe.files.items():
        (home / name).write_text(fill(text, values))
    # Nothing else of our environment: LLM_KATAN_PORT or DATABASE_URL would make it another server.
    env = {"PATH": os.defpath, "HOME": str(home)} | {name: fill(text, values) for name, text in recipe.env.items()}
    command = [fill(word, values) for word in recipe.command]
    with log.open("wb") as out:
        server = subprocess.Popen(command, cwd=home, env=env, stdout=out, stderr=out, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    try:
        if not is_ready(server, url + recipe.ready, recipe.start_timeout):
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:]).replace(recipe.key, "[key]")
            fail(INCONCLUSIVE, f"{recipe.name} did not start; the end of {log}:\n{tail}")
        yield url
    finally:
        stop(server)


def fill(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{(bin|dir|key|port)\}", lambda match: values[match[1]], text)


def is_ready(server: subprocess.Popen[bytes], url: str, timeout: float) -> bool:
    direct = build_opener(ProxyHandler({}))
    deadline = time.monotonic() + timeout
    while server.poll() is None and time.monotonic() < deadline:
        with suppress(OSError, HTTPException), direct.open(url, timeout=2):
            return True
        time.sleep(0.1)
    return False


def stop(server: subprocess.Popen[bytes]) -> None:
    """Ask, then insist: uvicorn waits for an open stream as long as it lasts, and a group may outlive its leader."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for signum in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(server.pid, signum)
            server.wait(timeout=5)


def main(name: str = "", *arguments: str) -> int:
    recipe, work = read(name), WORK / name
    suite = Path(sys.executable).with_name("alphaedge-conform")
    if not suite.exists():
        fail(USAGE, f"{suite} is missing: install alphaedge[conformance] for this Python")
    install(recipe, work / "venv")
    with serving(recipe, work) as url:
        print(f"{recipe.name} {recipe.version} at {url}", flush=True)
        command = [str(suite), url, "--model", recipe.model, "--report", str(work / "report"), *arguments]
        return subprocess.run(command, env=os.environ | {"ALPHAEDGE_API_KEY": recipe.key}).returncode


if __name__ == "__main__":
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: sys.exit(INCONCLUSIVE))
    try:
        sys.exit(main(*sys.argv[1:]))
    except (OSError, subprocess.SubprocessError) as error:
        fail(INCONCLUSIVE, str(error))
