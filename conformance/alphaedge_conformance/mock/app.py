"""A server that satisfies every requirement. Each step is a method, so that a fault is a subclass of a few lines."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from email.utils import formatdate
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from ..contract import Contract
from ..contract.further import operations
from ..exchange.chat import models_address
from ..exchange.strict_json import Json
from .endpoint import Endpoint, Refusal
from .profiles import Behaviour, behaviours, endpoint
from .reply import Reply, text_of, tokenize
from .sampled import Sampled, path_of

OWN = frozenset(
    {
        *("id", "object", "model", "created", "choices", "usage", "index", "message", "delta", "role", "content"),
        *("finish_reason", "prompt_tokens", "completion_tokens", "total_tokens", "error", "type", "param", "code"),
    }
)
"""Members of an answer that the mock decides on; any other is a sample of its schema."""


class Mock(Endpoint):
    """An ASGI application: chat completions, and beside them what other operations the contract has. `latency` is the
    seconds before an answer starts, `tokens_per_second` the pace after that; without a key, anybody is let in."""

    own = OWN

    instead: tuple[type[Behaviour | Sampled], ...] = ()
    """What does something else than profiles say, each in place of the behaviour, or of the endpoint of another
    operation, that it extends."""

    def __init__(
        self,
        contract: Contract,
        key: str | None = None,
        latency: float = 0.0,
        tokens_per_second: float | None = None,
    ) -> None:
        super().__init__(contract, key)
        self.latency = latency
        self.tokens_per_second = tokens_per_second
        self.models = [str(contract.example_request.get("model", "default"))]
        self.behaviours = behaviours(contract.profiles, self.instead)
        self.own = OWN.union(*(behaviour.members for behaviour in self.behaviours))
        self.others = {each.operation_pointer: self.make_other(each) for each in operations(contract)}
        """The further operations by their pointers."""

    def make_other(self, contract: Contract) -> Sampled:
        """What answers one of the further operations."""
        kind = endpoint(contract, self.instead)
        knows = kind is not Sampled or contract.path == models_address(self.contract.path)
        return kind(contract, self.key, self.models_listed if knows else None)

    def clock(self) -> float:
        """Unix seconds."""
        return time.time()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            response = await self.respond_as_asked(Request(scope, receive))
            response.headers["Date"] = formatdate(self.clock(), usegmt=True)
            await response(scope, receive, send)

    async def respond_as_asked(self, http: Request) -> Response:
        """By the operation that is at the path, if it is another one."""
        path = path_of(http)
        there = [each for each in self.others.values() if each.is_at(path)]
        for other in there:
            if other.contract.method == http.method:
                return await other.respond(http)
        if there and path != self.contract.path:
            allowed = ", ".join(each.contract.method for each in there)
            message = f"{http.method} is not allowed; use {allowed}."
            return there[0].refuse(Refusal(405, message, headers={"Allow": allowed}))
        return await self.respond(http)

    async def respond(self, http: Request) -> Response:
        if http.url.path == models_address(self.contract.path):
            return self.list_models(http)
        if (refusal := self.turn_away(http)) is not None:
            return self.refuse(refusal)
        body = await http.body()
        request = self.read(http, body)
        if isinstance(request, Refusal):
            return self.refuse(request)
        if (refusal := self.validate(request)) is not None:
            return self.refuse(refusal)
        request = self.understood(request)
        reply = self.reply(request)
        await asyncio.sleep(self.latency)
        if request.get("stream"):
            return self.stream(self.events(request, reply))
        if self.tokens_per_second:
            await asyncio.sleep(len(reply.tokens) / self.tokens_per_second)
        return self.json(200, self.completion(request, reply))

    # Who is let in

    def turn_away(self, http: Request) -> Refusal | None:
        """What is judged before the body."""
        if http.url.path != self.contract.path:
            return Refusal(404, f"There is nothing at {http.url.path}; POST {self.contract.path}.", "not_found_error")
        if http.method != "POST":
            return Refusal(405, f"{http.method} is not allowed; use POST.", headers={"Allow": "POST"})
        return self.authorize(http)

    # What is asked

    def validate(self, request: Any) -> Refusal | None:
        if (refusal := super().validate(request)) is not None:
            return refusal
        if request.get("model", self.models[0]) not in self.models:
            message = f"The model {request['model'][:80]!r} does not exist."
            return Refusal(404, message, "not_found_error", "model", "model_not_found")
        return None

    # What is answered

    def understood(self, request: Json) -> Json:
        """What of a valid request is acted upon."""
        return request

    def reply(self, request: Json) -> Reply:
        """The same text for the same conversation, cut by `max_tokens`."""
        said = text_of(request["messages"][-1].get("content"))
        text = "Hello! How can I help you today?" if said == "Hello!" else f'You said: "{said[:400]}"'
        for behaviour in self.behaviours:
            text = behaviour.text(request, text)
        tokens = tokenize(text)
        asked = request.get("max_tokens")
        for behaviour in self.behaviours:
            asked = behaviour.limit(request, asked)
        limit = len(tokens) if asked is None else int(asked)  # 8.0 is an integer too
        counted = sum(1 + len(tokenize(text_of(message.get("content")))) for message in request["messages"])
        finish_reason = "stop" if limit >= len(tokens) else "length"
        return Reply(
            request.get("model", self.models[0]), tuple(tokens[:limit]), finish_reason, counted, int(self.clock())
        )

    def completion(self, request: Json, reply: Reply) -> Json:
        message = {"role": "assistant", "content": reply.text}
        completion = {
            "id": reply.id,
            "object": "chat.completion",
            "model": reply.model,
            "created": reply.created,
            "choices": [{"index": 0, "message": message, "finish_reason": reply.finish_reason}],
            "usage": reply.usage,
        }
        for behaviour in self.behaviours:
            completion = behaviour.completion(request, reply, completion)
        return self.filled(self.contract.completion_schema, completion)

    def chunks(self, request: Json, reply: Reply) -> list[Json]:
        """The role, the text token by token, the reason for the end, the usage."""

        def chunk(choices: list[Json], **members: Any) -> Json:
            head = {"id": reply.id, "object": "chat.completion.chunk", "created": reply.created, "model": reply.model}
            return {**head, "choices": choices, **members}

        def choice(delta: Json, finish_reason: str | None = None) -> list[Json]:
            return [{"index": 0, "delta": delta, "finish_reason": finish_reason}]

        chunks = [
            chunk(choice({"role": "assistant", "content": ""})),
            *(chunk(choice({"content": token})) for token in reply.tokens),
            chunk(choice({}, reply.finish_reason)),
            chunk([], usage=reply.usage),
        ]
        for behaviour in self.behaviours:
            chunks = behaviour.chunks(request, reply, chunks)
        return [self.filled(self.contract.chunk_schema, each) for each in chunks]

    async def events(self, request: Json, reply: Reply) -> AsyncIterator[bytes]:
        """The body of a stream, an event at a time."""
        for chunk in self.chunks(request, reply):
            yield self.event(self.dumps(chunk))
            if self.tokens_per_second:
                await asyncio.sleep(1 / self.tokens_per_second)
        yield self.event("[DONE]")

    def event(self, data: str) -> bytes:
        return f"data: {data}\n\n".encode("utf-8", "replace")

    # How it is sent

    def stream(self, body: AsyncIterator[bytes]) -> Response:
        return StreamingResponse(body, media_type="text/event-stream")

    def list_models(self, http: Request) -> Response:
        if (refusal := self.authorize(http)) is not None:
            return self.refuse(refusal)
        return self.json(200, self.models_listed)

    @property
    def models_listed(self) -> Json:
        return {"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]}
