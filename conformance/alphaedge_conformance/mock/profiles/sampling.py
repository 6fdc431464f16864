"""Sampling: several choices, texts that end an answer, probabilities."""

from __future__ import annotations

from ...exchange.strict_json import Json
from ..reply import Reply
from .behaviour import Behaviour, changed


class Sampling(Behaviour):
    """The same text for each choice; each token as probable as its place says."""

    members = frozenset({"logprobs"})

    def text(self, request: Json, text: str) -> str:
        stop = request.get("stop")
        stops = [stop] if isinstance(stop, str) else stop or []
        ends = [at for each in stops if each and (at := text.find(each)) >= 0]
        return text[: min(ends)] if ends else text

    def limit(self, request: Json, limit: int | None) -> int | None:
        return limit if limit is not None else request.get("max_completion_tokens")

    def completion(self, request: Json, reply: Reply, completion: Json) -> Json:
        [choice] = completion["choices"]
        is_text = choice["message"].get("content") is not None
        choice = {**choice, "logprobs": self.logprobs(request, list(reply.tokens)) if is_text else None}
        choices = [{**choice, "index": index} for index in range(self.count(request))]
        return {**completion, "choices": choices, "usage": self.usage(request, completion["usage"])}

    def chunks(self, request: Json, reply: Reply, chunks: list[Json]) -> list[Json]:
        return [each for chunk in chunks for each in self.of_each_choice(request, chunk)]

    def of_each_choice(self, request: Json, chunk: Json) -> list[Json]:
        if not chunk["choices"]:
            return [{**chunk, "usage": self.usage(request, chunk["usage"])}]
        [choice] = chunk["choices"]
        text = choice["delta"].get("content")
        choice = {**choice, "logprobs": self.logprobs(request, [text]) if text else None}
        return [changed(chunk, {**choice, "index": index}) for index in range(self.count(request))]

    def count(self, request: Json) -> int:
        """How many choices."""
        return int(request.get("n", 1))

    def usage(self, request: Json, usage: Json) -> Json:
        """Every choice counts."""
        used = usage["completion_tokens"] * self.count(request)
        return {**usage, "completion_tokens": used, "total_tokens": usage["prompt_tokens"] + used}

    def logprobs(self, request: Json, tokens: list[str]) -> Json | None:
        if not request.get("logprobs"):
            return None
        most = int(request.get("top_logprobs", 0))
        return {"content": [self.probable(token, most) for token in tokens]}

    def probable(self, token: str, most: int) -> Json:
        """A token, and so many that are less probable, itself among them."""
        names = [token, *(f"{token}{number}" for number in range(1, most))][:most]
        top = [{**_entry(name), "logprob": -0.5 - number} for number, name in enumerate(names)]
        return {**_entry(token), "logprob": -0.5, "top_logprobs": top}


def _entry(token: str) -> Json:
    return {"token": token, "bytes": list(token.encode("utf-8", "replace"))}
