"""Serves an ASGI application on 127.0.0.1 for as long as a block runs."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp


class Server(uvicorn.Server):
    """Ends when it is told to, where uvicorn looks ten times a second."""

    _end: Callable[[], object] = staticmethod(lambda: None)

    async def main_loop(self) -> None:
        told = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._end = lambda: loop.call_soon_threadsafe(told.set)
        await self.on_tick(0)
        if not self.should_exit:
            await told.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accepts nothing more, and lets what was accepted become a connection, which is then closed with the others;
        asyncio leaves it open where the server is closed in between."""
        for each in sockets or []:
            asyncio.get_running_loop().remove_reader(each)
        for _ in range(3):
            await asyncio.sleep(0)
        await super().shutdown(sockets)

    def end(self) -> None:
        self.should_exit = True
        self._end()


@contextmanager
def serve(app: ASGIApp, port: int = 0, **options: Any) -> Iterator[str]:
    """Yields the address, as ``http://127.0.0.1:8000``; port 0 is any free one. `options` are more of uvicorn's. Raises
    OSError for a port in use."""
    with socket.create_server(("127.0.0.1", port)) as listening:
        # asyncio sets it only on sockets that name their protocol; without it each answer waits 40 ms for an ACK.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        usual: dict[str, Any] = {"log_level": "critical", "access_log": False, "lifespan": "off", "date_header": False}
        usual |= {"proxy_headers": False, "timeout_graceful_shutdown": 1}
        server = Server(uvicorn.Config(app, **(usual | options)))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.end()
            thread.join()
