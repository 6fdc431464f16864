"""Ten faults that the plan cannot see, since no request of it has the values."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from pytest import MonkeyPatch

from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.judging.verdicts import Status
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.mock.endpoint import Refusal
from alphaedge_conformance.run.run import Run
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.sending.settings import Settings


class Refuses(Mock, ABC):
    """A mock that refuses some valid requests, which the plan does not hold."""

    @abstractmethod
    def is_bad(self, request: Any) -> bool: ...

    def validate(self, request: Any) -> Refusal | None:
        refusal = super().validate(request)
        return refusal or (Refusal(500, "Internal error.") if self.is_bad(request) else None)


class HighTemperature(Refuses):
    def is_bad(self, request: Any) -> bool:
        return bool(1.05 < request.get("temperature", 1) < 1.95)


class OddLimit(Refuses):
    def is_bad(self, request: Any) -> bool:
        return bool(16 < request.get("max_tokens", 0) < 32)


class ThreeMessages(Refuses):
    def is_bad(self, request: Any) -> bool:
        return len(request["messages"]) == 3


class AssistantLast(Refuses):
    def is_bad(self, request: Any) -> bool:
        roles = [message["role"] for message in request["messages"]]
        return len(roles) == 2 and roles[1] == "assistant"


class SystemLast(Refuses):
    def is_bad(self, request: Any) -> bool:
        roles = [message["role"] for message in request["messages"]]
        return len(roles) == 2 and roles[1] == "system"


class OneForeignCharacter(Refuses):
    def is_bad(self, request: Any) -> bool:
        return any(len(text) == 1 and not text.isascii() for text in (each["content"] for each in request["messages"]))


class LongLimitInAStream(Refuses):
    def is_bad(self, request: Any) -> bool:
        return bool(request.get("stream") is True and 16 < request.get("max_tokens", 0) < 32)


class Takes(Mock, ABC):
    """A mock that accepts some invalid requests, which the plan does not hold."""

    @abstractmethod
    def is_taken(self, request: Any) -> bool: ...

    def read(self, http: Any, body: bytes) -> Any:
        request = super().read(http, body)
        taken = isinstance(request, dict) and not request.get("stream") and self.is_taken(request)
        return {**self.contract.example_request} if taken else request


class SmallNegative(Takes):
    def is_taken(self, request: Any) -> bool:
        limit = request.get("max_tokens")
        return isinstance(limit, int) and -1000 < limit < -2


class ListForANumber(Takes):
    def is_taken(self, request: Any) -> bool:
        temperature = request.get("temperature")
        return isinstance(temperature, list) and None not in temperature


class OtherValueForABoolean(Takes):
    def is_taken(self, request: Any) -> bool:
        value = request.get("stream")
        return value not in (None, True, False, "AAA", "true", "false") and value != [None, None]


BY_ACCEPTED: dict[type[Mock], str] = {
    HighTemperature: "request.temperature-accepted",
    OddLimit: "request.max-tokens-accepted",
    ThreeMessages: "request.messages-accepted",
    AssistantLast: "request.messages-accepted",
    SystemLast: "request.messages-accepted",
    OneForeignCharacter: "request.messages-accepted",
    LongLimitInAStream: "request.max-tokens-accepted",
}
BY_REFUSED: dict[type[Mock], str] = {
    SmallNegative: "request.max-tokens-minimum",
    ListForANumber: "request.temperature-type",
    OtherValueForABoolean: "request.stream-type",
}
FAULTS = {**BY_ACCEPTED, **BY_REFUSED}
"""With the requirement that each breaks."""


def explored(suite: Suite, kind: type[Mock], folder: Path, explore: int = 300) -> Run:
    """A run with drawn requests; what failed before is kept in a folder."""
    with MonkeyPatch.context() as patch, serve(kind(suite.contract, "sk-key")) as url:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        target = build_target(suite.contract, url, None, "sk-key")
        return suite.run(list(suite.requirements), target, Settings(explore=explore, report=folder))


def failed(run: Run) -> dict[str, list[str]]:
    """The names of the requests that broke something, by requirement."""
    return {
        id: [finding.exchange.probe.name for finding in verdict.findings]
        for id, verdict in run.verdicts.items()
        if verdict.status is Status.FAILED
    }
