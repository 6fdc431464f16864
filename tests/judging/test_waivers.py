"""Waivers: what is accepted for a time, and what is wrong with the entries."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.mock import serve
from alphaedge_conformance.mock.faults import BY_HAND

from ..helpers import KEY, Conform, read_report

BROKEN = "usage.total-is-the-sum"
KEPT = "usage.prompt-tokens-required"
TOMORROW = date.today() + timedelta(days=1)
WANTED = ("-k", "usage")


def entry(requirement: str = BROKEN, expires: object = TOMORROW, **members: str) -> str:
    said = {"requirement": requirement, "reason": "known", "owner": "us", "link": "https://t/1", **members}
    return "[[waiver]]\n" + "".join(f'{name} = "{value}"\n' for name, value in said.items()) + f"expires = {expires}\n"


@pytest.fixture
def wrong(contract: Contract) -> Iterator[str]:
    with serve(BY_HAND["total-is-the-prompt"].make(contract, KEY)) as url:
        yield url


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "waivers.toml"


def test_what_is_waived_is_still_judged(conform: Conform, wrong: str, file: Path, tmp_path: Path) -> None:
    file.write_text(entry())
    done = conform(wrong, *WANTED, "--waivers", str(file), "--report", str(tmp_path), key=KEY)
    assert done.returncode == 0
    found = {each["id"]: each for each in read_report(tmp_path)["requirements"]}[BROKEN]
    assert found["status"] == "waived"
    assert found["failed"] > 0
    assert found["reason"] == f"until {TOMORROW} by us: known (https://t/1)"
    assert "1 waived" in done.stdout
    assert f'message="waived until {TOMORROW}' in (tmp_path / "junit.xml").read_text()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (entry() + "\n" + entry(KEPT), f"{KEPT} is waived and passes; delete FILE, lines 8 to 13"),
        (entry(expires=date(2020, 1, 1)), f"the waiver of {BROKEN} expired on 2020-01-01; renew it with us, or delete"),
        (entry() + entry("usage.total-is-the-sun"), "there is no requirement usage.total-is-the-sun; is it usage.tot"),
    ],
)
def test_an_entry_that_is_not_needed_fails_the_run(
    conform: Conform, wrong: str, file: Path, tmp_path: Path, text: str, problem: str
) -> None:
    file.write_text(text)
    done = conform(wrong, *WANTED, "--waivers", str(file), "--report", str(tmp_path), key=KEY)
    assert done.returncode == 1
    assert problem.replace("FILE", str(file)) in done.stdout
    assert problem.replace("FILE", str(file)) in read_report(tmp_path)["problems"][0]


@pytest.mark.parametrize(
    ("members", "code"),
    [({"target": "{name}"}, 0), ({"target": "another"}, 1), ({"server": "uvicorn"}, 0), ({"server": "nginx"}, 1)],
)
def test_an_entry_may_concern_one_target_or_server(
    conform: Conform, wrong: str, file: Path, members: dict[str, str], code: int
) -> None:
    name = wrong.removeprefix("http://")
    file.write_text(entry(**{member: value.format(name=name) for member, value in members.items()}))
    assert conform(wrong, *WANTED, "--waivers", str(file), key=KEY).returncode == code


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"target": "upstream"}, "its target is 'upstream', and this one is '{name}'"),
        ({"server": "llama.cpp"}, "its server is 'llama.cpp', and this one calls itself 'uvicorn'"),
    ],
)
def test_a_waiver_of_another_target_says_why_it_does_not_count(
    conform: Conform, wrong: str, file: Path, members: dict[str, str], says: str
) -> None:
    file.write_text(entry(**members))
    done = conform(wrong, *WANTED, "--waivers", str(file), key=KEY)
    assert done.returncode == 1
    said = says.format(name=wrong.removeprefix("http://"))
    assert f"{file}, lines 1 to 7 waives it for another target or server: {said}" in done.stdout


def test_what_was_not_judged_is_neither_waived_nor_stale(conform: Conform, wrong: str, file: Path) -> None:
    file.write_text(entry() + entry("authorization.key-not-echoed"))
    assert conform(wrong, *WANTED, "--waivers", str(file), key=KEY).returncode == 0


def test_a_draft_is_refused_until_somebody_filled_it_in(conform: Conform, wrong: str, file: Path) -> None:
    drafting = (wrong, *WANTED, "--write-waivers", str(file))
    done = conform(*drafting, key=KEY)
    assert done.returncode == 1
    assert f"{file}: 1 waiver drafted" in done.stdout
    drafted = tomllib.loads(file.read_text())["waiver"]
    assert [(each["requirement"], each["target"]) for each in drafted] == [(BROKEN, wrong.removeprefix("http://"))]
    assert drafted[0]["expires"] == date.today() + timedelta(days=90)
    refused = conform(wrong, *WANTED, "--waivers", str(file), key=KEY)
    assert refused.returncode == 4
    assert "lines 1 to 7: reason is not filled in" in refused.stderr
    before = file.read_text()
    again = conform(*drafting, key=KEY)
    assert again.returncode == 1
    assert (
        f"{file}: has an entry already for {BROKEN}; fill it in and name the file with --waivers {file}" in again.stdout
    )
    assert file.read_text() == before  # it has an entry already
    file.write_text(before.replace("FILL IN", "filled in"))
    assert conform(wrong, *WANTED, "--waivers", str(file), key=KEY).returncode == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[waiver", "waivers.toml: Expected ']]'"),
        ("[waiver]\n", "expected [[waiver]] entries"),
        ("x = 1\n", "expected [[waiver]] entries, found x"),
        (entry(expires='"soon"'), "expected expires as a date"),
        (entry(expires="2027-01-01T00:00:00"), "expected expires as a date"),
        (entry(owner=" "), "expected owner to be a string"),
        (entry(color="red"), "found 'color'"),
        ("waiver = [{}]\n", "begin with a line [[waiver]]"),
        (entry().replace('reason = "known"\n', ""), "lines 1 to 5: expected reason to be a string, found None"),
    ],
)
def test_a_file_that_is_not_in_order(conform: Conform, file: Path, text: str, says: str) -> None:
    file.write_text(text)
    done = conform(*WANTED, "--waivers", str(file))
    assert done.returncode == 4
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("option", ["--waivers", "--write-waivers"])
def test_a_file_that_cannot_be_had(conform: Conform, tmp_path: Path, option: str) -> None:
    done = conform(*WANTED, option, str(tmp_path))
    assert done.returncode == 4
    assert len(done.stderr.splitlines()) == 1
