"""Generated conversations: Hypothesis draws them, and shrinks one that fails to the smallest that still does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import hypothesis
from attrs import evolve, frozen
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st

from ..contract import Contract
from ..contract.requirements import plain_places
from ..exchange import Probe, encode

Messages = list[dict[str, str]]
Roles = list[str]

EXAMPLES = 2
"""Drawn for each theme: Hypothesis starts with the simplest one, the second is random."""


@frozen
class Theme:
    """A kind of conversation that a server may stumble over."""

    name: str
    messages: Callable[[Roles], st.SearchStrategy[Messages]]
    requirement_id: str


def _spoken(text: st.SearchStrategy[str]) -> Callable[[Roles], st.SearchStrategy[Messages]]:
    """One message of a user, so that nothing but its text differs from the control."""
    return lambda roles: text.map(lambda content: [{"role": "user", "content": content}])


def _many(roles: Roles) -> st.SearchStrategy[Messages]:
    """More than eight messages, each role in each place, some without text."""
    text = st.text(st.characters(codec="ascii", categories=["L"]), max_size=8)
    message = st.fixed_dictionaries({"role": st.sampled_from(roles), "content": text})
    return st.lists(message, min_size=9, max_size=14)


def _text(**characters: Any) -> st.SearchStrategy[str]:
    return st.text(st.characters(**characters), min_size=1, max_size=40)


TEXTS = {
    "non-ASCII text": _text(min_codepoint=0x80, max_codepoint=0xFFFF, exclude_categories=["Cs"]),
    "text outside the BMP": _text(min_codepoint=0x10000, exclude_categories=["Cn", "Co"]),
    "control characters": _text(categories=["Cc"], exclude_characters="\0"),
    "a NUL": st.just("before\0after"),
    "line ends": st.text(st.sampled_from("\r\n\u2028\u2029 a"), min_size=1, max_size=20),
    "a long text": st.sampled_from(["word ", "名", "{}", "\\"]).map(lambda part: part * 60),
}
THEMES = {
    "many messages": Theme("many messages", _many, "request.messages-accepted"),
    **{name: Theme(name, _spoken(text), "message.content-accepted") for name, text in TEXTS.items()},
}


def _joined(roles: Roles) -> st.SearchStrategy[Messages]:
    """A text of each theme, one after another, in one message."""
    return st.tuples(*TEXTS.values()).map(lambda texts: [{"role": "user", "content": "\n".join(texts)}])


JOINED = Theme("odd texts", _joined, "message.content-accepted")
BY_NAME = {**THEMES, JOINED.name: JOINED}


def probes(control: Probe, drawn: Mapping[str, list[Messages]]) -> Iterator[Probe]:
    """Of each theme the simplest request and a random one; texts of all themes in one message, which stand for each."""
    for number in range(EXAMPLES):
        texts = []
        for theme in THEMES.values():
            of_theme = drawn[theme.name]
            if number >= len(of_theme):
                continue
            made = probe(control, theme, f"{theme.name} {number + 1}", of_theme[number])
            if theme.name in TEXTS:
                texts.append(made)
            else:
                yield made
        if texts:
            said = "\n".join(text.request["messages"][0]["content"] for text in texts)
            together = probe(control, JOINED, f"{JOINED.name} {number + 1}", [{"role": "user", "content": said}])
            yield evolve(together, parts=tuple(texts))


def probe(control: Probe, theme: Theme, name: str, messages: Messages) -> Probe:
    return evolve(
        control,
        name=name,
        why=f"Generated: {theme.name}.",
        body=encode({**control.request, "messages": messages}),
        requirement_ids=frozenset({theme.requirement_id}),
        theme=theme.name,
    )


def draw(contract: Contract, theme: Theme, seed: int) -> list[Messages]:
    """The conversations of a theme; the same for the same seed."""
    drawn: list[Messages] = []
    _engine(contract, theme, seed, drawn.append)
    return drawn


def shrink(contract: Contract, theme: Theme, seed: int, fails: Callable[[Messages], bool]) -> Messages | None:
    """The smallest conversation that still fails; None where none of those drawn does."""
    smallest: list[Messages] = []

    def judge(messages: Messages) -> None:
        if fails(messages):
            smallest[:] = [messages]
            raise AssertionError

    try:
        _engine(contract, theme, seed, judge)
    except AssertionError:
        return smallest[0]
    return None


def _engine(contract: Contract, theme: Theme, seed: int, judge: Callable[[Messages], object]) -> None:
    """Draws the same values in the same order for the same seed; where `judge` raises, Hypothesis shrinks."""
    every = (at for path, at in plain_places(contract, contract.request_schema) if path == ("messages", 0, "role"))
    roles = next((contract.at(at).get("enum") for at in every), None) or ["user"]

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        report_multiple_bugs=False,
    )
    @hypothesis.given(theme.messages(roles))
    def run(messages: Messages) -> None:
        judge(messages)

    run()
