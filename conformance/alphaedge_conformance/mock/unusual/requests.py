"""What they take, refuse and count in another way than most."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from typing import Any

from attrs import evolve
from starlette.requests import Request
from starlette.responses import Response

from ...exchange.strict_json import Json
from ..app import Mock
from ..endpoint import Refusal
from ..reply import Reply, tokenize
from .answers import Changed
from .registry import unusual

# Bodies and methods


@unusual
class TakesAByteOrderMark(Mock):
    """A byte order mark before the JSON is ignored."""

    def read(self, http: Request, body: bytes) -> Any:
        return super().read(http, body.removeprefix(b"\xef\xbb\xbf"))


@unusual
class RefusesLargeBodies(Mock):
    """A body of more than 32 KB is refused with 413."""

    def read(self, http: Request, body: bytes) -> Any:
        return Refusal(413, "The body is too large.") if len(body) > 2**15 else super().read(http, body)


@unusual
class RefusesManyMessages(Mock):
    """More than fifty messages are refused."""

    def validate(self, request: Any) -> Refusal | None:
        refusal = super().validate(request)
        return refusal or (Refusal(400, "Too many messages.") if len(request["messages"]) > 50 else None)


@unusual
class RefusesLargeLimits(Mock):
    """max_tokens beyond the context of the model is refused."""

    def validate(self, request: Any) -> Refusal | None:
        refusal = super().validate(request)
        return refusal or (Refusal(422, "Too many tokens.") if request.get("max_tokens", 0) > 2**17 else None)


@unusual
class AnswersOptions(Mock):
    """OPTIONS is answered as browsers ask it."""

    async def respond(self, http: Request) -> Response:
        if http.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": "POST, OPTIONS", "Access-Control-Allow-Methods": "POST"})
        return await super().respond(http)


@unusual
class RefusesHalfAPair(Mock):
    """Half of a surrogate pair in a request is refused."""

    def read(self, http: Request, body: bytes) -> Any:
        if b"\\ud83e " in body:
            return Refusal(400, "Expected whole characters.")
        return super().read(http, body)


# Keys


@unusual
class BadHeaderIs400(Mock):
    """A header that is no scheme and key is malformed, and therefore refused with 400."""

    def authorize(self, http: Request) -> Refusal | None:
        refusal = super().authorize(http)
        field = http.headers.get("authorization", "")
        is_malformed = field.startswith("Bearer") and len(field) > 6 and field[6] != " "
        return evolve(refusal, status=400) if refusal and is_malformed else refusal


# Connections


@unusual
class ClosesAfterAnError(Mock):
    """After an error the connection is closed."""

    def refuse(self, refusal: Refusal) -> Response:
        return super().refuse(evolve(refusal, headers={**refusal.headers, "Connection": "close"}))


@unusual
class ClosesAfterAStream(Mock):
    """After a stream the connection is closed."""

    def stream(self, body: Any) -> Response:
        response = super().stream(body)
        response.headers["Connection"] = "close"
        return response


# Counts


class Counting(Mock, ABC):
    """A mock whose tokens are of another kind."""

    @abstractmethod
    def count(self, text: str) -> int: ...

    def reply(self, request: Json) -> Reply:
        counted = sum(self.count(message["content"]) for message in request["messages"])
        return evolve(super().reply(request), prompt_tokens=counted)


@unusual
class TemplateOfManyTokens(Counting):
    """The template around each message counts twenty tokens, and the system's own prompt a hundred."""

    def count(self, text: str) -> int:
        return 20 + len(tokenize(text))

    def reply(self, request: Json) -> Reply:
        reply = super().reply(request)
        return evolve(reply, prompt_tokens=reply.prompt_tokens + 100)


@unusual
class BytesAreTokens(Counting):
    """A byte of the prompt is a token."""

    def count(self, text: str) -> int:
        return 2 + len(text.encode("utf-8", "replace"))


@unusual
class FourCharactersAreAToken(Counting):
    """Four characters of the prompt are a token."""

    def count(self, text: str) -> int:
        return 1 + len(text) // 4


@unusual
class TokensOfTheVocabularyAlone(Counting):
    """Characters that the model does not know count one token each."""

    def count(self, text: str) -> int:
        return 1 + sum(len(token) if not token.isascii() else 1 for token in tokenize(text))


@unusual
class RepeatsItself(Mock):
    """The answer repeats the prompt until the limit cuts it."""

    def reply(self, request: Json) -> Reply:
        reply, limit = super().reply(request), int(min(request.get("max_tokens", 64), 64))
        whole = tokenize(request["messages"][-1]["content"] * 30)
        is_cut = len(whole) > limit
        return evolve(reply, tokens=tuple(whole[:limit]), finish_reason="length" if is_cut else "stop")


@unusual
class NeverTheSame(Mock):
    """At any temperature the text differs from time to time, and its length too."""

    def reply(self, request: Json) -> Reply:
        reply = super().reply(request)
        words = [f" {random.choice('abcdefgh')}word" for _ in range(random.randint(6, 30))]
        limit = int(request.get("max_tokens", 30))
        return evolve(reply, tokens=tuple(words[:limit]), finish_reason="length" if limit < len(words) else "stop")


@unusual
class SaysTheReplacementCharacter(Mock):
    """The model itself says what stands for unknown characters."""

    def reply(self, request: Json) -> Reply:
        reply = super().reply(request)
        return evolve(reply, tokens=tuple(token if token.isascii() else "\ufffd" for token in reply.tokens))


# Streams


@unusual
class EightTokensADelta(Changed):
    """Up to eight tokens come in one delta."""

    def change(self, chunks: list[Json]) -> list[Json]:
        first, *texts = [chunk for chunk in chunks if chunk["choices"] and chunk["choices"][0]["delta"].get("content")]
        rest = [chunk for chunk in chunks if chunk not in texts and chunk is not first]
        together = []
        for at in range(0, len(texts), 8):
            said = "".join(chunk["choices"][0]["delta"]["content"] for chunk in texts[at : at + 8])
            choice = {"index": 0, "delta": {"content": said}, "finish_reason": None}
            together.append({**texts[at], "choices": [choice]})
        return [rest[0], first, *together, *rest[1:]]


# Errors


@unusual
class SaysWhereJsonIsWrong(Mock):
    """An error says at which line and column the JSON is wrong."""

    def refuse(self, refusal: Refusal) -> Response:
        message = f'{refusal.message} (at line 3, column 7: char 41; see "messages" in chat.py or /docs#at)'
        return super().refuse(evolve(refusal, message=message))


@unusual
class LongErrors(Mock):
    """An error repeats the whole of what it is about, many bytes a character, and has further members."""

    def refuse(self, refusal: Refusal) -> Response:
        error = {
            "message": f"{refusal.message} \u540d\u524d\U0001f600" * 40,
            "type": refusal.type,
            "param": refusal.param,
        }
        body = {"error": {**error, "code": refusal.code, "details": [{"at": "body"}]}, "request_id": "r-1"}
        return self.json(refusal.status, body, refusal.headers)


@unusual
class JsonLabelledUtf8(Mock):
    """The label of JSON has a parameter, everywhere."""

    def json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
        response = super().json(status, value, headers)
        response.headers["Content-Type"] = "application/json; charset=utf-8"
        return response


# Keys, models and room


@unusual
class RefusesOddFields(Mock):
    """A key that is missing after its scheme, or is not ASCII, is refused with 400 by the parser of headers."""

    def authorize(self, http: Request) -> Refusal | None:
        refusal, sent = super().authorize(http), http.headers.get("authorization", "x y")
        return evolve(refusal, status=400) if refusal and (" " not in sent.strip() or not sent.isascii()) else refusal


@unusual
class ForbidsOtherModels(Mock):
    """An unknown model is refused with 403, since this key may not use it."""

    def refuse(self, refusal: Refusal) -> Response:
        return super().refuse(evolve(refusal, status=403) if refusal.code == "model_not_found" else refusal)


@unusual
class SmallContext(Mock):
    """More than 512 tokens of prompt are refused with 400."""

    def validate(self, request: Any) -> Refusal | None:
        refusal = super().validate(request)
        texts = [message["content"] for message in request["messages"]] if refusal is None else []
        is_long = sum(map(len, map(tokenize, texts))) > 512
        return Refusal(400, "The prompt is too long.", code="context_length_exceeded") if is_long else refusal
