"""Hostile servers and clients: bounded memory, no crash, and no key anywhere."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.mock import Mock, serve

from ..helpers import KEY
from .test_proxy import files
from .traffic import PATH, Proxied, proxied

SECRET = "sk-a-secret-that-a-hostile-server-repeats-0123456789"
ASKED = b'{"model": "m", "messages": [{"role": "user", "content": "Hello!"}]}'
HUGE = 60 * 2**20
ANSWERS: dict[str, tuple[str, bytes, int]] = {
    "endless lines": ("text/event-stream", b"data: {}\n\n" * 1000, 400),
    "a line without an end": ("text/event-stream", b"data: " + b"x" * 65536, 60),
    "deep JSON": ("application/json", b"[" * 60_000, 3),
    "a number of a million digits": ("application/json", b"1" * 50_000, 15),
    "not what it says": ("application/json", bytes(range(256)) * 100, 5),
    "a member for each byte": ("application/json", b'{"a":' * 9000, 5),
    "the key everywhere": ("application/json", f'{{"id": "{SECRET}", "{SECRET}": "{SECRET}"}}'.encode(), 1),
    "the key in a stream": ("text/event-stream", f'data: {{"id": "{SECRET}"}}\n\nevent: {SECRET}\n'.encode(), 3),
    "quotes": ("application/json", b'"' * 65536, 8),
}


class Hostile:
    """Answers by the header x-case."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        media_type, piece, times = ANSWERS[dict(scope["headers"])[b"x-case"].decode()]
        headers = [
            (b"content-type", media_type.encode()),
            (b"x-key", SECRET.encode()),
            (b"set-cookie", SECRET.encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for _ in range(times):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def resident(process: int) -> int:
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def test_hostile_servers(tmp_path: Path) -> None:
    with serve(Hostile(), server_header=False) as url, proxied(url, tmp_path) as proxy:
        for case, (_, piece, times) in ANSWERS.items():
            headers = {"Authorization": f"Bearer {SECRET}", "x-case": case, "Content-Type": "application/json"}
            answer = httpx.post(proxy.url + PATH, content=ASKED, headers=headers, trust_env=False, timeout=60)
            assert answer.content == piece * times, case
        while proxy.get("/__conformance__").status_code == 503:
            pass  # judging is behind
        sizes = resident(proxy.process.pid), resident(proxy.judge())
        _, said, report = proxy.end()
    assert max(sizes) < 400 * 2**20
    assert report["traffic"]["exchanges"] == len(ANSWERS)
    assert report["traffic"]["lost"] == 0
    assert report["traffic"]["too_large"] >= 2
    written = files(tmp_path) + said
    assert SECRET not in written
    assert SECRET[:20] not in written


@pytest.mark.parametrize("keeps", [False, True])
def test_keys_of_every_kind(contract: Contract, tmp_path: Path, keeps: bool) -> None:
    """In whatever header a client sends one, and in its body."""
    secrets = {name: f"{name}-secret-value-0123456789" for name in ("api-key", "x-api-key", "cookie", "authorization")}
    with serve(Mock(contract)) as url, proxied(url, tmp_path, *(["--keep-bodies"] if keeps else [])) as proxy:
        said = " ".join(secrets.values())
        request = {"model": "alphaedge-large-3-2512", "messages": [{"role": "user", "content": f"My keys: {said}"}]}
        with httpx.Client(trust_env=False, timeout=60, headers=secrets) as http:
            assert http.post(proxy.url + PATH, json=request).status_code == 200
            assert http.post(proxy.url + PATH, json={**request, "stream": True}).status_code == 200
        _, printed, _ = proxy.end()
    written = files(tmp_path) + printed
    assert [name for name, secret in secrets.items() if secret in written] == []


def test_a_large_upload_passes_and_is_not_kept(contract: Contract, tmp_path: Path) -> None:
    with serve(Mock(contract, KEY)) as url, proxied(url, tmp_path) as proxy:
        before = resident(proxy.process.pid)
        answer = httpx.post(
            proxy.url + PATH, content=(b"x" * 65536 for _ in range(HUGE // 65536)), trust_env=False, timeout=60
        )
        assert answer.status_code == 401
        assert resident(proxy.process.pid) - before < HUGE
        _, _, report = proxy.end()
    assert report["traffic"]["too_large"] == 1


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\xff\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{}",
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST http://elsewhere/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\x80\x81\x82\x83\x84\r\n"
        b"Content-Length: 2\r\n\r\n{}",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
    ],
)
def test_hostile_clients(contract: Contract, sent: bytes, hostile_proxy: Proxied) -> None:
    """Whatever one client sends, the next one is served."""
    with socket.create_connection(("127.0.0.1", urlsplit(hostile_proxy.url).port or 0), timeout=10) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        while client.recv(65536):
            pass
    assert httpx.get(f"{hostile_proxy.url}/v1/models", trust_env=False, timeout=60).status_code == 200
