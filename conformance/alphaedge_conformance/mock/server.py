"""Serves an ASGI application on 127.0.0.1 for as long as a block runs."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp


@contextmanager
def serve(app: ASGIApp, port: int = 0, **options: Any) -> Iterator[str]:
    """Yields the address, as ``http://127.0.0.1:8000``; port 0 is any free one. `options` are more of uvicorn's. Raises
    OSError for a port in use."""
    with socket.create_server(("127.0.0.1", port)) as listening:
        # asyncio sets it only on sockets that name their protocol; without it each answer waits 40 ms for an ACK.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        usual: dict[str, Any] = {"log_level": "critical", "access_log": False, "lifespan": "off", "date_header": False}
        usual |= {"proxy_headers": False, "timeout_graceful_shutdown": 1}
        server = uvicorn.Server(uvicorn.Config(app, **(usual | options)))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
