"""The page's samples, word for word as the contract has them, and the SDK that people come from."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server
from typing import Any

import pytest
import uvicorn
from bench.environment import python

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.mock import Mock, serve

from .conftest import GREETING, KEY, ROOT

CONTRACT = Contract.load()
SAMPLES = {sample["lang"]: sample["source"] for sample in CONTRACT.operation["x-codeSamples"]}
HOST = CONTRACT.document["servers"][0]["url"].removeprefix("https://")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for the host of the page, with its key, made now and trusted by nobody else."""
    path = tmp_path / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", f"/CN={HOST}"]
    command += ["-addext", f"subjectAltName=DNS:{HOST}", "-keyout", str(tmp_path / "key.pem"), "-out", str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return path


@contextmanager
def serve_tls(app: Any, certificate: Path) -> Iterator[int]:
    """Serves an application under TLS on 127.0.0.1, and gives its port."""
    with create_server(("127.0.0.1", 0)) as listening:
        key = certificate.with_name("key.pem")
        config = uvicorn.Config(app, log_level="error", lifespan="off", ssl_certfile=certificate, ssl_keyfile=key)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def test_the_curl_sample(certificate: Path, tmp_path: Path) -> None:
    """Only the environment says that the host is here, and whom to trust."""
    with serve_tls(Mock(CONTRACT, KEY), certificate) as port:
        (tmp_path / ".curlrc").write_text(
            f'connect-to = "{HOST}:443:127.0.0.1:{port}"\ncacert = "{certificate}"\nsilent\n'
        )
        environment = {"PATH": os.environ["PATH"], "CURL_HOME": str(tmp_path), "ALPHAEDGE_API_KEY": KEY}
        done = subprocess.run(
            SAMPLES["cURL"], shell=True, env=environment, capture_output=True, text=True, timeout=60, check=True
        )
    assert json.loads(done.stdout)["choices"][0]["message"]["content"] == GREETING


def test_the_python_sample() -> None:
    """Only the environment says where the server is; what the sample leaves behind is looked at after it."""
    program = SAMPLES["Python"] + "\nprint(completion.choices[0].message.content)\n"
    with serve(Mock(CONTRACT, "your-api-key")) as url:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program],
            env={**os.environ, "ALPHAEDGE_BASE_URL": url},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    assert (done.stdout, done.stderr) == (GREETING + "\n", "")


OPENAI = """
import asyncio, sys
from openai import AsyncOpenAI, AuthenticationError, NotFoundError, OpenAI
url, key = sys.argv[1:]
request = dict(model="alphaedge-large-3-2512", messages=[{"role": "user", "content": "Hello!"}])
client = OpenAI(base_url=url, api_key=key, max_retries=0)
completion = client.chat.completions.create(**request)
print(completion.choices[0].message.content, completion.usage.total_tokens, completion.choices[0].finish_reason)
chunks = list(client.chat.completions.create(**request, stream=True))
print("".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices), chunks[-1].usage.total_tokens)
with client.chat.completions.stream(**request) as stream:
    print(stream.get_final_completion().choices[0].message.content)
for wrong, kind in ((dict(request, model="none"), NotFoundError),):
    try:
        client.chat.completions.create(**wrong)
    except kind as error:
        print(error.code, error.param)
try:
    OpenAI(base_url=url, api_key="wrong", max_retries=0).chat.completions.create(**request)
except AuthenticationError as error:
    print(error.type)
async def main():
    async with AsyncOpenAI(base_url=url, api_key=key) as client:
        async for chunk in await client.chat.completions.create(**request, stream=True):
            if chunk.choices:
                print(chunk.choices[0].delta.content or "", end="")
asyncio.run(main())
"""


def test_the_openai_sdk() -> None:
    """The real package, against the mock: plain, streamed, its own stream helper, errors, and awaited."""
    with serve(Mock(CONTRACT, KEY)) as url:
        command = [str(python()), "-c", OPENAI, f"{url}/v1", KEY]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"{GREETING} 12 stop",
        f"{GREETING} 12",
        GREETING,
        "model_not_found model",
        "authentication_error",
        GREETING,
    ]
