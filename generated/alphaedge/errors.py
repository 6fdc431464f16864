# Copied from scripts/runtime/errors.py by `make generate`; edit that.
"""What the client raises: `AlphaEdgeError` and its subclasses, and nothing of the HTTP or JSON library beneath."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._transport import HttpResponse


class AlphaEdgeError(Exception):
    """Every error of this client; as itself, wrong configuration such as a missing API key."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        """What went wrong and what to do, for a person."""


class APIError(AlphaEdgeError):
    """A call failed: every error but those of wrong configuration."""


class APIConnectionError(APIError):
    """No answer came, or it broke off: name resolution, refused connection, TLS, a connection lost midway.

    `__cause__` is the error of the HTTP library.
    """


class APITimeoutError(APIConnectionError):
    """The server took longer than `timeout` to accept the connection or to send the next bytes."""


class MissingMemberError(APIError, AttributeError):
    """A program reads a member that every answer must have, and that this one does not have, or has as null.

    The rest of the answer is there. As an AttributeError, it lets `getattr(usage, "total_tokens", None)` return None.
    """


class _ErrorWithResponse(APIError):
    """The server answered. Keywords have defaults, so that these errors can be pickled."""

    def __init__(
        self,
        message: str,
        *,
        status_code: int = 0,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        body: Any = None,
    ) -> None:
        super().__init__(message)
        self.status_code = status_code
        """The HTTP status."""
        self.headers: Mapping[str, str] = {} if headers is None else headers
        """The response headers, by name in any case."""
        self.content = content
        """The bytes of the answer, or of the event, that is at fault."""
        self.body = body
        """`content` as JSON; None if it is not valid JSON."""
        error = _details(body)
        self.type: str | None = _text(error.get("type"))
        """The server's class of the error."""
        self.param: str | None = _text(error.get("param"))
        """The request's member that is at fault, if the server names one."""
        self.code: str | None = _text(error.get("code"))
        """The server's short name of the error."""

    @property
    def response(self) -> HttpResponse:
        """Status, headers and `content` as a response of the HTTP library, for code that expects one."""
        from ._transport import HttpResponse

        # The content is decompressed already.
        dropped = ("content-encoding", "content-length", "transfer-encoding")
        headers = {name: value for name, value in self.headers.items() if name.lower() not in dropped}
        return HttpResponse(self.status_code, headers=headers, content=self.content)

    @property
    def request_id(self) -> str | None:
        """What the operator of the server needs to find this request: the `x-request-id` header."""
        return request_id(self.headers)


class APIStatusError(_ErrorWithResponse):
    """The server answered with another status than 2xx; the subclasses name the common ones."""


class BadRequestError(APIStatusError):
    """400: the request is invalid; `param` may name the member."""


class AuthenticationError(APIStatusError):
    """401: the API key is missing or wrong."""


class PermissionDeniedError(APIStatusError):
    """403: the key is right, and may not do this."""


class NotFoundError(APIStatusError):
    """404: no such model, or a `base_url` that leads elsewhere."""


class ConflictError(APIStatusError):
    """409: another request is in the way; raised after the retries."""


class UnprocessableEntityError(APIStatusError):
    """422: the request is well-formed and invalid; `param` may name the member."""


class RateLimitError(APIStatusError):
    """429: too many requests or tokens; raised after the retries."""


class InternalServerError(APIStatusError):
    """5xx: the server or a gateway before it failed; raised after the retries."""


class APIResponseError(_ErrorWithResponse):
    """The status says success, but the body is not valid JSON, not an object, or an error."""


class APIStreamError(APIResponseError):
    """A stream reported an error, had data that is not a chunk, or ended without `[DONE]`; its text may be cut."""


_BY_STATUS: dict[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: UnprocessableEntityError,
    429: RateLimitError,
}


def by_status(status: int) -> type[APIStatusError]:
    """The class of a status that is not 2xx."""
    return _BY_STATUS.get(status) or (InternalServerError if status >= 500 else APIStatusError)


def said(body: Any) -> str | None:
    """The server's own sentence in the JSON of an error, of whatever shape."""
    error = _details(body)
    for name in ("message", "detail", "error", "msg"):
        if error.get(name):
            return str(error[name])
    return body if isinstance(body, str) and body else None


def request_id(headers: Mapping[str, str]) -> str | None:
    return headers.get("x-request-id") or headers.get("request-id")


def _details(body: Any) -> dict[str, Any]:
    """The object that describes the error: `error` where that is an object, else the whole."""
    if not isinstance(body, dict):
        return {}
    return body["error"] if isinstance(body.get("error"), dict) else body


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
