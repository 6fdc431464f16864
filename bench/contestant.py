"""One measurement of one client, in a process of its own: `contestant.py CLIENT MEASURE URL`. Prints a number.

Seconds of processor time a call or a chunk, the least of some batches, because other processes on the machine only
ever add; or bytes of memory. `start` is measured from outside.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

BATCHES = 5
CALLS = 100
CHUNKS = 5_000
BODY: dict[str, Any] = {"model": "plain", "messages": [{"role": "user", "content": "Hello!"}]}


class Httpx:
    """What a careful program writes by hand."""

    def __init__(self, url: str) -> None:
        import json

        import httpx

        self.url, self.loads = url + "/v1/chat/completions", json.loads
        self.http = httpx.Client(headers={"authorization": "Bearer sk-bench-key"})
        self.make_async = lambda: httpx.AsyncClient(headers={"authorization": "Bearer sk-bench-key"})

    def call(self) -> str:
        response = self.http.post(self.url, json=BODY)
        response.raise_for_status()
        content: str = response.json()["choices"][0]["message"]["content"]
        return content

    async def acall(self, http: Any) -> None:
        response = await http.post(self.url, json=BODY)
        response.raise_for_status()
        response.json()["choices"][0]["message"]["content"]

    def stream(self, model: str) -> Iterator[str | None]:
        with self.http.stream("POST", self.url, json={**BODY, "model": model, "stream": True}) as response:
            for line in response.iter_lines():
                if line.startswith("data: "):
                    if line == "data: [DONE]":
                        break
                    yield self.loads(line[6:])["choices"][0]["delta"].get("content")


class Sdk:
    """alphaedge and openai have the same methods."""

    def __init__(self, client: Callable[[], Any], make_async: Callable[[], Any]) -> None:
        self.client, self.make_async = client(), make_async

    def call(self) -> str:
        content: str = self.client.chat.completions.create(**BODY).choices[0].message.content
        return content

    async def acall(self, client: Any) -> None:
        (await client.chat.completions.create(**BODY)).choices[0].message.content  # noqa: B018

    def stream(self, model: str) -> Iterator[str | None]:
        for chunk in self.client.chat.completions.create(**{**BODY, "model": model}, stream=True):
            yield chunk.choices[0].delta.content


def contestant(name: str, url: str) -> Httpx | Sdk:
    key = "sk-bench-key"
    if name == "httpx":
        return Httpx(url)
    if name == "alphaedge":
        from alphaedge import AlphaEdge, AsyncAlphaEdge

        return Sdk(lambda: AlphaEdge(key, base_url=url), lambda: AsyncAlphaEdge(key, base_url=url))
    import openai  # type: ignore[import-not-found]  # in .bench alone

    url += "/v1"
    return Sdk(lambda: openai.OpenAI(api_key=key, base_url=url), lambda: openai.AsyncOpenAI(api_key=key, base_url=url))


def least(batch: Callable[[], object]) -> float:
    """Seconds of processor time, after a batch that warms up."""
    from time import process_time

    batch()
    found = []
    for _ in range(BATCHES):
        began = process_time()
        batch()
        found.append(process_time() - began)
    return min(found)


def asyncio_least(client: Httpx | Sdk) -> float:
    import asyncio

    async def calls(opened: Any) -> None:
        for _ in range(CALLS):
            await client.acall(opened)

    with asyncio.Runner() as runner:
        opened = client.make_async()
        found = least(lambda: runner.run(calls(opened)))
        runner.run(opened.__aexit__(None, None, None))
        return found


def main(name: str, measure: str, url: str) -> float:
    client = contestant(name, url)
    if measure == "start":
        client.call()
        return 0.0
    if measure == "call":
        return least(lambda: [client.call() for _ in range(CALLS)]) / CALLS
    if measure == "async call":
        return asyncio_least(client) / CALLS
    if measure in ("each", "block"):
        return least(lambda: sum(1 for _ in client.stream(f"{measure}-{CHUNKS}"))) / CHUNKS
    for _ in range(4 * CALLS):
        client.call()
    for _ in client.stream(f"each-{1000 if measure == 'memory' else int(measure)}"):
        pass
    return most_resident()


def most_resident() -> float:
    """The most bytes that this process had resident. What getrusage() says begins with the process that started it."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return 1024.0 * int(kilobytes)


if __name__ == "__main__":
    print(main(*sys.argv[1:]))
