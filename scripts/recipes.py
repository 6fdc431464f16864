"""Servers that others wrote: how a recipe, servers/NAME.toml, is installed and started in .servers/NAME."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
import venv
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from listening import listening

ROOT = Path(__file__).resolve().parents[1]
RECIPES = ROOT / "servers"
WORK = ROOT / ".servers"
INCONCLUSIVE, USAGE = 2, 4


@dataclass(frozen=True)
class Recipe:
    """One server. In build, command, env and files, the names of `places` in braces are filled in."""

    name: str
    version: str
    about: str
    """One line for the table of results: what kind of server it is, and what stands behind it."""
    command: list[str]
    ready: str
    model: str
    key: str
    start_timeout: float
    requirements: list[str] = field(default_factory=list)
    """For pip, into a virtual environment."""
    locked: bool = False
    """Whether servers/locks/NAME.txt pins, with hashes, all that these bring along."""
    npm: bool = False
    """Whether servers/npm/NAME has a package.json and its lock."""
    build: list[list[str]] = field(default_factory=list)
    """Run before each start, so they must cost little where there is nothing left to do."""
    env: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    upstream: str | None = None
    """The recipe of a server that this one forwards to."""
    runs: int = 2
    """How often it is judged for the page: more often where something depends on the time."""
    profiles: list[str] = field(default_factory=list)
    """The profiles that it claims; judged at thorough effort."""
    heavy: bool = False
    """Takes gigabytes or a long time, and so runs only by its name."""


class Failed(Exception):
    """Nothing was judged; with the exit code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def names() -> list[str]:
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def read(name: str) -> Recipe:
    if name not in names():
        raise Failed(USAGE, f"servers.py: no server {name!r}; there are: {', '.join(names())}")
    path = RECIPES / f"{name}.toml"
    try:
        return Recipe(**tomllib.loads(path.read_text()))
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise Failed(USAGE, f"{path}: {error}") from None


def install(recipe: Recipe, work: Path) -> None:
    """The stamp is written last, so a half-made environment is made again."""
    work.mkdir(parents=True, exist_ok=True)
    manifests = sorted((RECIPES / "npm" / recipe.name).glob("*.json")) if recipe.npm else []
    locks = [lock_of(recipe)] if recipe.locked else []
    pinned = [path.read_text() for path in locks + manifests]
    wanted = "\n".join([sys.version, str(work), recipe.version, *recipe.requirements, *pinned])
    stamp = work / "stamp"
    if not recipe.requirements + manifests or (stamp.exists() and stamp.read_text() == wanted):
        return
    print(f"installing {recipe.name} {recipe.version}", flush=True)
    stamp.unlink(missing_ok=True)
    if recipe.requirements:
        target = work / "venv"
        venv.create(target, clear=True, with_pip=True)
        pip = [str(target / "bin" / "pip"), "-qq", "--disable-pip-version-check", "install"]
        locked = [word for lock in locks for word in ("--require-hashes", "--requirement", str(lock))]
        run(recipe, [*pip, *(locked or recipe.requirements)], work)
    if recipe.npm:
        target = work / "npm"
        target.mkdir(exist_ok=True)
        for path in manifests:
            shutil.copy(path, target)
        run(recipe, ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"], target)
    stamp.write_text(wanted)


def lock_of(recipe: Recipe) -> Path:
    return RECIPES / "locks" / f"{recipe.name}.txt"


def lock(recipe: Recipe) -> None:
    """Write its lock: what the requirements bring along on any system, with hashes."""
    uv = str(Path(sys.executable).with_name("uv"))
    command = [uv, "pip", "compile", "-", "--universal", "--python-version", "3.11", "--generate-hashes"]
    command += [
        "--no-header",
        "--no-annotate",
        "--no-strip-extras",
        "--upgrade",
        "--quiet",
        "--output-file",
        str(lock_of(recipe)),
    ]
    lock_of(recipe).parent.mkdir(exist_ok=True)
    if subprocess.run(command, input="\n".join(recipe.requirements), text=True).returncode:
        raise Failed(INCONCLUSIVE, f"{recipe.name} could not be locked")


def run(recipe: Recipe, command: list[str], folder: Path, env: Mapping[str, str] | None = None) -> None:
    if subprocess.run(command, cwd=folder, env=env).returncode:
        raise Failed(INCONCLUSIVE, f"{recipe.name} could not be made: {' '.join(command)}")


@contextmanager
def serving(recipe: Recipe, work: Path) -> Iterator[str]:
    """The base URL of the running server, installed where need be, and stopped whatever happens."""
    install(recipe, work)
    home, log = work / "home", work / "server.log"
    home.mkdir(exist_ok=True)
    with ExitStack() as stack:
        values = places(recipe, work)
        if recipe.upstream:
            other = read(recipe.upstream)
            values["upstream"] = stack.enter_context(serving(other, WORK / other.name))
            values |= {"upstream_key": other.key, "upstream_model": other.model}
        for name, text in recipe.files.items():
            (home / name).write_text(fill(text, values))
        # Nothing else of our environment: LLM_KATAN_PORT or DATABASE_URL would make it another server.
        env = {"PATH": os.defpath, "HOME": str(home)} | {name: fill(text, values) for name, text in recipe.env.items()}
        for command in recipe.build:
            run(recipe, [fill(word, values) for word in command], home, env)
        command = [fill(word, values) for word in recipe.command]
        with log.open("wb") as out:
            server = subprocess.Popen(command, cwd=home, env=env, stdout=out, stderr=out, start_new_session=True)
        stack.callback(stop, server)
        url = f"http://127.0.0.1:{values['port']}"
        if not is_ready(server, url + recipe.ready, recipe.start_timeout):
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:]).replace(recipe.key or "\0", "[key]")
            raise Failed(INCONCLUSIVE, f"{recipe.name} did not start; the end of {log}:\n{tail}")
        where = listening(server.pid)
        if not where or not all(address.is_loopback for address in where):
            seen = ", ".join(map(str, where)) or "no address that /proc shows"
            raise Failed(INCONCLUSIVE, f"{recipe.name} listens on {seen}, and must listen on loopback only: not used")
        yield url


def places(recipe: Recipe, work: Path) -> dict[str, str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return {
        "bin": str(work / "venv" / "bin"),
        "site": str(work / "venv" / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}/site-packages"),
        "modules": str(work / "npm" / "node_modules"),
        "node": shutil.which("node") or "node",
        "python": sys.executable,  # the kit's own
        "root": str(ROOT),
        "work": str(work),
        "dir": str(work / "home"),
        "key": recipe.key,
        "port": str(port),
    }


def fill(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], match[0]), text)


def is_ready(server: subprocess.Popen[bytes], url: str, timeout: float) -> bool:
    direct = build_opener(ProxyHandler({}))
    deadline = time.monotonic() + timeout
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with direct.open(url, timeout=2):
                return True
        except HTTPError as answer:
            if answer.code < 500:  # it asks for a key there, or has no such page
                return True
        except (OSError, HTTPException):
            pass
        time.sleep(0.1)
    return False


def stop(server: subprocess.Popen[bytes]) -> None:
    """Ask, then insist: uvicorn waits for an open stream as long as it lasts, and a group may outlive its leader."""
    before = {signum: signal.signal(signum, signal.SIG_IGN) for signum in (signal.SIGINT, signal.SIGTERM)}
    for signum in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(server.pid, signum)
            server.wait(timeout=5)
    for signum, handler in before.items():
        signal.signal(signum, handler)


def environment(recipe: Recipe) -> dict[str, str]:
    """Ours, with the server's key: none where it knows no keys."""
    ours = {name: value for name, value in os.environ.items() if name != "ALPHAEDGE_API_KEY"}
    return ours | ({"ALPHAEDGE_API_KEY": recipe.key} if recipe.key else {})
