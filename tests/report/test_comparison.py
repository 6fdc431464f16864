"""Several targets side by side."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from alphaedge_conformance import report
from alphaedge_conformance.contract import Contract
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.mock.faults import BY_HAND

from ..helpers import KEY, Conform

WANTED = ("-k", "usage or media")
NOBODY = "http://127.0.0.1:9"


@contextmanager
def two(contract: Contract) -> Iterator[tuple[str, str]]:
    """A server that gets `usage.total_tokens` wrong, and one that conforms."""
    with serve(BY_HAND["total-is-the-prompt"].make(contract, KEY)) as wrong, serve(Mock(contract, KEY)) as right:
        yield wrong, right


def comparison(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "comparison.json").read_text("utf-8"))
    return found


def test_one_matrix(conform: Conform, contract: Contract, tmp_path: Path) -> None:
    """Each target has its column and its own report; one that does not answer does not stop the rest."""
    with two(contract) as (wrong, right):
        done = conform(wrong, right, NOBODY, *WANTED, "--report", str(tmp_path), key=KEY)
    assert done.returncode == 1
    names = [url.removeprefix("http://") for url in (wrong, right, NOBODY)]
    found = comparison(tmp_path)
    assert [(target["name"], target["verdict"]) for target in found["targets"]] == list(
        zip(names, ["deviates", "conforms", "inconclusive"], strict=True)
    )
    rows = {row["id"]: [row["targets"][name]["status"] for name in names] for row in found["requirements"]}
    assert rows["usage.total-is-the-sum"] == ["failed", "passed", "inconclusive"]
    assert [id for id, cells in rows.items() if "failed" in cells] == ["usage.total-is-the-sum"]
    for target in found["targets"]:
        own = json.loads((tmp_path / target["report"] / "report.json").read_text("utf-8"))
        assert own["verdict"] == target["verdict"]
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["target", *names]
    assert lines[1].split()[1:4] == ["deviates", "1", "failed"]
    (row,) = (line for line in lines if line.startswith("usage.total-is-the-sum"))
    assert re.fullmatch(r"usage.total-is-the-sum +MUST +failed \d+/\d+ +passed +inconclusive *", row)
    assert "nothing listens there" in done.stdout
    report.read(tmp_path / "comparison.json")  # by its schema


def test_one_junit_file_has_all(conform: Conform, contract: Contract, tmp_path: Path) -> None:
    with two(contract) as (wrong, right):
        conform(wrong, right, *WANTED, "--report", str(tmp_path), key=KEY)
    cases = ElementTree.parse(tmp_path / "junit.xml").findall(".//testcase")
    failed = [case.attrib["classname"] for case in cases if case.find("failure") is not None]
    assert len(failed) == 1
    assert failed[0].endswith(wrong.removeprefix("http://"))
    assert len(cases) == 2 * len({case.attrib["name"] for case in cases})


@pytest.mark.parametrize(("against", "code"), [("wrong", 0), ("right", 1), ("nobody", 2)])
def test_against(conform: Conform, contract: Contract, tmp_path: Path, against: str, code: int) -> None:
    """Only what another breaks and this one keeps counts: a gateway is not blamed for its upstream."""
    with two(contract) as (wrong, right):
        url = {"wrong": wrong, "right": right, "nobody": NOBODY}[against]
        others = [NOBODY] if against == "nobody" else []
        done = conform(wrong, right, *others, *WANTED, "--against", url, "--report", str(tmp_path), key=KEY)
    assert done.returncode == code
    assert comparison(tmp_path)["against"] == url.removeprefix("http://")
    failures = ElementTree.parse(tmp_path / "junit.xml").findall(".//testcase/failure")
    assert len(failures) == (1 if against == "right" else 1 if against == "nobody" else 0)


def test_against_the_same(conform: Conform, contract: Contract) -> None:
    with serve(Mock(contract, KEY)) as one, serve(Mock(contract, KEY)) as other:
        done = conform(one, other, *WANTED, "--against", one, key=KEY)
    assert done.returncode == 0
    assert re.search(r"^\d+ requirements are the same in all$", done.stdout, re.MULTILINE)


def test_a_file_names_targets_and_where_their_keys_are(conform: Conform, contract: Contract, tmp_path: Path) -> None:
    """Each key goes to its own target alone, and a target that names none gets none."""
    keys = {"ONE_KEY": "sk-of-the-first-0123456789", "OTHER_KEY": "sk-of-the-other-9876543210"}
    with (
        serve(Mock(contract, keys["ONE_KEY"])) as one,
        serve(Mock(contract, keys["OTHER_KEY"])) as other,
        serve(Mock(contract)) as open_to_all,
    ):
        file = tmp_path / "targets.toml"
        file.write_text(
            f'[one]\nurl = "{one}/v1"\nkey_variable = "ONE_KEY"\n'
            f'["the other"]\nurl = "{other}"\nkey_variable = "OTHER_KEY"\n[open]\nurl = "{open_to_all}"\n'
        )
        done = conform(str(file), "-k", "usage", "--report", str(tmp_path / "out"), key=KEY, environment=keys)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir() if path.is_dir()} == {"one", "the-other", "open"}
    everything = "".join(path.read_text("utf-8") for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert not [key for key in (*keys.values(), KEY) if key in everything]
    assert "$OTHER_KEY" not in everything or "$ONE_KEY" not in (tmp_path / "out" / "open" / "report.json").read_text()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "expected a table for each target"),
        ("[a", "targets.toml: Expected ']'"),
        ("[a]\nmodel = 'x'", "[a]: expected a table with url"),
        ("[a]\nurl = 'http://h'\nkey = 'sk-secret'", "found 'key'"),
        ("[a]\nurl = 'http://h'\nmodel = 1", "model: expected a string"),
        ("[a]\nurl = 'h'", "[a]: expected a URL"),
        (
            "[a]\nurl = 'http://h'\nkey_variable = 'NO_SUCH_VARIABLE'",
            "NO_SUCH_VARIABLE, which holds its key, is not set",
        ),
        ("['a b']\nurl = 'http://h'\n[a-b]\nurl = 'http://i'", "would share a report folder"),
    ],
)
def test_a_file_that_is_not_in_order(conform: Conform, tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "targets.toml"
    file.write_text(text)
    done = conform(str(file))
    assert done.returncode == 4
    assert says in done.stderr
    assert "sk-secret" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [("http://a", "http://a/v1"), ("http://a", "http://b", "--against", "http://c"), ("http://a", "--against", "a")],
)
def test_targets_that_cannot_be_compared(conform: Conform, arguments: tuple[str, ...]) -> None:
    done = conform(*arguments)
    assert done.returncode == 4
    assert len(done.stderr.splitlines()) == 1


def test_an_interrupt_ends_all_and_keeps_what_there_is(contract: Contract, tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("alphaedge-conform")), "--report", str(tmp_path)]
    with (
        serve(Mock(contract, None, 0.1)) as one,
        serve(Mock(contract, None, 0.1)) as other,
        subprocess.Popen([*command, "--concurrency", "1", one, other], stdout=-1, text=True) as process,
    ):
        folders = [tmp_path / url.removeprefix("http://").replace(":", "-") for url in (one, other)]
        archives = [folder / "exchanges.har" for folder in folders]
        while not all(archive.exists() and archive.stat().st_size > 5000 for archive in archives):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=20)
    assert process.returncode == 2, output
    for folder in folders:
        found = json.loads((folder / "report.json").read_text("utf-8"))
        assert found["reason"] == "interrupted by SIGINT"
        assert 0 < found["cost"]["requests"] < 50
    assert comparison(tmp_path)["verdict"] == "inconclusive"


@pytest.mark.parametrize("entry", ["usage.type", "usage.no-such", "expired"])
def test_a_wrong_waiver_fails_a_comparison_too(
    conform: Conform, contract: Contract, tmp_path: Path, entry: str
) -> None:
    waivers, expired = tmp_path / "w.toml", entry == "expired"
    waivers.write_text(
        f'[[waiver]]\nrequirement = "{"usage.total-is-the-sum" if expired else entry}"\nreason = "r"\nowner = "o"\n'
        f"link = 'l'\nexpires = {'2020-01-01' if expired else '2999-01-01'}\n"
    )
    with two(contract) as (wrong, right):
        arguments = (wrong, right, *WANTED, "--against", wrong, "--waivers", str(waivers), "--report", str(tmp_path))
        done = conform(*arguments, key=KEY)
    assert done.returncode == 1
    assert f"{waivers}, lines 1 to 6" in done.stdout
    assert f"{waivers}, lines 1 to 6" in (tmp_path / "comparison.html").read_text("utf-8")


def test_against_one_that_was_not_judged_on_it(conform: Conform, contract: Contract, tmp_path: Path) -> None:
    """What fails in one and does not apply to the other is not agreement."""
    open_door = BY_HAND["open-door"].make
    with serve(open_door(contract)) as one, serve(open_door(contract, KEY)) as other:
        file = tmp_path / "targets.toml"
        file.write_text(f'[one]\nurl = "{one}"\n[other]\nurl = "{other}"\nkey_variable = "OTHER_KEY"\n')
        arguments = (str(file), "--against", "one", "-k", "authorization or total")
        done = conform(*arguments, environment={"OTHER_KEY": KEY})
    assert done.returncode == 2
    assert "authorization.missing-key-refused" in done.stdout


def test_the_base_is_not_left_out(conform: Conform, contract: Contract) -> None:
    with two(contract) as (wrong, right):
        done = conform(wrong, right, "--against", wrong, "-k", right.rpartition(":")[2], key=KEY)
    assert done.returncode == 4
    assert "-k leaves out" in done.stderr


def test_one_key_goes_to_one_host(conform: Conform) -> None:
    done = conform("http://one.example", "http://other.example", key=KEY)
    assert done.returncode == 4
    assert "would go to one.example and other.example" in done.stderr


def test_nothing_of_a_run_before_contradicts(conform: Conform, contract: Contract, tmp_path: Path) -> None:
    with two(contract) as (wrong, right):
        conform(wrong, *WANTED, "--report", str(tmp_path), key=KEY)
        conform(wrong, right, *WANTED, "--report", str(tmp_path), key=KEY)
        assert not (tmp_path / "report.json").exists()
        conform(wrong, *WANTED, "--report", str(tmp_path), key=KEY)
    assert (tmp_path / "report.html").exists()
    assert not (tmp_path / "comparison.html").exists()
