"""Wrong in what profiles describe."""

from __future__ import annotations

import struct
import uuid
from typing import Any

from attrs import evolve
from starlette.requests import Request
from starlette.responses import Response

from ...exchange.strict_json import Json
from ..app import Mock
from ..endpoint import Refusal
from ..profiles.behaviour import changed
from ..profiles.embeddings import DIMENSIONS, Embeddings
from ..profiles.models import ListModels, OneModel
from ..profiles.reasoning import Reasoning
from ..profiles.sampling import Sampling
from ..profiles.stream_usage import StreamUsage
from ..profiles.structured_output import StructuredOutput
from ..profiles.tools import Tools
from ..reply import Reply, text_of, tokenize
from ..sampled import Asked
from .fault import fault


class Ignores(Mock):
    """A member of the request is taken, and nothing is made of it."""

    member = ""
    in_streams: bool | None = None
    """Whether it is ignored in streams alone, or elsewhere alone."""

    def understood(self, request: Json) -> Json:
        if self.in_streams not in (None, bool(request.get("stream"))) or not self.ignores(request):
            return request
        return {name: value for name, value in request.items() if name != self.member}

    def ignores(self, request: Json) -> bool:
        return True


# Sampling


@fault("sampling.n-kept", profile="sampling")
class OneChoice(Ignores):
    """n is ignored."""

    member, in_streams = "n", False


@fault("sampling.n-kept-in-stream", profile="sampling")
class OneStreamedChoice(Ignores):
    """n is ignored in streams."""

    member, in_streams = "n", True


@fault("sampling.stop-kept", profile="sampling")
class NeverStops(Ignores):
    """stop is ignored."""

    member, in_streams = "stop", False


@fault("sampling.stop-kept-in-stream", profile="sampling")
class StreamsNeverStop(Ignores):
    """stop is ignored in streams."""

    member, in_streams = "stop", True


@fault("sampling.seed-repeats", profile="sampling")
class IgnoresTheSeed(Mock):
    """With a seed too, each answer is another one."""

    def reply(self, request: Json) -> Reply:
        reply = super().reply(request)
        if "seed" not in request or not reply.tokens:
            return reply
        return evolve(reply, tokens=(*reply.tokens[:-1], f" {uuid.uuid4().hex[:8]}"))


@fault("sampling.logprobs-present", profile="sampling")
class NoProbabilities(Ignores):
    """logprobs is ignored."""

    member, in_streams = "logprobs", False


@fault("sampling.logprobs-present-in-stream", profile="sampling")
class NoStreamedProbabilities(Ignores):
    """logprobs is ignored in streams."""

    member, in_streams = "logprobs", True


@fault("sampling.logprobs-spell-the-text", profile="sampling")
class ProbabilitiesOfAnotherText(Mock):
    """The tokens of logprobs are not those of the text."""

    class Other(Sampling):
        def probable(self, token: str, most: int) -> Json:
            return super().probable("word", most)

    instead = (Other,)


@fault("sampling.logprob-not-positive", profile="sampling")
class ProbabilitiesForLogarithms(Mock):
    """A logprob is the probability itself."""

    class Plain(Sampling):
        def probable(self, token: str, most: int) -> Json:
            return {**super().probable(token, most), "logprob": 0.61}

    instead = (Plain,)


@fault("sampling.top-logprobs-counted", profile="sampling")
class OneTopLogprob(Mock):
    """However many are asked for, one is listed."""

    class One(Sampling):
        def probable(self, token: str, most: int) -> Json:
            return super().probable(token, min(most, 1))

    instead = (One,)


@fault("sampling.max-completion-tokens-kept", profile="sampling")
class KnowsTheOldLimitAlone(Ignores):
    """max_completion_tokens is ignored."""

    member = "max_completion_tokens"


# Usage in a stream


@fault("stream-usage.sent-on-request", profile="stream-usage")
class NoStreamedUsage(Mock):
    """stream_options is ignored."""

    class Never(StreamUsage):
        def chunks(self, request: Json, reply: Reply, chunks: list[Json]) -> list[Json]:
            return super().chunks({}, reply, chunks)

    instead = (Never,)


@fault("stream-usage.only-on-request", profile="stream-usage")
class UsageUnasked(Mock):
    """Every stream has its usage."""

    class Always(StreamUsage):
        def chunks(self, request: Json, reply: Reply, chunks: list[Json]) -> list[Json]:
            return chunks

    instead = (Always,)


@fault("stream-usage.in-the-last-chunk", profile="stream-usage")
class UsageBeforeTheEnd(Mock):
    """The usage comes before the reason for the end."""

    class Early(StreamUsage):
        def chunks(self, request: Json, reply: Reply, chunks: list[Json]) -> list[Json]:
            made = super().chunks(request, reply, chunks)
            is_last = bool(made[-1].get("usage"))
            return [*made[:-2], made[-1], made[-2]] if is_last else made

    instead = (Early,)


@fault("stream-usage.without-choices", profile="stream-usage")
class UsageBesideTheEnd(Mock):
    """The usage stands in the chunk that has the reason for the end."""

    class Beside(StreamUsage):
        def chunks(self, request: Json, reply: Reply, chunks: list[Json]) -> list[Json]:
            made = super().chunks(request, reply, chunks)
            return [*made[:-2], {**made[-2], "usage": made[-1]["usage"]}] if made[-1].get("usage") else made

    instead = (Beside,)


@fault("stream-usage.counts-the-text", "stream.agrees-on-completion", profile="stream-usage")
class CountsNoStreamedText(Mock):
    """The usage of a stream counts the prompt alone."""

    class PromptAlone(StreamUsage):
        def chunks(self, request: Json, reply: Reply, chunks: list[Json]) -> list[Json]:
            usage = {"completion_tokens": 0, "total_tokens": reply.prompt_tokens}
            made = super().chunks(request, reply, chunks)
            return [{**each, "usage": {**each["usage"], **usage}} if each.get("usage") else each for each in made]

    instead = (PromptAlone,)


# Structured output


class Prose(Ignores):
    """A response format is ignored."""

    member = "response_format"
    kind = ""

    def ignores(self, request: Json) -> bool:
        return bool((request.get("response_format") or {}).get("type") == self.kind)


@fault("structured-output.json-object", profile="structured-output")
class ProseForAnObject(Prose):
    """json_object is ignored."""

    kind, in_streams = "json_object", False


@fault("structured-output.json-object-in-stream", profile="structured-output")
class StreamedProseForAnObject(Prose):
    """json_object is ignored in streams."""

    kind, in_streams = "json_object", True


@fault(
    "structured-output.json-object",
    "structured-output.json-object-in-stream",
    "structured-output.json-schema",
    "structured-output.json-schema-in-stream",
    profile="structured-output",
)
class ProseThatNeverEnds(Mock):
    """JSON is announced at such length that a limit cuts the answer before it."""

    class Rambling(StructuredOutput):
        def text(self, request: Json, text: str) -> str:
            said = super().text(request, text)
            return said if said == text else f"{'Certainly, the JSON follows at once. ' * 100}{said}"

    instead = (Rambling,)


@fault("structured-output.json-schema", profile="structured-output")
class AnyJsonForASchema(Mock):
    """json_schema gives an object, of whatever form."""

    class Loose(StructuredOutput):
        in_streams = False

        def text(self, request: Json, text: str) -> str:
            wanted = request.get("response_format") or {}
            is_meant = wanted.get("type") == "json_schema" and bool(request.get("stream")) is self.in_streams
            return '{"answer": "yes"}' if is_meant else super().text(request, text)

    instead = (Loose,)


@fault("structured-output.json-schema-in-stream", profile="structured-output")
class AnyStreamedJsonForASchema(Mock):
    """json_schema gives an object of whatever form in streams."""

    class Loose(AnyJsonForASchema.Loose):
        in_streams = True

    instead = (Loose,)


@fault("structured-output.text-is-free", profile="structured-output")
class JsonForAText(Mock):
    """Any response format gives JSON."""

    class Always(StructuredOutput):
        def text(self, request: Json, text: str) -> str:
            is_text = (request.get("response_format") or {}).get("type") == "text"
            return '{"answer": "yes"}' if is_text else super().text(request, text)

    instead = (Always,)


# Tools


def _names_one(request: Json) -> bool:
    return isinstance(request.get("tool_choice"), dict)


class CallsNothing(Mock):
    """No function is called where it should be."""

    class Silent(Tools):
        def called(self, request: Json) -> list[Json]:
            return [] if self.is_silent(request) else super().called(request)

        def is_silent(self, request: Json) -> bool:
            return False


@fault("tools.forced-function-called", "tools.stream-agrees", profile="tools")
class IgnoresTheFunctionsName(CallsNothing):
    """The function that is demanded is not called."""

    class Silent(CallsNothing.Silent):
        def is_silent(self, request: Json) -> bool:
            return _names_one(request) and not request.get("stream")

    instead = (Silent,)


@fault("tools.forced-function-called-in-stream", "tools.stream-agrees", profile="tools")
class StreamsIgnoreTheFunctionsName(CallsNothing):
    """In a stream the function that is demanded is not called."""

    class Silent(CallsNothing.Silent):
        def is_silent(self, request: Json) -> bool:
            return _names_one(request) and bool(request.get("stream"))

    instead = (Silent,)


@fault("tools.stream-agrees", profile="tools")
class StreamsCallTwice(Mock):
    """In a stream the function that is demanded is called twice."""

    class Twice(Tools):
        def called(self, request: Json) -> list[Json]:
            called = super().called(request)
            return called * 2 if _names_one(request) and request.get("stream") else called

    instead = (Twice,)


@fault("tools.required-calls", profile="tools")
class RequiredIsAuto(CallsNothing):
    """required is ignored."""

    class Silent(CallsNothing.Silent):
        def is_silent(self, request: Json) -> bool:
            return request.get("tool_choice") == "required"

    instead = (Silent,)


@fault("tools.none-calls-nothing", profile="tools")
class CallsDespiteNone(Mock):
    """none is ignored."""

    class Calling(Tools):
        def called(self, request: Json) -> list[Json]:
            is_none = request.get("tool_choice") == "none"
            return super().called({**request, "tool_choice": "required"} if is_none else request)

    instead = (Calling,)


@fault("tools.auto-calls-when-needed", profile="tools")
class NeverCallsByItself(CallsNothing):
    """With auto nothing is ever called."""

    class Silent(CallsNothing.Silent):
        def is_silent(self, request: Json) -> bool:
            return request.get("tool_choice", "auto") == "auto" and not request.get("stream")

    instead = (Silent,)


@fault("tools.one-call-unless-parallel", profile="tools")
class AlwaysParallel(Ignores):
    """parallel_tool_calls is ignored."""

    member = "parallel_tool_calls"


@fault("tools.known-function", profile="tools")
class MakesUpFunctions(Mock):
    """By itself the model calls functions that nobody named."""

    class Another(Tools):
        def called(self, request: Json) -> list[Json]:
            called = super().called(request)
            is_free = request.get("tool_choice", "auto") == "auto"
            return [{**each, "name": f"{each['name']}_v2"} for each in called] if is_free else called

    instead = (Another,)


@fault("tools.arguments-are-json", profile="tools")
class ArgumentsWithATrailingComma(Mock):
    """The arguments end with a comma before the brace."""

    class Comma(Tools):
        def arguments(self, function: Json) -> str:
            return super().arguments(function).removesuffix("}") + ",}"

    instead = (Comma,)


@fault("tools.arguments-valid", profile="tools")
class ArgumentsOfAnotherSchema(Mock):
    """The arguments are JSON, and not of the function's schema."""

    class Another(Tools):
        def arguments(self, function: Json) -> str:
            return '{"place": 1}'

    instead = (Another,)


@fault("tools.call-ids-differ", profile="tools")
class OneIdForAllCalls(Mock):
    """Every call has the same id."""

    class Same(Tools):
        def call(self, name: str, arguments: str) -> Json:
            return {**super().call(name, arguments), "id": "call_1"}

    instead = (Same,)


@fault("tools.finish-reason", profile="tools")
class CallsAndSaysStop(Mock):
    """After a call the reason for the end is stop."""

    class Stops(Tools):
        def reason(self, reply: Reply) -> str:
            return reply.finish_reason

    instead = (Stops,)


@fault("tools.finish-reason-without-calls", profile="tools")
class SaysCallsWithoutOne(Mock):
    """Where no call is wanted, the reason for the end is that functions are to be called."""

    def reply(self, request: Json) -> Reply:
        reply = super().reply(request)
        is_none = request.get("tool_choice") == "none" and reply.finish_reason == "stop"
        return evolve(reply, finish_reason="tool_calls") if is_none else reply


@fault("tools.text-or-calls", profile="tools")
class NeitherTextNorCalls(Mock):
    """Where no call is wanted, the content is null."""

    def completion(self, request: Json, reply: Reply) -> Json:
        completion = super().completion(request, reply)
        if request.get("tool_choice") == "none":
            completion["choices"][0]["message"]["content"] = None
        return completion


@fault("tools.stream-pieces", "stream.folds", profile="tools")
class PiecesWithoutAnId(Mock):
    """No piece of a call has the call's id."""

    class Nameless(Tools):
        def pieces(self, index: int, call: Json) -> list[Json]:
            first, *others = super().pieces(index, call)
            return [{name: value for name, value in first.items() if name != "id"}, *others]

    instead = (Nameless,)


@fault("tools.result-used", profile="tools")
class IgnoresResults(Mock):
    """What a function returned is ignored."""

    class Deaf(Tools):
        def text(self, request: Json, text: str) -> str:
            is_result = request["messages"][-1]["role"] == "tool"
            return "I cannot say." if is_result else super().text(request, text)

    instead = (Deaf,)


# Content in parts


def _parts(request: Json) -> list[Json]:
    content = request["messages"][0]["content"]
    return content if isinstance(content, list) else []


@fault("content-parts.accepted", profile="content-parts")
class RefusesASecondPart(Mock):
    """A text after a text is refused."""

    def validate(self, request: Any) -> Refusal | None:
        refusal = super().validate(request)
        texts = [part["text"] for part in _parts(request) if part["type"] == "text"] if refusal is None else []
        return Refusal(400, "One part is enough.") if len(texts) > 1 and all(texts) else refusal


@fault("content-parts.texts-count", profile="content-parts")
class SeesTheFirstPart(Mock):
    """Only the first part is looked at."""

    def understood(self, request: Json) -> Json:
        parts = _parts(request)[:1]
        first = {**request["messages"][0], "content": text_of(parts)}
        return {**request, "messages": [first, *request["messages"][1:]]} if parts else request


@fault("content-parts.same-as-text", profile="content-parts")
class PartsCountMore(Mock):
    """Each part counts three tokens besides its text."""

    def reply(self, request: Json) -> Reply:
        reply = super().reply(request)
        return evolve(reply, prompt_tokens=reply.prompt_tokens + 3 * len(_parts(request)))


@fault("content-parts.image-never-5xx", profile="content-parts")
class FailsOnImages(Mock):
    """An image takes the model down."""

    async def respond(self, http: Request) -> Response:
        if http.method == "POST" and b"data:image/png" in await http.body():
            return self.refuse(Refusal(500, "Something went wrong.", "server_error"))
        return await super().respond(http)


# Reasoning


@fault("reasoning.shown", profile="reasoning")
class HidesReasoning(Mock):
    """No answer has the reasoning."""

    class Hidden(Reasoning):
        def completion(self, request: Json, reply: Reply, completion: Json) -> Json:
            return completion

    instead = (Hidden,)


@fault("reasoning.shown-in-stream", profile="reasoning")
class StreamsHideReasoning(Mock):
    """No stream has the reasoning."""

    class Hidden(Reasoning):
        def chunks(self, request: Json, reply: Reply, chunks: list[Json]) -> list[Json]:
            return chunks

    instead = (Hidden,)


@fault("reasoning.apart", profile="reasoning")
class ThinksAloud(Mock):
    """The marks of the reasoning are in the text."""

    def completion(self, request: Json, reply: Reply) -> Json:
        completion = super().completion(request, reply)
        message = completion["choices"][0]["message"]
        message["content"] = f"<think></think>{message['content']}"
        return completion


@fault("reasoning.before-the-answer", profile="reasoning")
class ThinksAfterwards(Mock):
    """The reasoning comes when the text has begun."""

    class After(Reasoning):
        def chunks(self, request: Json, reply: Reply, chunks: list[Json]) -> list[Json]:
            first, *others = chunks
            [choice] = first["choices"]
            thoughts = [changed(first, {**choice, "delta": {self.member: token}}) for token in tokenize("I think.")]
            return (
                [first, *others[:1], *thoughts, *others[1:]] if reply.tokens else super().chunks(request, reply, chunks)
            )

    instead = (After,)


# Models


@fault("listModels.models.ids-unique", profile="models")
class ListsTwice(Mock):
    """Each model is listed twice."""

    class Twice(ListModels):
        @property
        def listed(self) -> list[Json]:
            return [each for each in super().listed for _ in range(2)]

    instead = (Twice,)


@fault("models.listed-is-served", profile="models")
class ListsWhatItLacks(Mock):
    """A model is listed that was taken away."""

    @property
    def models_listed(self) -> Json:
        listed = super().models_listed
        return {**listed, "data": [*listed["data"], {"id": "alphaedge-small-1-2407", "object": "model"}]}


@fault("getModel.models.described-by-its-id", profile="models")
class DescribesByAnotherName(Mock):
    """A model is described with the name of its file."""

    class Other(OneModel):
        def answer(self, schema: str, asked: Asked) -> Json:
            return {**super().answer(schema, asked), "id": "/models/weights.safetensors"}

    instead = (Other,)


@fault("getModel.models.unknown-not-found", profile="models")
class DescribesAnything(Mock):
    """Any name is described as if it were a model's."""

    class Anything(OneModel):
        def entry(self, id: str) -> Json:
            return {"id": id, "object": "model"}

    instead = (Anything,)


# Embeddings


def _own(name: str) -> str:
    return f"createEmbedding.embeddings.{name}"


@fault(_own("one-for-each-input"), profile="embeddings")
class EmbedsAllButOne(Mock):
    """Of several texts the last has no embedding."""

    class Fewer(Embeddings):
        def embeddings(self, request: Json) -> list[Json]:
            made = super().embeddings(request)
            return made[:-1] or made

    instead = (Fewer,)


@fault(_own("index-in-order"), profile="embeddings")
class NumbersEachZero(Mock):
    """Every embedding has the index 0."""

    class Zero(Embeddings):
        def embeddings(self, request: Json) -> list[Json]:
            return [{**each, "index": 0} for each in super().embeddings(request)]

    instead = (Zero,)


@fault(_own("of-one-length"), profile="embeddings")
class VectorsOfAnyLength(Mock):
    """A vector ends with its last number that is not small."""

    class Ragged(Embeddings):
        def vector(self, text: Any, dimensions: int) -> list[float]:
            cut = len(str(text)) % 3 if "dimensions" not in self.asked else 0
            return super().vector(text, dimensions)[: dimensions - cut]

        def embeddings(self, request: Json) -> list[Json]:
            self.asked = request
            return super().embeddings(request)

    instead = (Ragged,)


@fault(_own("dimensions-kept"), profile="embeddings")
class IgnoresDimensions(Mock):
    """dimensions is ignored."""

    class Usual(Embeddings):
        def dimensions(self, request: Json) -> int:
            return DIMENSIONS

    instead = (Usual,)


@fault(_own("format-kept"), profile="embeddings")
class AlwaysNumbers(Mock):
    """encoding_format is ignored."""

    class Numbers(Embeddings):
        def written(self, vector: list[float], request: Json) -> list[float]:
            return vector

    instead = (Numbers,)


@fault(_own("base64-agrees"), profile="embeddings")
class BigEndian(Mock):
    """Base64 holds the numbers with their bytes in the other order."""

    class Network(Embeddings):
        def packed(self, vector: list[float]) -> bytes:
            return struct.pack(f">{len(vector)}f", *vector)

    instead = (Network,)


@fault(_own("base64-agrees"), profile="embeddings")
class DoublePrecision(Mock):
    """Base64 holds numbers of 64 bits."""

    class Double(Embeddings):
        def packed(self, vector: list[float]) -> bytes:
            return struct.pack(f"<{len(vector)}d", *vector)

    instead = (Double,)


@fault(_own("repeats"), profile="embeddings")
class MixesUpTexts(Mock):
    """The vectors come in the order of the alphabet."""

    class Sorted(Embeddings):
        def inputs(self, request: Json) -> list[Any]:
            inputs = super().inputs(request)
            wants_base64 = request.get("encoding_format") == "base64"
            return inputs if wants_base64 else sorted(inputs, key=str, reverse=len(inputs) > 2)

    instead = (Sorted,)


@fault(_own("texts-differ"), profile="embeddings")
class OneVectorForAll(Mock):
    """Whatever the text, the vector is the same."""

    class Same(Embeddings):
        def vector(self, text: Any, dimensions: int) -> list[float]:
            return super().vector("", dimensions)

    instead = (Same,)


@fault(_own("usage-counts-the-input"), profile="embeddings")
class EmbedsForNothing(Mock):
    """No token is counted."""

    class Free(Embeddings):
        def usage(self, request: Json) -> Json:
            return {"prompt_tokens": 0, "total_tokens": 0}

    instead = (Free,)
