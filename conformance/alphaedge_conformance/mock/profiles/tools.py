"""Tools: the model calls those that are demanded, or named in what it is asked."""

from __future__ import annotations

import json
import uuid
from typing import Any

from ...exchange.strict_json import Json
from ..reply import Reply, text_of, tokenize
from .behaviour import Behaviour, changed
from .structured_output import sample


class Tools(Behaviour):
    """The arguments of a call are the simplest that its schema accepts."""

    members = frozenset({"tool_calls"})

    def called(self, request: Json) -> list[Json]:
        """The functions that are called."""
        functions = [tool["function"] for tool in request.get("tools") or ()]
        choice, last = request.get("tool_choice", "auto"), request["messages"][-1]
        if isinstance(choice, dict):
            return [each for each in functions if each["name"] == choice["function"]["name"]][:1]
        if choice == "required":
            return functions[:1]
        if choice == "none" or last["role"] == "tool":
            return []
        wanted = [each for each in functions if each["name"] in text_of(last.get("content"))]
        return wanted[:1] if request.get("parallel_tool_calls") is False else wanted

    def arguments(self, function: Json) -> str:
        return json.dumps(sample(function.get("parameters") or {"type": "object"}))

    def text(self, request: Json, text: str) -> str:
        called = self.called(request)
        return "".join(map(self.arguments, called)) if called else text

    def calls(self, request: Json, reply: Reply) -> list[Json]:
        """The calls, with no more of their arguments than a limit let through."""
        calls, left = [], reply.text
        for function in self.called(request):
            length = len(self.arguments(function))
            calls.append(self.call(function["name"], left[:length]))
            left = left[length:]
        return calls

    def call(self, name: str, arguments: str) -> Json:
        id = f"call_{uuid.uuid4().hex[:24]}"
        return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}

    def reason(self, reply: Reply) -> str:
        return "tool_calls" if reply.finish_reason == "stop" else reply.finish_reason

    def completion(self, request: Json, reply: Reply, completion: Json) -> Json:
        if not (calls := self.calls(request, reply)):
            return completion
        [choice] = completion["choices"]
        message = {**choice["message"], "content": None, "tool_calls": calls}
        choice = {**choice, "message": message, "finish_reason": self.reason(reply)}
        return {**completion, "choices": [choice]}

    def chunks(self, request: Json, reply: Reply, chunks: list[Json]) -> list[Json]:
        if not (calls := self.calls(request, reply)):
            return chunks
        first, *_, last, usage = chunks
        [choice] = first["choices"]

        def piece(part: Any) -> Json:
            return changed(first, {**choice, "delta": {"tool_calls": [part]}})

        pieces = [piece(part) for index, call in enumerate(calls) for part in self.pieces(index, call)]
        head = changed(first, {**choice, "delta": {"role": "assistant", "content": None}})
        end = changed(last, {**last["choices"][0], "finish_reason": self.reason(reply)})
        return [head, *pieces, end, usage]

    def pieces(self, index: int, call: Json) -> list[Json]:
        """Which function is called, then its arguments token by token."""
        function = call["function"]
        begun = {"index": index, **call, "function": {**function, "arguments": ""}}
        rest = [{"index": index, "function": {"arguments": token}} for token in tokenize(function["arguments"])]
        return [begun, *rest]
