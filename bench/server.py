"""Answers with bytes made beforehand, so that a benchmark measures its client alone. Prints its port.

The model of a request says what comes: `plain`, or as many chunks, one a write or 16 KiB: `each-20000`, `block-20000`.
"""

from __future__ import annotations

import asyncio
import json
from functools import cache

ID = {"id": "chat-abc123", "model": "alphaedge-large-3-2512", "created": 1234567890}
USAGE = {"prompt_tokens": 5, "completion_tokens": 10, "total_tokens": 15}
MESSAGE = {"role": "assistant", "content": "Hello! How can I help you today?"}
COMPLETION = {
    **ID,
    "object": "chat.completion",
    "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}],
    "usage": USAGE,
}
BLOCK = 16 * 1024


def event(delta: dict[str, str]) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": None}
    chunk = {**ID, "object": "chat.completion.chunk", "choices": [choice]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def http_chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


@cache
def answer(model: str) -> bytes:
    kind, _, count = model.partition("-")
    if kind == "plain":
        body = json.dumps(COMPLETION).encode()
        return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    events = [event({"content": f" word{number % 1000}"}) for number in range(int(count))]
    events.append(b"data: [DONE]\n\n")
    if kind == "block":
        body = b"".join(events)
        events = [body[start : start + BLOCK] for start in range(0, len(body), BLOCK)]
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(map(http_chunk, events)) + http_chunk(b"")


class Server(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, blank_line, body = self.buffer.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r")[0] or 0)
        if blank_line and len(body) >= length:
            self.buffer = b""
            self.transport.write(answer(json.loads(body)["model"]))


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
