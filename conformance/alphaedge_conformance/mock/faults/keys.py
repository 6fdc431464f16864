"""Keys that should not be let in, and requests that are judged before the key is."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod

from attrs import evolve
from starlette.requests import Request
from starlette.responses import Response

from ..app import Mock
from ..endpoint import Refusal
from .fault import fault

MISSING, WRONG, PARTIAL, BEFORE = (
    f"authorization.{statement}"
    for statement in ("missing-key-refused", "wrong-key-refused", "partial-key-refused", "judged-before-body")
)


class LetsIn(Mock, ABC):
    """A mock that lets in other keys besides the right one."""

    @abstractmethod
    def lets_in(self, sent: str, key: str) -> bool: ...

    def authorize(self, http: Request) -> Refusal | None:
        sent = http.headers.get("authorization", "")
        scheme, _, value = sent.partition(" ")
        if self.key and scheme == "Bearer" and self.lets_in(value, self.key):
            return None
        return super().authorize(http)


@fault(MISSING)
class BearerIsEnough(LetsIn):
    """The scheme without a key is let in."""

    def lets_in(self, sent: str, key: str) -> bool:
        return not sent


@fault(WRONG)
class KeyInAnyCase(LetsIn):
    """The key is compared without regard to case."""

    def lets_in(self, sent: str, key: str) -> bool:
        return sent.lower() == key.lower()


@fault(WRONG)
class KeyAndMore(LetsIn):
    """Whatever begins with the key is let in."""

    def lets_in(self, sent: str, key: str) -> bool:
        return sent.startswith(key)


@fault(PARTIAL)
class EndOfTheKey(LetsIn):
    """The end of the key is let in."""

    def lets_in(self, sent: str, key: str) -> bool:
        return bool(sent) and key.endswith(sent)


@fault(PARTIAL, WRONG)
class FirstEightCharacters(LetsIn):
    """Eight characters of the key are compared."""

    def lets_in(self, sent: str, key: str) -> bool:
        return sent[:8] == key[:8]


@fault(PARTIAL, WRONG)
class LengthOfTheKey(LetsIn):
    """Any key of the right length is let in."""

    def lets_in(self, sent: str, key: str) -> bool:
        return len(sent) == len(key)


@fault("authorization.malformed-refused")
class NoSpaceAfterBearer(Mock):
    """The key need not stand apart from the scheme."""

    def authorize(self, http: Request) -> Refusal | None:
        return None if http.headers.get("authorization") == f"Bearer{self.key}" else super().authorize(http)


@fault("authorization.malformed-refused")
class AnyScheme(Mock):
    """The key is let in under any scheme."""

    def authorize(self, http: Request) -> Refusal | None:
        _, _, value = http.headers.get("authorization", "").partition(" ")
        return None if value and value == self.key else super().authorize(http)


class FailsOn(Mock, ABC):
    """A mock that has no answer to some keys but 500."""

    @abstractmethod
    def fails_on(self, sent: str) -> bool: ...

    def authorize(self, http: Request) -> Refusal | None:
        refusal = super().authorize(http)
        is_bad = refusal is not None and self.fails_on(http.headers.get("authorization", ""))
        return evolve(refusal, status=500) if refusal is not None and is_bad else refusal


@fault(WRONG, "error.never-5xx")
class NonAsciiKeyIs500(FailsOn):
    """A key that is not ASCII leads to 500, as by a comparison that takes ASCII alone."""

    def fails_on(self, sent: str) -> bool:
        return not sent.isascii()


@fault(WRONG, "error.never-5xx")
class LongKeyIs500(FailsOn):
    """A key of more than 72 bytes leads to 500, as by bcrypt."""

    def fails_on(self, sent: str) -> bool:
        return len(sent) > 80


@fault(MISSING, WRONG)
class StreamsNeedNoKey(Mock):
    """The key is not looked at for a stream."""

    async def respond(self, http: Request) -> Response:
        http.scope["streams"] = b'"stream": true' in await http.body()
        return await super().respond(http)

    def authorize(self, http: Request) -> Refusal | None:
        return None if http.scope["streams"] else super().authorize(http)


class Before(Mock, ABC):
    """A mock that judges something before the key."""

    @abstractmethod
    def refusal(self, http: Request, body: bytes) -> Refusal | None: ...

    async def respond(self, http: Request) -> Response:
        if http.method == "POST" and (refusal := self.refusal(http, await http.body())) is not None:
            return self.refuse(refusal)
        return await super().respond(http)


@fault(BEFORE)
class JsonBeforeKey(Before):
    """Malformed JSON is refused before the key is looked at."""

    def refusal(self, http: Request, body: bytes) -> Refusal | None:
        read = self.read(http, body)
        return read if isinstance(read, Refusal) and read.status == 400 else None


@fault(BEFORE)
class MediaTypeBeforeKey(Before):
    """A wrong media type is refused before the key is looked at."""

    def refusal(self, http: Request, body: bytes) -> Refusal | None:
        read = self.read(http, body)
        return read if isinstance(read, Refusal) and read.status == 415 else None


@fault(BEFORE)
class ModelBeforeKey(Before):
    """An unknown model is refused before the key is looked at."""

    def refusal(self, http: Request, body: bytes) -> Refusal | None:
        try:
            model = json.loads(body)["model"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        return Refusal(404, "No such model.", code="model_not_found") if str(model).endswith("nobody-serves") else None
