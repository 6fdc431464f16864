"""Evaluates lines of Python with one of two packages, `lines.py PACKAGE URL KEY`: reads them as JSON, prints what each
gave as JSON. The openai package lies in an environment of its own.

A line comes with the server that it meets, and knows the names that docs/openai.md introduces.
"""

from __future__ import annotations

import importlib
import json
import sys
import urllib.request
from typing import Any

REQUEST: dict[str, Any] = {"model": "alphaedge-large-3-2512", "messages": [{"role": "user", "content": "Hello!"}]}


class Names(dict[str, Any]):
    """What a line may use; each is made when the line asks for it."""

    def __init__(self, package: str, base_url: str, key: str) -> None:
        module = importlib.import_module(package)
        client = (module.OpenAI if package == "openai" else module.AlphaEdge)(base_url=base_url, api_key=key, timeout=1)
        super().__init__(package=module, json=json, client=client, create=client.chat.completions.create)

    def __missing__(self, name: str) -> Any:
        if name == "request":
            return REQUEST
        if name == "completion":
            return self["create"](**REQUEST)
        if name == "stream":
            return self["create"](**REQUEST, stream=True)
        if name == "error":
            try:
                return self["create"](**{**REQUEST, "model": "no-such-model"})
            except self["package"].APIStatusError as error:
                return error
        if name == "attrs":
            return importlib.import_module(name)
        raise KeyError(name)


def outcome(package: str, url: str, key: str, line: str, server: str) -> dict[str, Any]:
    """What a line gives or raises, and the bodies of the requests that it sent."""
    try:
        found = {"value": repr(eval(line, {}, Names(package, f"{url}/{server}/v1", key)))}
    except Exception as error:
        found = {"raised": type(error).__name__, "message": str(error)}
    with urllib.request.urlopen(f"{url}/{server}/sent") as answer:
        return {**found, "sent": json.load(answer)}


if __name__ == "__main__":
    print(json.dumps([outcome(*sys.argv[1:], *each) for each in json.load(sys.stdin)]))
