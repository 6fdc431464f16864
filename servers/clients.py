"""What programs notice of a server: clients.py URL MODEL KEY prints, as JSON, what two clients make of the same calls.

Both clients are called with the same words; what comes is "text", another value, or the class of the exception.
"""

import json
import sys
from collections.abc import Callable, Iterable
from typing import Any

from openai import OpenAI

from alphaedge import AlphaEdge

MESSAGES = [{"role": "user", "content": "Hello!"}]


def outcome(call: Callable[[], str | None]) -> str:
    try:
        text = call()
    except Exception as error:
        return type(error).__name__
    return "text" if text else f"the text {text!r}"


def whole(completion: Any) -> str | None:
    content: str | None = completion.choices[0].message.content
    return content


def streamed(chunks: Iterable[Any]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def calls(client: Callable[[str], Any], model: str, key: str) -> dict[str, str]:
    def create(api_key: str = key, **edit: Any) -> Any:
        request = {"model": model, "messages": MESSAGES, "max_tokens": 16, "temperature": 0} | edit
        return client(api_key or "none").chat.completions.create(**request)

    return {
        "plain": outcome(lambda: whole(create())),
        "stream": outcome(lambda: streamed(create(stream=True))),
        "wrong key": outcome(lambda: whole(create("sk-wrong"))) if key else "has no keys",
        "unknown model": outcome(lambda: whole(create(model="nobody-serves-this"))),
        "temperature 2.5": outcome(lambda: whole(create(temperature=2.5))),
    }


def main(url: str, model: str, key: str) -> None:
    clients: dict[str, Callable[[str], Any]] = {
        "openai": lambda key: OpenAI(api_key=key, base_url=f"{url}/v1", max_retries=0, timeout=20),
        "alphaedge": lambda key: AlphaEdge(api_key=key, base_url=url, max_retries=0, timeout=20),
    }
    print(json.dumps({name: calls(client, model, key) for name, client in clients.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
