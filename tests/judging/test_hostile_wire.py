"""Whatever bytes come, a run of the command ends with its exit code, in bounded time and memory, and prints no control
character of theirs."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from ..helpers import some
from ..targets import Answer, Asked, Target, chunked, completion, piece, response, serving

LONGEST = 60
"""Seconds of the processor that a run may take; how long it waits is bounded by its own limits."""
MEMORY = 200 * 2**20
MIB = 2**20
MEASURED = """
import json, resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
open(sys.argv[1], "w").write(json.dumps([used.ru_maxrss * 1024, used.ru_utime + used.ru_stime]))
sys.exit(code)
"""
"""Runs a command, and says what it took; a process that is started by a large one counts as large itself."""
KEY = "sk-a-key-of-the-hostile-tests"


async def headers_without_end(asked: Asked) -> None:
    await asked.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await asked.send(b"X-More: " + b"x" * 1000 + b"\r\n")


async def one_header_without_end(asked: Asked) -> None:
    await asked.send(b"HTTP/1.1 200 OK\r\nX-More: ")
    while True:
        await asked.send(b"x" * 65536)


async def a_chunk_of_2_to_the_64(asked: Asked) -> None:
    await asked.send(chunked(), b"%x\r\n" % 2**64, completion())
    asked.writer.close()


async def a_chunk_of_2_to_the_64_that_comes(asked: Asked) -> None:
    await asked.send(chunked(), b"%x\r\n" % 2**64)
    while True:
        await asked.send(b" " * 65536)


def streams(*start: bytes, forever: bytes = b"") -> Answer:
    """A good answer where no stream is asked for."""

    async def answer(asked: Asked) -> None:
        if not asked.streams:
            await asked.send(response(completion()))
            return
        await asked.send(chunked(media_type=b"text/event-stream"), *map(piece, start))
        while forever:
            await asked.send(piece(forever))
        await asked.send(b"0\r\n\r\n")

    return answer


async def gzip_without_end(asked: Asked) -> None:
    squeeze = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    await asked.send(chunked(b"Content-Encoding: gzip"))
    while True:
        if squeezed := squeeze.compress(b" " * MIB):
            await asked.send(piece(squeezed))


async def random_bytes(asked: Asked) -> None:
    await asked.send(random.Random(asked.number).randbytes(4096))
    asked.writer.close()


async def random_bodies(asked: Asked) -> None:
    media_type = b"text/event-stream" if asked.streams else b"application/json"
    await asked.send(response(random.Random(asked.number).randbytes(4096), media_type=media_type))


async def random_headers(asked: Asked) -> None:
    noise = random.Random(asked.number).randbytes(64).translate(None, b"\0\t\n\v\f\r ")
    await asked.send(response(completion(), b"X-Noise: " + noise, b"Server: " + noise))


async def random_names_of_headers(asked: Asked) -> None:
    await asked.send(response(completion(), random.Random(asked.number).randbytes(64) + b": x"))


ESCAPES = "\x1b[2J\x1b]0;owned\x07\x9b31m\x08\u202e\u2066"


async def escapes_everywhere(asked: Asked) -> None:
    text = json.dumps({"error": {"message": ESCAPES, "type": ESCAPES}, ESCAPES: ESCAPES}, ensure_ascii=False).encode()
    raw = ESCAPES.encode()
    if asked.number == 1:
        await asked.send(response(completion(ESCAPES), b"Server: " + raw))
    elif asked.streams:
        events = b"data: " + text + b"\n\nevent: " + raw + b"\n" + raw + b": " + raw + b"\n\n"
        await asked.send(response(events, media_type=b"text/event-stream; x=" + raw))
    else:
        status = b"500 " + raw if asked.number % 2 else b"200 " + raw
        await asked.send(response(text + raw, b"Allow: " + raw, status=status, media_type=b"text/" + raw))


async def escapes_at_once(asked: Asked) -> None:
    """The control is refused, so its body is the reason of the run."""
    await asked.send(response(ESCAPES.encode(), status=b"418 " + ESCAPES.encode(), media_type=b"text/plain"))


async def escapes_in_a_redirect(asked: Asked) -> None:
    await asked.send(response(b"", b"Location: " + ESCAPES.encode(), status=b"307 Elsewhere"))


async def escapes_in_the_models(asked: Asked) -> None:
    if asked.head.startswith(b"GET"):
        await asked.send(response(json.dumps({"data": [{"id": ESCAPES}]}).encode()))
    else:
        await asked.send(response(b'{"error": {"message": "no", "type": "no"}}', status=b"404 Not Found"))


CODES: dict[str, tuple[Answer, int]] = {
    "headers without end": (headers_without_end, 2),
    "one header without end": (one_header_without_end, 2),
    "a chunk of 2^64 bytes": (a_chunk_of_2_to_the_64, 1),
    "a chunk of 2^64 bytes that come": (a_chunk_of_2_to_the_64_that_comes, 1),
    "comments without end": (streams(forever=b": still here\n" * 100), 1),
    "one comment without end": (streams(b": ", forever=b"x" * 65536), 1),
    "an event without end": (streams(b"data: ", forever=b"x" * 65536), 1),
    "one event in 20,000 pieces": (streams(*[b"data: x\n"] * 20_000, b"\n", b"data: [DONE]\n\n"), 1),
    "1,000,000 events": (streams(*[b"data:{}\n\n" * 10_000] * 100, b"data: [DONE]\n\n"), 1),
    "gzip without end": (gzip_without_end, 1),
    "random bytes": (random_bytes, 2),
    "random bodies": (random_bodies, 1),
    "random headers": (random_headers, 1),
    "random names of headers": (random_names_of_headers, 2),
    "escapes everywhere": (escapes_everywhere, 1),
    "escapes of a refusal": (escapes_at_once, 2),
    "escapes in a redirect": (escapes_in_a_redirect, 2),
    "escapes in the models": (escapes_in_the_models, 2),
}


HEAVY = ("one event in 20,000 pieces", "1,000,000 events")
"""What `make slow` sends; `sending/test_target_faults.py` has as many pieces, lines and bytes, judged by no suite."""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads memory in the unit of Linux")
@pytest.mark.parametrize(
    "name",
    [
        *some([name for name in CODES if name not in HEAVY], 3),
        *(pytest.param(name, marks=pytest.mark.slow) for name in HEAVY),
    ],
)
def test_a_hostile_server(name: str, tmp_path: Path) -> None:
    answer, code = CODES[name]
    report, said, measured = tmp_path / "report", tmp_path / "said", tmp_path / "measured"
    command = [str(Path(sys.executable).with_name("alphaedge-conform")), "--report", str(report)]
    with serving(Target(answer)) as url, said.open("wb") as output:
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, str(measured), *command, url],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "ALPHAEDGE_API_KEY": KEY},
            check=False,
        )
    memory, seconds = json.loads(measured.read_bytes())
    text = said.read_text("utf-8")
    assert "Traceback" not in text
    assert [char for char in text if not char.isprintable() and char != "\n"] == []
    assert done.returncode == code, text
    assert memory < MEMORY
    assert seconds < LONGEST
