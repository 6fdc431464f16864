"""What the tests of the TypeScript package share: servers for it to talk to, and Node to run it with."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.exchange.strict_json import Json
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.mock.endpoint import Refusal
from alphaedge_conformance.mock.faults import all_faults
from alphaedge_conformance.mock.reply import Reply
from alphaedge_conformance.mock.unusual import UNUSUAL

from ..client.conftest import KEY
from ..helpers import ROOT

HERE = Path(__file__).parent
SAMPLE: str = next(s["source"] for s in Contract.load().operation["x-codeSamples"] if s["lang"] == "JavaScript")
PATIENCE = 60.0

Node = Callable[..., "subprocess.CompletedProcess[str]"]
Tsc = Callable[..., "subprocess.CompletedProcess[str]"]


class Scripted(Mock):
    """The mock, which refuses a request as often as its header `x-refuse` says, and tells what it saw at /seen."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.asked: Counter[str] = Counter()
        self.broken_off = 0

    async def respond(self, http: Request) -> Response:
        if http.url.path == "/seen":
            return self.json(200, {"asked": self.asked, "brokenOff": self.broken_off})
        self.asked[http.headers.get("x-test", "")] += 1
        refuse = json.loads(http.headers.get("x-refuse", '{"times": 0}'))
        if self.asked[http.headers.get("x-test", "")] <= refuse.pop("times"):
            return self.refuse(Refusal(**refuse))
        return await super().respond(http)

    async def events(self, request: Json, reply: Reply) -> AsyncIterator[bytes]:
        is_whole = False
        try:
            async for event in super().events(request, reply):
                yield event
            is_whole = True
        finally:
            self.broken_off += not is_whole


class ByPath:
    """An application for each first part of the path."""

    def __init__(self, apps: dict[str, Any]) -> None:
        self.apps = apps

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        _, name, rest = scope["path"].split("/", 2)
        await self.apps[name]({**scope, "path": f"/{rest}", "raw_path": f"/{rest}".encode()}, receive, send)


@pytest.fixture(scope="module")
def servers(contract: Contract) -> Iterator[dict[str, str]]:
    """What the programs of the tests find in their environment."""
    faults = {name: fault.make(contract, KEY) for name, fault in all_faults(contract).items()}
    unusual = {name: kind(contract, KEY) for name, kind in UNUSUAL.items()}
    with (
        serve(Scripted(contract, KEY)) as mock,
        serve(Scripted(contract, KEY, tokens_per_second=50)) as slow,
        serve(ByPath(faults | unusual)) as others,
    ):
        yield {
            "ALPHAEDGE_API_KEY": KEY,
            "ALPHAEDGE_BASE_URL": mock,
            "SLOW": slow,
            "OTHERS": others,
            "SAMPLE": SAMPLE,
            "FAULTS": ",".join(faults),
            "UNUSUAL": ",".join(unusual),
        }


@pytest.fixture
def node(npm_package: Path, servers: dict[str, str]) -> Node:
    """Runs Node in the folder where the package is installed."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["node", *arguments],
            cwd=npm_package,
            env={"PATH": os.environ["PATH"], **servers},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def tsc(npm_package: Path) -> Tsc:
    """Compiles programs in the folder where the package is installed, as strictly as can be."""
    tools = ROOT / "scripts" / "typescript" / "node_modules"

    def run(files: list[str], *, in_browser: bool = False, **options: Any) -> subprocess.CompletedProcess[str]:
        options = {
            "strict": True,
            "exactOptionalPropertyTypes": True,
            "noUncheckedIndexedAccess": True,
            "module": "Node16",
            "target": "ES2022",
            "lib": ["ES2022", "DOM"] if in_browser else ["ES2022"],
            "types": [] if in_browser else ["node"],
            "typeRoots": [str(tools / "@types")],
            **options,
        }
        (npm_package / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": files}), "utf-8")
        command = ["node", str(tools / "typescript" / "bin" / "tsc"), "-p", "."]
        return subprocess.run(command, cwd=npm_package, capture_output=True, text=True, timeout=PATIENCE, check=False)

    return run
