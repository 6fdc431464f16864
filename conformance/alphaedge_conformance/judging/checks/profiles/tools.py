"""Tools: calls that a model makes, whole and in pieces, and what it makes of their results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from ....exchange.strict_json import Json, loads
from ...chat import assume_valid, plain_first
from ...evidence import Evidence, Unseen, assume
from ...pieces import deltas
from ...places import Deviation, Place
from ..check import check
from ..keywords import as_json
from .given_schema import first_error

of_tools = partial(check, profile="tools")
CALLS = Place(members=("tool_calls",))
FINISH = Place(members=("finish_reason",))


def _choice(evidence: Evidence) -> Json:
    """The one choice of an answer, folded where it is a stream. Calls that are not valid are judged by their schema."""
    assume_valid(evidence, "tool_calls")
    choices = evidence.final_choices
    assume(len(choices) == 1 and isinstance(choices[0].get("message"), dict), "not one choice")
    return choices[0]


def _calls(choice: Json) -> list[Json]:
    calls = choice["message"].get("tool_calls")
    return [each for each in calls if isinstance(each, dict)] if isinstance(calls, list) else []


def _called(call: Json) -> Json:
    function = call.get("function")
    return function if isinstance(function, dict) else {}


def _tools(request: Json) -> dict[str, Json]:
    """The functions of a request by name."""
    found: dict[str, Json] = {}
    tools = request.get("tools")
    for tool in tools if isinstance(tools, list) else ():
        if isinstance(tool, dict) and isinstance(function := tool.get("function"), dict):
            found[str(function.get("name"))] = function
    return found


def _forced(request: Json) -> str | None:
    """The function that a request demands by its name."""
    choice = request.get("tool_choice")
    function = choice.get("function") if isinstance(choice, dict) else None
    return function.get("name") if isinstance(function, dict) else None


def _calls_as_json(choice: Json) -> str:
    return as_json(choice["message"].get("tool_calls"))


# The tool that was demanded


def _assume_not_cut(choice: Json) -> None:
    """A limit may end an answer within a call, of which a server that reads the text of the model then makes none."""
    assume(_calls(choice) or choice.get("finish_reason") != "length", "the answer was cut")


def _is_called(evidence: Evidence) -> None:
    choice, name = _choice(evidence), _forced(evidence.request)
    assume(name in _tools(evidence.request))
    _assume_not_cut(choice)
    names = {_called(call).get("name") for call in _calls(choice)}
    assert names == {name}, Deviation(f"expected a call of {name}, got {_calls_as_json(choice)}", CALLS)


@of_tools("tools.forced-function-called")
def forced_function_called(evidence: Evidence, completion: object) -> None:
    _is_called(evidence)


@of_tools("tools.forced-function-called-in-stream")
def forced_function_called_in_stream(evidence: Evidence, chunks: object) -> None:
    _is_called(evidence)


@of_tools("tools.required-calls")
def required_calls(evidence: Evidence) -> None:
    assume(evidence.request.get("tool_choice") == "required" and _tools(evidence.request))
    choice = _choice(evidence)
    _assume_not_cut(choice)
    assert _calls(choice), Deviation(f"expected a call of a tool, got {_calls_as_json(choice)}", CALLS)


@of_tools("tools.none-calls-nothing")
def none_calls_nothing(evidence: Evidence) -> None:
    assume(evidence.request.get("tool_choice") == "none")
    choice = _choice(evidence)
    assert not _calls(choice), Deviation(f"expected no call with tool_choice none, got {_calls_as_json(choice)}", CALLS)


CALLS_WHEN_NEEDED = "tools.auto-calls-when-needed"


@of_tools(CALLS_WHEN_NEEDED)
def auto_calls_when_needed(evidence: Evidence) -> None:
    """Whether a question needs the tool is known of the requests that were written for this alone."""
    is_known = CALLS_WHEN_NEEDED in evidence.exchange.probe.requirement_ids
    assume(is_known and evidence.request.get("tool_choice") == "auto")
    choice = _choice(evidence)
    _assume_not_cut(choice)
    assert _calls(choice), Deviation("expected a call of the tool that the question asks for, got none", CALLS)


@of_tools("tools.one-call-unless-parallel")
def one_call_unless_parallel(evidence: Evidence) -> None:
    assume(evidence.request.get("parallel_tool_calls") is False)
    choice = _choice(evidence)
    assert len(_calls(choice)) <= 1, Deviation(
        f"expected at most one call with parallel_tool_calls false, got {_calls_as_json(choice)}", CALLS
    )


# What a call says


@of_tools("tools.known-function")
def known_function(evidence: Evidence) -> None:
    choice = _choice(evidence)
    assume(_calls(choice), "no call")
    known = _tools(evidence.request)
    for call in _calls(choice):
        name = _called(call).get("name")
        assert name in known, Deviation(f"expected one of {', '.join(known)}, got a call of {as_json(name)}", CALLS)


@of_tools("tools.arguments-are-json")
def arguments_are_json(evidence: Evidence) -> None:
    for _, arguments in _arguments(evidence):
        _parsed(arguments)


@of_tools("tools.arguments-valid")
def arguments_valid(evidence: Evidence) -> None:
    for schema, arguments in _arguments(evidence):
        try:
            value = loads(arguments)
        except ValueError:
            continue
        error = first_error(schema, value)
        assert error is None, Deviation(
            f"expected arguments that are valid against the function's schema, got {as_json(value)}: {error}",
            Place(members=("arguments",)),
        )


def _arguments(evidence: Evidence) -> list[tuple[Json, str]]:
    """The arguments of each whole call of a known function, with their schema."""
    choice, known = _choice(evidence), _tools(evidence.request)
    assume(choice.get("finish_reason") != "length", "the answer was cut")
    found = []
    for call in _calls(choice):
        function = _called(call)
        if function.get("name") in known and isinstance(function.get("arguments"), str):
            found.append((known[function["name"]].get("parameters") or {}, function["arguments"]))
    assume(found, "no call")
    return found


def _parsed(arguments: str) -> Any:
    try:
        return loads(arguments)
    except ValueError as error:
        place = Place(members=("arguments",))
        raise AssertionError(
            Deviation(f"expected arguments as JSON, got {as_json(arguments)}: {error}", place)
        ) from None


@of_tools("tools.call-ids-differ")
def call_ids_differ(evidence: Evidence) -> None:
    ids = [id for call in _calls(_choice(evidence)) if isinstance(id := call.get("id"), str) and id]
    assume(len(ids) > 1, "fewer than two calls")
    assert len(set(ids)) == len(ids), Deviation(f"expected an id for each call, got {as_json(ids)}", CALLS)


@of_tools("tools.finish-reason")
def finish_reason(evidence: Evidence) -> None:
    """Where a function was demanded by name, `stop` is as usual."""
    choice = _choice(evidence)
    assume(_calls(choice), "no call")
    reason, wanted = choice.get("finish_reason"), ["tool_calls", "length"]
    wanted += ["stop"] if _forced(evidence.request) else []
    assert reason in wanted, Deviation(f'expected "tool_calls" after a call, got {as_json(reason)}', FINISH)


@of_tools("tools.finish-reason-without-calls")
def finish_reason_without_calls(evidence: Evidence) -> None:
    choice = _choice(evidence)
    assume(not _calls(choice))
    reason = choice.get("finish_reason")
    assert reason != "tool_calls", Deviation('expected calls where finish_reason is "tool_calls", got none', FINISH)


@of_tools("tools.text-or-calls")
def text_or_calls(evidence: Evidence) -> None:
    for member in ("tool_calls", "content"):
        assume_valid(evidence, member)
    for choice in evidence.choices if not evidence.exchange.probe.streams else [_choice(evidence)]:
        message = choice.get("message")
        assume(isinstance(message, dict))
        content = message.get("content") if isinstance(message, dict) else None
        assert isinstance(content, str) or _calls(choice), Deviation(
            f"expected text in an answer without a call, got {as_json(content)}", Place(members=("content",))
        )


# Streams


@of_tools("tools.stream-pieces")
def stream_pieces(evidence: Evidence, chunks: list[Json]) -> None:
    """A client joins the pieces of a call by `index`; the first one says which function is called."""
    assume_valid(evidence, "tool_calls")
    seen = set[tuple[Any, int]]()
    pieces = [
        (choice.get("index"), piece)
        for choice, delta in deltas(chunks)
        for piece in (delta["tool_calls"] if isinstance(delta.get("tool_calls"), list) else ())
        if isinstance(piece, dict)
    ]
    assume(pieces, "no call")
    for of, piece in pieces:
        index = piece.get("index")
        assert isinstance(index, int), Deviation(f"expected an index in each piece, got {as_json(piece)}", CALLS)
        if (of, index) not in seen:
            seen.add((of, index))
            is_named = piece.get("id") and _called(piece).get("name")
            assert is_named, Deviation(
                f"expected id and name in the first piece of a call, got {as_json(piece)}", CALLS
            )


STREAM_AGREES = "tools.stream-agrees"


@of_tools(STREAM_AGREES)
def stream_agrees(all_shown: Iterable[Evidence]) -> Iterator[tuple[Evidence, Deviation | None]]:
    """The functions that are called; a model need not choose the same arguments twice."""
    plain: dict[str, list[Any]] = {}
    for same, evidence in plain_first(all_shown):
        if STREAM_AGREES not in evidence.exchange.probe.requirement_ids:
            continue
        try:
            choice = _choice(evidence)
            _assume_not_cut(choice)
            names = [_called(call).get("name") for call in _calls(choice)]
        except Unseen:
            continue
        if not evidence.exchange.probe.streams:
            plain.setdefault(same, names)
        elif same in plain:
            wrong = f"expected calls of {as_json(plain[same])} as in the plain answer, got {as_json(names)}"
            yield evidence, None if names == plain[same] else Deviation(wrong, CALLS)


# The result of a call


@of_tools("tools.result-used")
def result_used(evidence: Evidence, request: Json) -> None:
    """The result of a tool has a word that nobody could guess."""
    choice = _choice(evidence)
    result = next((m["content"] for m in request["messages"] if m.get("role") == "tool"), None)
    assume(isinstance(result, str))
    text = choice["message"].get("content")
    assume(isinstance(text, str) and choice.get("finish_reason") != "length", "no whole text")
    assert str(result) in text, Deviation(
        f"expected an answer with the tool's result {as_json(result)}, got {as_json(text)}",
        Place(members=("content",)),
    )
