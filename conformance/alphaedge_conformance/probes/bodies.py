"""Probes about the bytes of a request: bodies that are not JSON, odd JSON, labels, methods, forms of HTTP, size."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from attrs import evolve

from ..contract import Contract, pointer
from ..contract.samples import Sampler
from ..exchange import Expect, Probe, Wire
from ..exchange.strict_json import Json
from .making import written

DEEP = 5_000
"""Levels of lists, or digits: more than any parser that recurses has stack for, and than some convert to a number."""
LARGE = 64 * 2**10
"""Bytes: larger than the buffers that servers read a request into, and smaller than any limit that a chat needs."""
MALFORMED = "malformed JSON"
METHODS = ("GET", "PUT", "DELETE", "PATCH", "OPTIONS")
FREE = "OPTIONS"
"""Browsers ask it before a POST, so a server may answer it."""


def probes(contract: Contract, control: Probe) -> Iterator[Probe]:
    """Of a contract, as edits of its control."""
    yield from _refused(contract, control)
    yield from _odd(control)
    yield from _methods(contract, control)
    yield _forms(control)
    yield from _number_notations(contract, control)
    whole, why = control.body or b"", "White space that makes a body large, and no token more."
    yield evolve(
        control,
        name="a body of 64 KB",
        why=why,
        body=whole[:-1] + b" " * LARGE + whole[-1:],
        requirement_ids=frozenset({"request.large-never-5xx"}),
        expect=Expect.EITHER,
    )


def _refused(contract: Contract, control: Probe) -> Iterator[Probe]:
    """A body that is not valid JSON, or is not labelled as JSON."""
    whole = control.body or b""
    request, json_label = control.request, "application/json"
    latin = _message(request, "d\u00e9j\u00e0 vu, caf\u00e9").encode("latin-1")
    for name, body, media_type, about in (
        (MALFORMED, whole[:-1], json_label, "malformed-json-refused"),
        ("text after the JSON", whole + b" and more", json_label, "malformed-json-refused"),
        ("a comma too many", whole[:-1] + b",}", json_label, "malformed-json-refused"),
        *(
            (f"{name} = {text}", written(request, {name: text}), json_label, "malformed-json-refused")
            for kind, text in (("number", "NaN"), ("integer", "Infinity"))
            for name in list(_numbers(contract, kind))[:1]
        ),
        ("text in Latin-1", latin, json_label, "malformed-json-refused"),
        ("empty body", b"", json_label, "empty-refused"),
        ("white space alone", b" \r\n\t ", json_label, "empty-refused"),
        ("text/plain", whole, "text/plain", "wrong-media-type-refused"),
        ("labelled as a form", whole, "application/x-www-form-urlencoded", "wrong-media-type-refused"),
        ("no Content-Type", whole, None, "missing-media-type-undecided"),
    ):
        yield evolve(
            control,
            name=name,
            why="A body that is not what the contract asks for.",
            body=body,
            media_type=media_type,
            requirement_ids=frozenset({f"body.{about}"}),
            expect=Expect.REFUSED if media_type else Expect.EITHER,
        )


def _odd(control: Probe) -> Iterator[Probe]:
    """What a parser of JSON may take or not."""
    request = control.request
    half = json.dumps({**request, "messages": [{"role": "user", "content": "half \ud83e of a pair"}]}).encode()
    for name, body in (
        ("a byte order mark", b"\xef\xbb\xbf" + (control.body or b"")),
        ("half a surrogate pair", half),
        (f"a number of {DEEP} digits", written(request, {"x_unknown_member": "1" * DEEP})),
        (f"{DEEP} lists deep", written(request, {"x_unknown_member": "[" * DEEP + "]" * DEEP})),
    ):
        yield evolve(
            control,
            name=name,
            why="JSON that parsers do not agree on.",
            body=body,
            requirement_ids=frozenset({"body.odd-json-undecided"}),
            expect=Expect.EITHER,
        )


def _methods(contract: Contract, control: Probe) -> Iterator[Probe]:
    known = contract.at(contract.operation_pointer.rpartition("/")[0])
    for method in (each for each in METHODS if each.lower() not in known):
        about = {"endpoint.method-never-5xx"}
        if method != FREE:
            about |= {"endpoint.method-refused", "endpoint.method-error-shape"}
        has_body = method in ("PUT", "PATCH")
        yield evolve(
            control,
            name=method,
            why="A method that the contract does not know.",
            method=method,
            requirement_ids=frozenset(about),
            expect=Expect.EITHER if method == FREE else Expect.REFUSED,
            body=control.body if has_body else None,
            media_type=control.media_type if has_body else None,
        )


def _forms(control: Probe) -> Probe:
    """Every form at once; where it is refused, each alone."""
    about, why = frozenset({"endpoint.http-forms-accepted"}), "The contract's own example in another form of HTTP."
    label = "application/json; charset=utf-8"
    parts = (
        evolve(control, name=label, why=why, media_type=label, requirement_ids=about),
        evolve(
            control, name="lower-case header names, two segments", why=why, wire=Wire.UNUSUAL, requirement_ids=about
        ),
    )
    return evolve(parts[1], name="other forms of HTTP", media_type=label, parts=parts)


def _number_notations(contract: Contract, control: Probe) -> Iterator[Probe]:
    """All numbers of the request as powers of ten; where that is refused, each alone, and held against the same number
    as it is usually written: a server that refuses a member says nothing of notations."""
    about, why = frozenset({"request.number-notation-accepted"}), "A number in another notation of JSON."
    notations: dict[str, str] = {}
    parts: list[Probe] = []

    def alone(name: str, text: str, label: str) -> Probe:
        return evolve(control, name=label, why=why, body=written(control.request, {name: text}))

    for name, schema in _numbers(contract, "number", "integer").items():
        least, most = schema.get("minimum", 0), schema.get("maximum")
        inside = least + 1 if most is None else (least + most) / 2
        value: Any = control.request.get(name, schema.get("default", inside))
        if not contract.is_valid(contract.request_schema, {**control.request, name: value}):
            value = Sampler(contract).sample(contract.resolve(contract.request_schema) + pointer("properties", name))
        at = contract.resolve(contract.request_schema) + pointer("properties", name)
        if contract.profile_of(at) is not None:
            continue
        notations[name] = text = f"{value / 10}e1"
        probe = evolve(alone(name, text, f"{name} = {text}"), requirement_ids=about)
        if name not in control.request:
            usual = json.dumps(int(value) if value == int(value) else value)
            parts.append(alone(name, usual, f"{name} = {usual}, for comparison"))
            probe = evolve(probe, differs_from=parts[-1].name)
        parts.append(probe)
    if parts:
        whole = evolve(control, name="numbers as powers of ten", why=why, body=written(control.request, notations))
        yield evolve(whole, requirement_ids=about, parts=tuple(parts))


def _numbers(contract: Contract, *types: str) -> dict[str, Json]:
    """The schemas of the members of a request that are numbers, by name."""
    members = contract.at(contract.resolve(contract.request_schema)).get("properties", {})
    return {name: schema for name, schema in members.items() if schema.get("type") in types}


def _message(request: Json, text: str) -> str:
    return json.dumps({**request, "messages": [{"role": "user", "content": text}]}, ensure_ascii=False)
