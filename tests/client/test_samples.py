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

from ..helpers import Counting
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


def by_curl(port: int, certificate: Path, key: str) -> str:
    """What the sample receives; only the environment says that the host is here, and whom to trust."""
    folder = certificate.parent
    (folder / ".curlrc").write_text(f'connect-to = "{HOST}:443:127.0.0.1:{port}"\ncacert = "{certificate}"\nsilent\n')
    environment = {"PATH": os.environ["PATH"], "CURL_HOME": str(folder), "ALPHAEDGE_API_KEY": key}
    done = subprocess.run(
        SAMPLES["cURL"], shell=True, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    return str(json.loads(done.stdout)["choices"][0]["message"]["content"])


def by_python(url: str) -> str:
    """Only the environment says where the server is; what the sample leaves behind is looked at after it."""
    program = SAMPLES["Python"] + "\nprint(completion.choices[0].message.content)\n"
    return printed([sys.executable, "-W", "error", "-c", program], url)


def by_javascript(url: str, key: str, folder: Path) -> str:
    """The same, in a folder where the npm package is installed."""
    program = folder / "sample.mjs"
    program.write_text(SAMPLES["JavaScript"] + "\nconsole.log(completion.choices[0].message.content);\n", "utf-8")
    return printed(["node", "--throw-deprecation", str(program)], url, ALPHAEDGE_API_KEY=key)


def printed(command: list[str], url: str, **variables: str) -> str:
    environment = {**os.environ, "ALPHAEDGE_BASE_URL": url, **variables}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.rstrip("\n")


def test_the_curl_sample(certificate: Path) -> None:
    with serve_tls(Mock(CONTRACT, KEY), certificate) as port:
        assert by_curl(port, certificate, KEY) == GREETING


def test_the_python_sample() -> None:
    with serve(Mock(CONTRACT, "your-api-key")) as url:
        assert by_python(url) == GREETING


@pytest.mark.xdist_group("typescript")
def test_the_three_samples_of_the_page_at_one_mock(certificate: Path, npm_package: Path) -> None:
    key = "your-api-key"  # the one that the Python sample gives
    mock = Counting(CONTRACT, key)
    with serve(mock) as url, serve_tls(mock, certificate) as port:
        answers = [by_curl(port, certificate, key), by_python(url), by_javascript(url, key, npm_package)]
    assert answers == [GREETING] * 3
    assert mock.requests == len(SAMPLES) == 3


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
