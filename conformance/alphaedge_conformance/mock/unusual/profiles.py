"""Unusual in what profiles describe, and conforming."""

from __future__ import annotations

import json
import random
from typing import Any

from attrs import evolve

from ...exchange.strict_json import Json
from ..app import Mock
from ..endpoint import Refusal
from ..profiles.embeddings import Embeddings
from ..profiles.models import OneModel
from ..profiles.reasoning import Reasoning
from ..profiles.sampling import Sampling
from ..profiles.tools import Tools
from ..reply import Reply, tokenize
from ..sampled import Asked
from .registry import unusual_in


@unusual_in("sampling")
class ListsTheChosenTokenToo(Mock):
    """The chosen token comes beside the so many most probable ones."""

    class Probable(Sampling):
        def probable(self, token: str, most: int) -> Json:
            found = super().probable(token, most)
            return {**found, "top_logprobs": [*found["top_logprobs"], {"token": "", "logprob": -9.0}] if most else []}

    instead = (Probable,)


@unusual_in("sampling")
class ChoicesOneAfterTheOther(Mock):
    """A stream has all of the first choice before any of the second."""

    class Ordered(Sampling):
        def chunks(self, request: Json, reply: Reply, chunks: list[Json]) -> list[Json]:
            return sorted(
                super().chunks(request, reply, chunks), key=lambda c: [e["index"] for e in c["choices"]] or [99]
            )

    instead = (Ordered,)


@unusual_in("sampling")
class RefusesManyChoices(Mock):
    """More than four choices are refused, and so are both limits at once."""

    def validate(self, request: Json) -> Refusal | None:
        refusal = super().validate(request)
        both = {"max_tokens", "max_completion_tokens"} <= request.keys() if isinstance(request, dict) else False
        return refusal or (Refusal(400, "Too much.") if request.get("n", 1) > 4 or both else None)


@unusual_in("sampling")
class RefusesProbabilitiesBesideStop(Mock):
    """Probabilities are refused beside `stop`, and each alone is accepted."""

    def validate(self, request: Json) -> Refusal | None:
        refusal = super().validate(request)
        both = isinstance(request, dict) and request.get("logprobs") and request.get("stop")
        return refusal or (Refusal(400, "logprobs is not supported with stop.") if both else None)


@unusual_in("stream-usage")
class CountsInEachChunk(Mock):
    """Each chunk has the usage so far, where it is asked for."""

    def chunks(self, request: Json, reply: Reply) -> list[Json]:
        chunks = super().chunks(request, reply)
        used = iter(range(len(chunks)))
        return [self.counted(reply, chunk, next(used)) if chunk.get("usage", 0) is None else chunk for chunk in chunks]

    def counted(self, reply: Reply, chunk: Json, used: int) -> Json:
        usage = {"prompt_tokens": reply.prompt_tokens, "completion_tokens": used}
        return {**chunk, "usage": {**usage, "total_tokens": reply.prompt_tokens + used}}


@unusual_in("tools")
class ForcedCallsStop(Mock):
    """A call of the function that was demanded ends with stop."""

    class Stops(Tools):
        def completion(self, request: Json, reply: Reply, completion: Json) -> Json:
            made = super().completion(request, reply, completion)
            if isinstance(request.get("tool_choice"), dict):
                made["choices"][0]["finish_reason"] = reply.finish_reason
            return made

    instead = (Stops,)


@unusual_in("tools")
class CallsInOnePiece(Mock):
    """A call comes whole, in one piece of a stream, beside an empty text."""

    class Whole(Tools):
        def pieces(self, index: int, call: Json) -> list[Json]:
            return [{"index": index, **call}]

    instead = (Whole,)


@unusual_in("tools")
class ReadsCallsOutOfTheText(Mock):
    """The model writes its calls as text, at length, after a prompt that describes the functions; what a limit cut is
    no call."""

    class Written(Tools):
        def arguments(self, function: Json) -> str:
            simplest = json.loads(super().arguments(function))
            return json.dumps({**simplest, "city": "a " * 150} if "hours" in simplest else simplest)

        def completion(self, request: Json, reply: Reply, completion: Json) -> Json:
            return completion if reply.finish_reason == "length" else super().completion(request, reply, completion)

    instead = (Written,)

    def reply(self, request: Json) -> Reply:
        reply = super().reply(request)
        described = tokenize(str(request.get("tools") or ""))
        return evolve(reply, prompt_tokens=reply.prompt_tokens + len(described))


@unusual_in("reasoning")
class CallsItReasoning(Mock):
    """The member is `reasoning`."""

    class Other(Reasoning):
        member = "reasoning"

    instead = (Other,)


@unusual_in("structured-output")
class WritesSpaces(Mock):
    """There is white space around the JSON."""

    def reply(self, request: Json) -> Reply:
        reply = super().reply(request)
        asks = (request.get("response_format") or {}).get("type") in ("json_object", "json_schema")
        return evolve(reply, tokens=("\n", *reply.tokens)) if asks and reply.finish_reason == "stop" else reply


@unusual_in("content-parts")
class RefusesImages(Mock):
    """An image is refused."""

    def validate(self, request: Json) -> Refusal | None:
        refusal = super().validate(request)
        return refusal or (
            Refusal(400, "This model does not see.") if "image_url" in str(request["messages"]) else None
        )


@unusual_in("models")
class ListsOtherKinds(Mock):
    """Models that have no conversations are listed too, with slashes in their names and more members, and are refused
    with 404 for that; nobody says when a model was made."""

    other = "org/embed-3:latest"

    @property
    def models_listed(self) -> Json:
        entry = {"id": self.other, "object": "model", "root": None, "capabilities": {"chat": False}}
        listed = [entry, *super().models_listed["data"]]
        return {"object": "list", "has_more": False, "data": listed}

    def validate(self, request: Json) -> Refusal | None:
        if isinstance(request, dict) and request.get("model") == self.other:
            return Refusal(404, f"{self.other} is not a chat model.", "not_found_error", "model")
        return super().validate(request)


@unusual_in("models")
class ServesWhatItDoesNotList(Mock):
    """One of several models is listed, and described under another name of it too."""

    class Alias(OneModel):
        def entry(self, id: str) -> Json | None:
            return super().entry(id) or ({"id": self.listed[0]["id"], "object": "model"} if id == "default" else None)

    instead = (Alias,)


@unusual_in("embeddings")
class EmbedsInAnyOrder(Mock):
    """The embeddings come as they are done, each with its index; a batch changes the last digits."""

    class Unordered(Embeddings):
        def vector(self, text: Any, dimensions: int) -> list[float]:
            self.made = getattr(self, "made", 0) + 1
            noise = random.Random(self.made)
            return [number + noise.gauss(0, 0.002) for number in super().vector(text, dimensions)]

        def embeddings(self, request: Json) -> list[Json]:
            return super().embeddings(request)[::-1]

    instead = (Unordered,)


@unusual_in("embeddings")
class HasOneLength(Mock):
    """The vectors have one length, so dimensions are refused, and so is an empty list; they are not of length 1, and
    there is more beside them."""

    class Fixed(Embeddings):
        def missing(self, asked: Asked) -> Refusal | None:
            if "dimensions" in asked.body:
                return Refusal(400, "This model has no other dimensions.", param="dimensions")
            return super().missing(asked)

        def vector(self, text: Any, dimensions: int) -> list[float]:
            return [round(100 * number) for number in super().vector(text, dimensions)]

        def answer(self, schema: str, asked: Asked) -> Json:
            return {**super().answer(schema, asked), "id": "embd-1", "created": 1}

    instead = (Fixed,)
