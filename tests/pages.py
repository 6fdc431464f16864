"""Pages of Markdown as a reader uses them: the fenced blocks in their order, and a shell that types what they say."""

from __future__ import annotations

import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from attrs import frozen
from markdown_it import MarkdownIt

from .helpers import ROOT

PATIENCE = 60.0
"""Seconds after which a command counts as hanging."""
MARK = "\x1edone\x1e"
UNSHOWN = re.compile(r"^(bash: line \d+: +\d+ Terminated.*|\d+ of \d+ (?:requests, \d+ findings?|targets: ).*)\n", re.M)
"""What no page shows: bash where it has no prompt, and the progress of a slow run."""


@frozen
class Block:
    """A fenced block; an indented one has the language ``indented``."""

    page: str
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def file(self) -> str | None:
        """The file that it is, by a comment in its first line: ``# targets.toml``."""
        found = re.match(r"# ([\w./-]+\.(?:toml|yaml|yml|py))\n", self.text)
        return found.group(1) if found else None


@frozen
class Command:
    """What is typed at a prompt, and what the page shows after it."""

    block: Block
    text: str
    output: str | None
    """None where it shows commands alone."""

    @property
    def stays(self) -> bool:
        """In the background."""
        return self.text.rstrip().endswith("&")


def blocks(page: str) -> list[Block]:
    tokens = MarkdownIt().enable("table").parse((ROOT / page).read_text("utf-8"))
    return [
        Block(page, (token.map or [0])[0] + 1, token.info.split()[0] if token.info else "indented", token.content)
        for token in tokens
        if token.type in ("fence", "code_block")
    ]


def inline(page: str) -> Iterator[str]:
    """What stands between backticks in the text."""
    for token in MarkdownIt().enable("table").parse((ROOT / page).read_text("utf-8")):
        yield from (child.content for child in token.children or () if child.type == "code_inline")


def commands(block: Block) -> list[Command]:
    """Of a ``console``: what stands after ``$``, with the lines that it goes on in, and the output below. Of ``sh``:
    and of a ``console`` without ``$``, each line."""
    if not re.search(r"^\$ ", block.text, re.M):
        lines = [re.sub(r"\s+#\s.*", "", line) for line in block.text.splitlines()]
        return [Command(block, line, None) for line in lines if line and not line.startswith("#")]
    found: list[Command] = []
    typed: list[str] = []
    output: list[str] = []
    for line in block.text.splitlines():
        goes_on = bool(typed) and not output and typed[-1].endswith("\\")
        if line.startswith("$ "):
            if typed:
                found.append(Command(block, "\n".join(typed), "\n".join(output)))
            typed, output = [line[2:]], []
        elif goes_on:
            typed.append(line)
        else:
            assert typed, f"{block.place}: a console begins with a command, `$ …`"
            output.append(line)
    return [*found, Command(block, "\n".join(typed), "\n".join(output))] if typed else found


def same(expected: str, came: str) -> bool:
    """Whether a page shows what came. ``…`` is any text of a line, and alone in a line any lines; seconds are any."""
    pattern = ""
    for line in settled(expected).splitlines():
        pattern += r"(?:.*\n)*?" if line.strip() == "…" else ".*".join(map(re.escape, line.split("…"))) + r"\n"
    return re.fullmatch(pattern, settled(came)) is not None


def settled(text: str) -> str:
    lines = [f"{line.rstrip()}\n" for line in text.strip("\n").splitlines()]
    return re.sub(r"\b\d+\.\d+ s\b", "0.0 s", "".join(lines))


def checkout(folder: Path) -> Path:
    """A copy of what is tracked or would be, with this environment as its .venv."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).exists():
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    (folder / ".venv").mkdir()
    for path in Path(sys.prefix).iterdir():
        if path.name != "installed":
            (folder / ".venv" / path.name).symlink_to(path)
    (folder / ".venv" / "installed").touch()
    return folder


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


class Shell:
    """One bash for a page, in a checkout; what it started in the background ends with it."""

    def __init__(self, folder: Path, stand_ins: dict[str, str]) -> None:
        self.stand_ins, self.ports = stand_ins, dict[str, str]()
        self.process = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            cwd=folder,
            env=environment(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        self.lines: queue.Queue[str] = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put("")

    def run(self, command: Command) -> tuple[int, str]:
        """The exit code and the output; of what stays in the background, as many lines as the page shows."""
        assert self.process.stdin is not None
        text = self.meant(command.text)
        # `$?` is still that of the command, for the next one to see.
        self.process.stdin.write(f"{text}\n_code=$?; printf '{MARK}%s\\n' $_code; (exit $_code)\n")
        self.process.stdin.flush()
        expected = len((command.output or "").splitlines()) if command.stays else 0
        code: int | None = None
        came: list[str] = []
        while code is None or len(came) < expected:
            try:
                line = self.lines.get(timeout=PATIENCE)
            except queue.Empty:
                raise AssertionError(f"{command.block.place}: {text!r} hangs after {''.join(came)!r}") from None
            assert line, f"{command.block.place}: {text!r} ended the shell after {''.join(came)!r}"
            before, mark, after = line.partition(MARK)
            code = int(after) if mark else code
            came += [before] if before else []
        return code, self.as_on_the_page("".join(came))

    def meant(self, text: str) -> str:
        """A page's text with its stand-ins, and a free port for each of its own."""
        for written, real in self.stand_ins.items():
            text = text.replace(written, real)
        for port in re.findall(r"\b80\d\d\b", text):
            text = re.sub(rf"\b{port}\b", self.ports.setdefault(port, str(free_port())), text)
        return text

    def as_on_the_page(self, text: str) -> str:
        for written, real in {**self.stand_ins, **self.ports}.items():
            text = re.sub(rf"{re.escape(real)}\b", written, text)
        return UNSHOWN.sub("", text)

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        self.process.stdout.close()


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Of somebody who has just made the checkout and entered .venv: no key, no CI."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "XDG_CACHE_HOME", "TMPDIR") if name in os.environ}
    path = f"{folder / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    packages = os.pathsep.join(str(folder / name) for name in ("generated", "conformance"))
    return {**kept, "PATH": path, "PYTHONPATH": packages, "PYTHONUNBUFFERED": "1", **more}
