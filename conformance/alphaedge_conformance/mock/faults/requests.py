"""Requests that are misread: numbers, types, members, bodies, methods, size."""

from __future__ import annotations

import json
import math
import re
from abc import ABC, abstractmethod
from typing import Any

from attrs import evolve
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from ...exchange.strict_json import Json
from ..app import Mock
from ..endpoint import Refusal
from .fault import fault
from .refusals import Instead, OtherMethod

NEVER_5XX, LARGE, ODD = "error.never-5xx", "request.large-never-5xx", "body.odd-json-undecided"
MALFORMED, FORMS = "body.malformed-json-refused", "endpoint.http-forms-accepted"
UNKNOWN = "request.model-unknown-refused"


def number(request: Any, name: str) -> float | None:
    """A member that is a number."""
    value = request.get(name) if isinstance(request, dict) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def texts(request: Any) -> list[Any]:
    """The content of each message."""
    messages = request.get("messages") if isinstance(request, dict) else None
    return [each.get("content") for each in messages if isinstance(each, dict)] if isinstance(messages, list) else []


class Answers(Mock, ABC):
    """A mock that refuses some requests in its own way, whatever the contract says of them."""

    status = 500

    @abstractmethod
    def is_bad(self, request: Any) -> bool: ...

    def validate(self, request: Any) -> Refusal | None:
        return Refusal(self.status, "Cannot do this.") if self.is_bad(request) else super().validate(request)


class Takes(Mock, ABC):
    """A mock that changes a request before it judges it."""

    @abstractmethod
    def change(self, request: Json) -> Json: ...

    def read(self, http: Request, body: bytes) -> Any:
        request = super().read(http, body)
        return self.change(request) if isinstance(request, dict) else request


# Numbers


@fault("request.number-notation-accepted")
class RefusesExponents(Instead):
    """A number with an exponent is refused."""

    status = 400

    def is_bad(self, http: Request, body: bytes) -> bool:
        return re.search(rb'": ?-?[\d.]+e\d', body) is not None


@fault(LARGE)
class LimitOfThirtyOneBits(Answers):
    """max_tokens beyond 31 bits leads to 500."""

    def is_bad(self, request: Any) -> bool:
        return (number(request, "max_tokens") or 0) >= 2**31


@fault(LARGE)
class LimitOfSixtyThreeBits(Answers):
    """max_tokens beyond 63 bits leads to 500."""

    def is_bad(self, request: Any) -> bool:
        return (number(request, "max_tokens") or 0) >= 2**63


@fault("request.max-tokens-minimum", NEVER_5XX)
class LargeNegativeIs500(Answers):
    """A large negative max_tokens leads to 500."""

    def is_bad(self, request: Any) -> bool:
        return (number(request, "max_tokens") or 0) < -(2**31)


@fault("request.max-tokens-minimum")
class MinusOneIsUnlimited(Takes):
    """max_tokens -1 means no limit."""

    def change(self, request: Json) -> Json:
        return {**request, "max_tokens": 16} if request.get("max_tokens") == -1 else request


@fault("request.temperature-minimum", "request.temperature-maximum", "stream.refused-by-status")
class RoundsTemperature(Takes):
    """The temperature is rounded to one decimal before it is judged."""

    def change(self, request: Json) -> Json:
        value = number(request, "temperature")
        return request if value is None or math.isnan(value) else {**request, "temperature": round(value, 1)}


@fault("request.temperature-accepted")
class OneDecimalOnly(Answers):
    """A temperature with more than one decimal is refused."""

    status = 400

    def is_bad(self, request: Any) -> bool:
        value = number(request, "temperature")
        return value is not None and 0 <= value <= 2 and round(value, 1) != value and value > 1e-6


@fault("request.temperature-accepted")
class HighTemperatureIs502(Answers):
    """The worker behind a gateway ends at the highest temperature, and the gateway answers 502."""

    status = 502

    def is_bad(self, request: Any) -> bool:
        return number(request, "temperature") == 2


@fault("request.temperature-accepted")
class TinyTemperatureIs500(Answers):
    """A tiny temperature leads to 500, as by a division."""

    def is_bad(self, request: Any) -> bool:
        return 0 < (number(request, "temperature") or 0) < 1e-6


@fault("request.temperature-maximum", NEVER_5XX)
class InfinityIs500(Answers):
    """A number beyond all floats leads to 500."""

    def is_bad(self, request: Any) -> bool:
        return number(request, "temperature") == math.inf


@fault(MALFORMED)
class AcceptsNaN(Instead):
    """NaN is taken for a number, and passes every bound."""

    def is_bad(self, http: Request, body: bytes) -> bool:
        return b": NaN" in body


@fault(MALFORMED, NEVER_5XX)
class InfinityForAnIntegerIs500(Instead):
    """Infinity where an integer is expected leads to 500, as by a conversion."""

    status = 500

    def is_bad(self, http: Request, body: bytes) -> bool:
        return b": Infinity" in body


# Types that lenient parsers convert


@fault("request.max-tokens-lenient-type", "request.temperature-lenient-type")
class NumbersAsText(Takes):
    """A number may be a string."""

    def change(self, request: Json) -> Json:
        changed = dict(request)
        for name in ("max_tokens", "temperature"):
            value = request.get(name)
            if isinstance(value, str) and re.fullmatch(r"[\d.]+", value):
                changed[name] = float(value) if "." in value else int(value)
        return changed


@fault("request.max-tokens-lenient-type", "request.temperature-lenient-type")
class BooleansAsNumbers(Takes):
    """A boolean is a number."""

    def change(self, request: Json) -> Json:
        numbers = ("max_tokens", "temperature")
        return {name: int(value) if name in numbers and value is True else value for name, value in request.items()}


@fault("request.stream-lenient-type")
class TextIsTrue(Takes):
    """A string may say true."""

    def change(self, request: Json) -> Json:
        return {**request, "stream": False} if request.get("stream") in ("true", "false") else request


@fault("request.stream-lenient-type")
class OneIsTrue(Takes):
    """One and zero are booleans."""

    def change(self, request: Json) -> Json:
        is_number = type(request.get("stream")) is int
        return {**request, "stream": False} if is_number else request


@fault("request.messages-lenient-type")
class TextForMessages(Takes):
    """A string is taken for a conversation."""

    def change(self, request: Json) -> Json:
        said = request.get("messages")
        return {**request, "messages": [{"role": "user", "content": said}]} if isinstance(said, str) else request


class Contents(Takes, ABC):
    """A mock that takes something else for a text."""

    @abstractmethod
    def is_taken(self, content: Any) -> bool: ...

    def change(self, request: Json) -> Json:
        if not any(self.is_taken(content) for content in texts(request)):
            return request
        messages = [
            {**each, "content": "Hello!"} if self.is_taken(each.get("content", "")) else each
            for each in request["messages"]
        ]
        return {**request, "messages": messages}


@fault("message.content-lenient-type")
class PartsForText(Contents):
    """A list of parts is taken for a text."""

    def is_taken(self, content: Any) -> bool:
        return isinstance(content, list) and bool(content) and all(isinstance(part, dict) for part in content)


@fault("message.content-lenient-type")
class EmptyListForText(Contents):
    """An empty list is taken for a text (ai-dynamo)."""

    def is_taken(self, content: Any) -> bool:
        return isinstance(content, list) and not content


@fault("message.content-lenient-type", NEVER_5XX)
class NullContentIs500(Answers):
    """Null in place of a text leads to 500."""

    def is_bad(self, request: Any) -> bool:
        messages = request.get("messages") if isinstance(request, dict) else None
        each = (
            [message for message in messages or () if isinstance(message, dict)] if isinstance(messages, list) else []
        )
        return any("content" in message and message["content"] is None for message in each)


# Members


@fault("request.unknown-member-undecided")
class CrashesOnUnknownMemberOfAMessage(Answers):
    """An unknown member of a message leads to 500."""

    def is_bad(self, request: Any) -> bool:
        messages = request.get("messages") if isinstance(request, dict) else None
        return isinstance(messages, list) and any(
            "x_unknown_member" in each for each in messages if isinstance(each, dict)
        )


@fault("message.content-required", "message.role-enum")
class FirstMessageOnly(Takes):
    """Only the first message is judged."""

    def change(self, request: Json) -> Json:
        messages = request.get("messages")
        if not isinstance(messages, list):
            return request
        return {**request, "messages": messages[:1] + [each for each in messages[1:] if self.is_valid(each)]}

    def is_valid(self, message: Any) -> bool:
        item = self.contract.resolve(self.contract.request_schema) + "/properties/messages/items"
        return not self.contract.violations(item, message)


@fault(UNKNOWN)
class NoNameIsTheDefault(Takes):
    """An empty name of a model means the default."""

    def change(self, request: Json) -> Json:
        return {**request, "model": self.models[0]} if request.get("model") == "" else request


@fault(UNKNOWN, NEVER_5XX)
class LongNameIs500(Answers):
    """A long name of a model leads to 500, as by the name of a file."""

    def is_bad(self, request: Any) -> bool:
        model = request.get("model") if isinstance(request, dict) else None
        return isinstance(model, str) and len(model.encode()) > 255


@fault(UNKNOWN, NEVER_5XX)
class NulInANameIs500(Answers):
    """A NUL in the name of a model leads to 500."""

    def is_bad(self, request: Any) -> bool:
        model = request.get("model") if isinstance(request, dict) else None
        return isinstance(model, str) and "\0" in model


# Bodies


@fault(ODD)
class ByteOrderMarkIs500(Instead):
    """A byte order mark leads to 500."""

    status = 500

    def is_bad(self, http: Request, body: bytes) -> bool:
        return body.startswith(b"\xef\xbb\xbf")


@fault(ODD)
class DeepJsonIs500(Instead):
    """JSON of thousands of levels leads to 500."""

    status = 500

    def is_bad(self, http: Request, body: bytes) -> bool:
        return b"[" * 1000 in body


@fault(ODD)
class HalfAPairIs500(Instead):
    """Half of a surrogate pair leads to 500, as by an encoder of UTF-8."""

    status = 500

    def is_bad(self, http: Request, body: bytes) -> bool:
        return re.search(rb"\\ud83e(?!\\u)", body) is not None


@fault(MALFORMED)
class TextAfterJson(Instead):
    """What follows the JSON is not looked at."""

    def is_bad(self, http: Request, body: bytes) -> bool:
        return body.endswith(b"} and more")


@fault(MALFORMED)
class CommaTooMany(Instead):
    """A comma before the last brace is accepted."""

    def is_bad(self, http: Request, body: bytes) -> bool:
        return body.endswith(b",}")


@fault(MALFORMED)
class AcceptsLatin1(Instead):
    """A body that is not UTF-8 is accepted (ai-dynamo)."""

    def is_bad(self, http: Request, body: bytes) -> bool:
        return b"d\xe9j\xe0" in body


@fault(MALFORMED, NEVER_5XX)
class Latin1Is500(AcceptsLatin1):
    """A body that is not UTF-8 leads to 500."""

    status = 500


@fault("body.empty-refused", NEVER_5XX)
class WhiteSpaceIs500(Instead):
    """A body of white space alone leads to 500."""

    status = 500

    def is_bad(self, http: Request, body: bytes) -> bool:
        return bool(body) and not body.strip()


@fault("body.wrong-media-type-refused")
class AcceptsForms(Instead):
    """A body that is labelled as a form is read as JSON, as curl sends it without a label."""

    def is_bad(self, http: Request, body: bytes) -> bool:
        return http.headers.get("content-type") == "application/x-www-form-urlencoded"


@fault(FORMS)
class RefusesACharset(Mock):
    """A label with a parameter is refused."""

    def read(self, http: Request, body: bytes) -> Any:
        if ";" in http.headers.get("content-type", ""):
            return Refusal(415, "Expected application/json.")
        return super().read(http, body)


@fault(FORMS)
class FirstSegmentOnly(Mock):
    """What comes after the first segment of a body is not read."""

    async def respond(self, http: Request) -> Response:
        size = int(http.headers.get("content-length", 0))
        stream = http.stream()
        first = await anext(stream)
        has_come = len(first) >= size
        rest = b"".join([part async for part in stream])
        http._body = first + rest  # what Starlette would have kept
        if not has_come and size < 1000:
            return self.refuse(Refusal(400, "Expected a body of JSON."))
        return await super().respond(http)


# Methods


@fault("endpoint.method-never-5xx", "endpoint.method-refused")
class PatchIs500(Mock):
    """PATCH leads to 500."""

    method = "PATCH"

    async def respond(self, http: Request) -> Response:
        return (
            self.refuse(Refusal(500, "Internal error.")) if http.method == self.method else await super().respond(http)
        )


@fault("endpoint.method-never-5xx")
class OptionsIs500(PatchIs500):
    """OPTIONS leads to 500."""

    method = "OPTIONS"


@fault("endpoint.method-error-shape")
class MethodErrorIsText(OtherMethod):
    """The refusal of a method is text."""

    def other(self) -> Response:
        return PlainTextResponse("Method Not Allowed", 405, {"Allow": "POST"})


@fault("endpoint.method-error-shape")
class MethodErrorIsDetail(OtherMethod):
    """The refusal of a method has the framework's own shape."""

    def other(self) -> Response:
        return self.json(405, {"detail": "Method Not Allowed"}, {"Allow": "POST"})


# Size


@fault(LARGE)
class LargeBodyIs500(Instead):
    """A body of more than 64 KB leads to 500."""

    status = 500

    def is_bad(self, http: Request, body: bytes) -> bool:
        return len(body) > 2**16


@fault(LARGE)
class HundredMessagesAreTheLimit(Answers):
    """More than a hundred messages lead to 500."""

    def is_bad(self, request: Any) -> bool:
        return len(texts(request)) > 100


@fault("request.messages-accepted")
class RefusesWhiteSpace(Answers):
    """A text of white space alone is refused."""

    status = 400

    def is_bad(self, request: Any) -> bool:
        return any(isinstance(text, str) and text and text.isspace() for text in texts(request))


@fault("message.content-accepted")
class ComposedTextOnly(Answers):
    """A text with an accent apart from its letter, as some systems write it, is refused."""

    status = 400

    def is_bad(self, request: Any) -> bool:
        return any(isinstance(text, str) and "e\u0301" in text for text in texts(request))


@fault("error.never-5xx", "request.model-unknown-refused")
class SlashInAModelIs500(Answers):
    """The name of a model is a part of a path: one with a slash leads to 500."""

    def is_bad(self, request: Any) -> bool:
        return isinstance(request, dict) and "/" in str(request.get("model"))


@fault("body.odd-json-undecided")
class LongNumberIs500(Mock):
    """A number of thousands of digits leads to 500, as by Python's own limit."""

    def read(self, http: Request, body: bytes) -> Any:
        is_long = re.search(rb"\d{4301}", body) is not None
        return Refusal(500, "Exceeds the limit for integer string conversion.") if is_long else super().read(http, body)


@fault("message.content-required", "message.role-enum", "usage.prompt-grows")
class LooksAtBothEnds(Takes):
    """Only the first message and the last are read."""

    def change(self, request: Json) -> Json:
        messages = request.get("messages")
        if not isinstance(messages, list) or len(messages) < 3:
            return request
        return {**request, "messages": [messages[0], messages[-1]]}


@fault("request.large-never-5xx")
class LongTextIs500(Answers):
    """A text of more than two thousand characters leads to 500."""

    def is_bad(self, request: Any) -> bool:
        return any(isinstance(text, str) and 2000 < len(text) < 5000 and "quick" not in text for text in texts(request))


# What an error does to what it repeats


@fault("error.json")
class QuotesBreakErrors(Mock):
    """An error is put together as text, so that quotes in a name break it."""

    def refuse(self, refusal: Refusal) -> Response:
        if '"the "best"' not in refusal.message.replace("'", '"') and "wizard" not in refusal.message:
            return super().refuse(refusal)
        body = f'{{"error": {{"message": "{refusal.message}", "type": "{refusal.type}", "param": null, "code": null}}}}'
        return Response(body, refusal.status, media_type="application/json")


@fault("error.json")
class CutsInsideACharacter(Mock):
    """An error is cut after so many bytes, characters cut through."""

    def refuse(self, refusal: Refusal) -> Response:
        message = json.dumps(refusal.message, ensure_ascii=False).encode()[:-1]
        if len(message) < 100 or refusal.message.isascii():
            return super().refuse(refusal)
        cut = next(end for end in range(60, len(message)) if 0x80 <= message[end] < 0xC0)
        body = b'{"error": {"message": ' + message[:cut] + b'", "type": "invalid_request_error"}}'
        return Response(body, refusal.status, media_type="application/json")


class Trace(Mock, ABC):
    """A mock whose errors show a stack."""

    trace = ""

    def refuse(self, refusal: Refusal) -> Response:
        return super().refuse(evolve(refusal, message=self.trace) if refusal.status != 405 else refusal)


TRACES = {
    "java": "java.lang.NullPointerException: body\n\tat com.example.Chat.create(Chat.java:42)\n\tat app.Main.main",
    "dot-net": "System.NullReferenceException: body\n   at Example.Chat.Create(Request request) in /src/Chat.cs:line 4",
    "dot-net-without-lines": "System.Exception: body\n   at Example.Api.Chat.Create(Request request)",
    "go": "runtime error: index out of range\n\ngoroutine 7 [running]:\nmain.create(...)\n\t/src/main.go:42 +0x1d",
    "node": "TypeError: no body\n    at Chat.create (/app/chat.js:42:7)\n    at run (node:internal/x:1:2)",
    "node-without-names": "TypeError: no body\n    at /app/dist/chat.js:42:7\n    at async file:///app/server.mjs:3:1",
    "rust": "thread 'tokio-runtime-worker' panicked at src/chat.rs:42:7:\ncalled `Option::unwrap()` on a `None` value",
    "php": "Uncaught TypeError in /var/www/chat.php:42\nStack trace:\n#0 /var/www/index.php(7): create()\n#1 {main}",
    "ruby": "undefined method `[]' for nil\n/app/chat.rb:42:in `create'\n/app/config.ru:7:in `block'",
}
for _name, _trace in TRACES.items():
    _members = {"__doc__": f"Errors show a stack of {_name}.", "__module__": __name__, "trace": _trace}
    fault("error.no-stack-trace")(type(f"TraceOf{_name.title().replace('-', '')}", (Trace,), _members))
