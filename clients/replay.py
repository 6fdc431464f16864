"""Answers every request with a recorded exchange: replay.py FOLDER

Prints its address. The first segment of a path is the name of a recording, FOLDER/NAME.json, the second which of its
exchanges: `departure`, or `expected`, what a conforming server answered to the same request.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

HELD_OPEN = 60.0
"""Seconds, longer than any client of the matrix waits."""
OF_THE_CONNECTION = {"connection", "content-length", "transfer-encoding"}


async def answer(recordings: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lengths = [line.partition(":")[2] for line in head.splitlines() if line.lower().startswith("content-length:")]
        await reader.readexactly(int(lengths[0]) if lengths else 0)
        _, name, which, *_ = head.split()[1].split("/")
        await replay(recordings[name][which], writer)
    except (ConnectionError, asyncio.IncompleteReadError):
        pass  # the client has left
    finally:
        writer.close()


async def replay(exchange: dict[str, Any], writer: asyncio.StreamWriter) -> None:
    """At the pace of the recording, and with its end: whole, broken off, or none for a long time."""
    headers = [(name, value) for name, value in exchange["headers"] if name.lower() not in OF_THE_CONNECTION]
    headers += [("Transfer-Encoding", "chunked"), ("Connection", "close")]
    lines = [f"HTTP/1.1 {exchange['status']} Recorded", *(f"{name}: {value}" for name, value in headers)]
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
    before = 0.0
    for at, text in exchange["chunks"]:
        await asyncio.sleep(max(0.0, at - before))
        before = at
        data = text.encode("latin-1")
        writer.write(b"%x\r\n%s\r\n" % (len(data), data))
        await writer.drain()
    if exchange["end"] == "open":
        await asyncio.sleep(HELD_OPEN)
    elif exchange["end"] == "whole":
        writer.write(b"0\r\n\r\n")
        await writer.drain()


async def main(folder: str) -> None:
    recordings = {path.stem: json.loads(path.read_text("utf-8")) for path in Path(folder).glob("*.json")}
    server = await asyncio.start_server(lambda *streams: answer(recordings, *streams), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
