"""How a probe is made by hand: an edit of the control, and what it is about."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from ..exchange import Effort, Expect, Probe, encode
from ..exchange.strict_json import Json


def edited(
    control: Probe,
    name: str,
    why: str,
    edit: Json,
    *about: str,
    expect: Expect = Expect.ACCEPTED,
    effort: Effort = Effort.STANDARD,
) -> Probe:
    """The control with other values for some members."""
    body = encode({**control.request, **edit})
    return evolve(
        control, name=name, why=why, body=body, requirement_ids=frozenset(about), expect=expect, effort=effort
    )


def unknown_model(control: Probe) -> str:
    """A model that nobody serves."""
    return f"{control.request['model']}-that-nobody-serves"


def says(text: str) -> list[Json]:
    """A conversation of one message."""
    return [{"role": "user", "content": text}]


def written(request: Json, members: Mapping[str, str]) -> bytes:
    """The request with members whose values are these texts, which need not be JSON."""
    rest = {name: value for name, value in request.items() if name not in members}
    return encode(rest)[:-1] + "".join(f', "{name}": {text}' for name, text in members.items()).encode() + b"}"
