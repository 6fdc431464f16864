"""What an application does with the openai package, at each address that is named: `talk.py URL …`. Errors are its own.

Run by the Python of the bench, which has the package. Prints nothing.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib import import_module
from typing import Any

openai: Any = import_module("openai")  # which the environment of the tests does not have
KEY, WRONG, MODEL = "sk-the-key-of-an-application-0123456789", "sk-mistyped", "alphaedge-large-3-2512"
LONG = [{"role": role, "content": f"Number {number}."} for number in range(6) for role in ("user", "assistant")]
CONVERSATIONS = [
    [{"role": "user", "content": "Hello!"}],
    [{"role": "system", "content": "Answer briefly."}, {"role": "user", "content": "What is 2 + 2? 🦄 é"}],
    [*LONG, {"role": "user", "content": "And now?"}],
    [{"role": "user", "content": 'A tab\there, a "quote", and a line\nor two. ' * 20}],
]
OPTIONS: list[dict[str, Any]] = [
    {},
    {"max_tokens": 1},
    {"max_tokens": 3, "temperature": 0.7},
    {"max_tokens": 50},
    {"max_tokens": 60, "temperature": 0},
    {"stream": False},
]


def ask(client: Any, messages: list[dict[str, str]], options: dict[str, Any]) -> None:
    with suppress(openai.OpenAIError, ValueError, TypeError, AttributeError):
        client.chat.completions.create(model=MODEL, messages=messages, **options)
    with suppress(openai.OpenAIError, ValueError, TypeError, AttributeError):
        for _ in client.chat.completions.create(model=MODEL, messages=messages, **{**options, "stream": True}):
            pass


def talk(url: str) -> None:
    client = openai.OpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0, timeout=3)
    for messages in CONVERSATIONS:
        for options in OPTIONS:
            ask(client, messages, options)
    ask(client, CONVERSATIONS[0], {})  # as before
    ask(client, [], {})
    ask(client, CONVERSATIONS[0], {"max_tokens": 0})
    with suppress(openai.OpenAIError):
        client.chat.completions.create(model="no-such-model", messages=CONVERSATIONS[0])
    ask(openai.OpenAI(base_url=f"{url}/v1", api_key=WRONG, max_retries=0, timeout=3), CONVERSATIONS[0], {})


with ThreadPoolExecutor(4) as pool:
    list(pool.map(talk, sys.argv[1:]))
