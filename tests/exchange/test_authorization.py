"""What stands for the key: never the right one by chance, and in a shell what the suite sends."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphaedge_conformance.exchange import Key
from alphaedge_conformance.exchange.authorization import CREDENTIALS, authorization, kind_of

KEYS = ["sk-a-right-key-0123", "x", "xxxxxxxx", "1234567890", "Ab"]
WRONG = [kind for kind in CREDENTIALS if kind not in (Key.RIGHT, Key.NO_SPACE)]


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=80))
def test_a_wrong_key_is_never_the_right_one(key: str) -> None:
    for kind in WRONG:
        assert authorization(kind, key) != f"Bearer {key}"
    assert authorization(Key.RIGHT, key) == f"Bearer {key}"
    assert authorization(Key.ABSENT, key) is None


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_a_shell_makes_the_same_of_the_key(kind: Key) -> None:
    key = KEYS[0]
    command = f'printf %s "{CREDENTIALS[kind].shell(key, "THE_KEY")}"'
    done = subprocess.run(["bash", "-c", command], env={"THE_KEY": key}, capture_output=True, check=True)
    assert done.stdout.decode() == authorization(kind, key)
    assert key not in command


@pytest.mark.parametrize("key", KEYS)
def test_what_was_sent_is_known_again(key: str) -> None:
    for kind in (Key.RIGHT, Key.WRONG, Key.LONGER, Key.NO_SPACE, Key.EMPTY):
        assert kind_of(authorization(kind, key) or "", key) is kind
    assert kind_of("Bearer of-another-program", key) is None
