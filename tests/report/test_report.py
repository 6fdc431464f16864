"""The views of a run: as data, again, at a terminal, on GitHub."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import jsonschema_rs
import pytest
import schemas

from alphaedge_conformance import report
from alphaedge_conformance.cli.conform import main
from alphaedge_conformance.contract import Contract, versions
from alphaedge_conformance.contract.requirements import Level
from alphaedge_conformance.contract.versions import frozen
from alphaedge_conformance.errors import ConfigurationError
from alphaedge_conformance.mock import Mock, serve
from alphaedge_conformance.mock.faults import BY_HAND
from alphaedge_conformance.report.catalogue import known
from alphaedge_conformance.run.suite import Suite

from ..helpers import KEY, Conform, environment_with, in_this_process

HOSTILE = "](javascript:alert(1)) <script>alert(1)</script> \x1b[31m::error::\u202e | `x` \n# head"
pytestmark = pytest.mark.xdist_group("endings")  # what they share is made once
BIN = Path(sys.executable).parent


def schema(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((Path(report.__file__).parent / f"{kind}.schema.json").read_text("utf-8"))
    return found


def undescribed(data: Any, described: Any, here: str = "") -> Iterator[str]:
    """The members that a schema says nothing of."""
    if isinstance(data, list):
        for item in data:
            yield from undescribed(item, described["items"], here)
    elif isinstance(data, Mapping):
        for name, value in data.items():
            known = described.get("properties", {}).get(name) or described.get("additionalProperties")
            if known is None:
                yield f"{here}/{name}"
            else:
                yield from undescribed(value, known, f"{here}/{name}")


class Hostile(Mock):
    """Says in each place what does harm where it is not taken as text."""

    def dumps(self, value: Any) -> str:
        if "choices" in value:
            value = {**value, "model": 1, "object": HOSTILE}
        return super().dumps(value)


@pytest.fixture(scope="module")
def endings(contract: Contract, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folders of runs that ended in each way."""
    folder = tmp_path_factory.mktemp("endings")

    def conform(name: str, *arguments: str) -> None:
        in_this_process(main, [*arguments, "--report", str(folder / name)], environment_with(KEY))

    few = ("-k", "usage or stream or missing")
    with serve(Mock(contract, KEY)) as right, serve(Hostile(contract, KEY)) as wrong:
        conform("conforms", right, *few)
        conform("deviates", wrong)
        conform("unreachable", "http://127.0.0.1:9")
        conform("cut", right, "--max-requests", "5")
        conform("claims", "--profile", "stream-usage", "-k", "stream-usage")
        conform("compared", right, wrong, "http://127.0.0.1:9", *few)
    return {path.name: path for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        *(("conforms", "conforms"), ("deviates", "deviates"), ("unreachable", "inconclusive")),
        *(("cut", "inconclusive"), ("claims", "conforms")),
    ],
)
def test_each_ending_keeps_the_schema(endings: dict[str, Path], name: str, verdict: str) -> None:
    data = json.loads((endings[name] / "report.json").read_text("utf-8"))
    assert data["verdict"] == verdict
    jsonschema_rs.validator_for(schema("report")).validate(data)
    assert list(undescribed(data, schema("report"))) == []


def test_a_comparison_keeps_the_schema(endings: dict[str, Path]) -> None:
    data = json.loads((endings["compared"] / "comparison.json").read_text("utf-8"))
    jsonschema_rs.validator_for(schema("comparison")).validate(data)
    assert list(undescribed(data, schema("comparison"))) == []


@pytest.mark.parametrize("kind", ["report", "comparison"])
def test_the_schemas_are_schemas(kind: str) -> None:
    assert jsonschema_rs.meta.is_valid(schema(kind))


@pytest.mark.parametrize("kind", schemas.ROOTS)
def test_the_schemas_are_those_of_the_types(kind: str) -> None:
    """`make generate` writes them."""
    path = Path(report.__file__).parent / f"{kind}.schema.json"
    assert path.read_text("utf-8") == schemas.text(kind)


def test_a_report_without_places_is_read(endings: dict[str, Path], tmp_path: Path) -> None:
    """One that was written before findings had them."""
    data = json.loads((endings["deviates"] / "report.json").read_text("utf-8"))
    places = [finding.pop("place") for each in data["requirements"] for finding in each["findings"]]
    assert any(places)
    (tmp_path / "report.json").write_text(json.dumps(data), "utf-8")
    shutil.copy(endings["deviates"] / "exchanges.har", tmp_path)
    report.render(report.read(tmp_path / "report.json"), tmp_path)
    assert '<div class="wire">' in (tmp_path / "report.html").read_text("utf-8")


def test_a_type_that_json_does_not_have_is_refused() -> None:
    with pytest.raises(TypeError, match="has no JSON Schema"):
        schemas.schema(set[str])


@pytest.mark.parametrize("name", ["conforms", "deviates", "unreachable", "claims", "compared"])
def test_a_run_is_shown_again(conform: Conform, endings: dict[str, Path], name: str) -> None:
    folder = endings[name]
    file = folder / ("comparison.json" if name == "compared" else "report.json")
    verdict = json.loads(file.read_text("utf-8"))["verdict"]
    again = conform("report", str(file))
    assert again.returncode == ["conforms", "deviates", "inconclusive"].index(verdict)
    assert verdict.upper() in again.stdout.splitlines()[-1]
    quiet = conform("report", str(file), "-q").stdout.splitlines()
    assert quiet[-1] == again.stdout.splitlines()[-1]
    assert len(quiet) == (4 if name == "compared" else 1)  # of several targets, a line for each before it


@pytest.mark.parametrize("content", [None, b"", b"{}", b"[]", b'{"targets": []}', b"\xff", b"[" * 100_000])
def test_what_is_no_report(conform: Conform, tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "x.json").write_bytes(content)
    done = conform("report", str(tmp_path / "x.json"))
    assert done.returncode == 4
    assert len(done.stderr.splitlines()) == 1


def test_quiet_prints_the_verdict_alone(conform: Conform) -> None:
    assert re.fullmatch(r"CONFORMS: \d+ passed · .*\n", conform("-q", "-k", "usage").stdout)


# The requirements


def test_the_list_has_all(conform: Conform, suite: Suite) -> None:
    lines = conform("--list").stdout.splitlines()
    assert [line.split()[:3] for line in lines] == [[r.id, r.level, r.source] for r in suite.requirements.values()]
    assert all(line.endswith(r.text) for line, r in zip(lines, suite.requirements.values(), strict=True))


@pytest.mark.parametrize("id", ["request.temperature-maximum", "usage.total-is-the-sum"])
def test_one_is_explained(conform: Conform, suite: Suite, id: str) -> None:
    """With its quote, its requests, and a server that breaks it, which can be started."""
    said, requirement = conform("--explain", id).stdout, suite.requirements[id]
    assert requirement.text in said
    assert requirement.quote is not None
    assert requirement.quote in said
    assert f"line {suite.contract.line(requirement.pointer)}" in said
    fault = said.splitlines()[-1].split()[-1]
    assert id in {fault.name: fault for fault in known(suite)[id].faults}[fault].breaks


def test_every_requirement_has_a_server_to_show(suite: Suite) -> None:
    assert [id for id, each in known(suite).items() if not each.faults] == []


def test_an_unknown_one_says_what_is_close(conform: Conform) -> None:
    done = conform("--explain", "usage.total-is-sum")
    assert done.returncode == 4
    assert "usage.total-is-the-sum" in done.stderr


@pytest.mark.parametrize("option", ["--list", "--plan"])
def test_nobody_reads(option: str) -> None:
    done = subprocess.run(["sh", "-c", f"{BIN}/alphaedge-conform {option} | true"], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_a_reader_may_close_the_pipe() -> None:
    done = subprocess.run(["sh", "-c", f"{BIN}/alphaedge-conform --list | head -1"], capture_output=True, text=True)
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


# The terminal


def at_a_terminal(*arguments: str, **environment: str) -> str:
    """What a command writes to a terminal of 60 columns."""
    ours, theirs = pty.openpty()
    env = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "CI", "TERM")}
    env |= {"TERM": "xterm-256color", "COLUMNS": "60", **environment}
    with subprocess.Popen([str(BIN / "alphaedge-conform"), *arguments], env=env, stdout=theirs, stderr=theirs):
        os.close(theirs)
        output = b""
        try:
            while block := os.read(ours, 65536):
                output += block
        except OSError:  # as the end of a terminal is told
            pass
    os.close(ours)
    return output.decode()


def test_a_terminal_has_colours(endings: dict[str, Path]) -> None:
    file = str(endings["deviates"] / "report.json")
    assert "\x1b[1;31m" in at_a_terminal("report", file)


@pytest.mark.parametrize("command", ["report", "--list", "--explain"])
def test_no_color_leaves_no_escape_sequence(endings: dict[str, Path], command: str) -> None:
    value = {"report": str(endings["deviates"] / "report.json"), "--explain": "usage.type"}.get(command)
    assert "\x1b" not in at_a_terminal(command, *filter(None, [value]), NO_COLOR="1")


def test_a_narrow_terminal_folds_the_list(suite: Suite) -> None:
    lines = at_a_terminal("--list", NO_COLOR="1").splitlines()
    assert max(map(len, lines)) <= 60
    assert len(lines) > len(suite.requirements)


# GitHub


def on_github(file: Path, contract: Contract) -> tuple[str, str]:
    """The workflow commands and the summary of a run."""
    document = report.read(file)
    return "\n".join(report.github.commands(document, contract)), report.github.summary(document)


def test_github_gets_annotations_and_a_summary(conform: Conform, contract: Contract, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    environment = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    with serve(BY_HAND["total-is-the-prompt"].make(contract, KEY)) as url:
        done = conform(url, "-k", "usage", key=KEY, environment=environment)
    annotations = [line for line in done.stdout.splitlines() if line.startswith("::")]
    assert len(annotations) == 1
    line = contract.line("/components/schemas/Usage/properties/total_tokens")
    assert annotations[0].startswith(f"::error file=openapi.yaml,line={line},title=usage.total-is-the-sum::MUST usage")
    text = summary.read_text("utf-8")
    assert text.startswith("before\n## ")
    assert "| `usage.total-is-the-sum` | MUST |" in text
    assert "| `total_tokens` is the sum of `prompt_tokens` and `completion_tokens`.<br>" in text


def test_github_gets_ten_annotations_the_gravest_first(endings: dict[str, Path], contract: Contract) -> None:
    """It drops what is more, in the order in which it comes."""
    made = report.read(endings["deviates"] / "report.json")
    assert not report.comparison.is_one(made)
    failed = [each for each in made["requirements"] if each["status"] == "failed"]
    while len(failed) < 12:
        more = {**failed[-1], "id": f"usage.more-{len(failed)}", "level": "SHOULD", "scored": False}
        made["requirements"].insert(0, cast(Any, more))
        failed = [each for each in made["requirements"] if each["status"] == "failed"]
    lines = report.github.commands(made, contract)
    assert len(lines) == 10
    assert lines[-1] == f"::notice title=alphaedge::{len(failed) - 9} more are in the summary of the job"
    kinds = [line.split()[0] for line in lines[:-1]]
    assert kinds == sorted(kinds)  # errors before warnings
    assert "usage.more-" not in lines[0]
    summary = report.github.summary(made)
    assert all(f"`{each['id']}`" in summary for each in failed)


def test_what_a_server_says_is_no_markup_on_github(endings: dict[str, Path], contract: Contract) -> None:
    commands, summary = on_github(endings["deviates"] / "report.json", contract)
    assert "javascript" in commands
    assert "javascript" in summary
    assert all(line.startswith(("::error ", "::warning ")) for line in commands.splitlines())
    for text in (commands, summary):
        assert not re.search(r"[\x00-\x08\x0b-\x1f\u202e]", text)
    assert not re.search(r"(?<!\\)<(?!br>)", summary)
    rows = [line for line in summary.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}
    assert len([line for line in summary.splitlines() if line.startswith("#")]) == 1


@pytest.mark.parametrize("name", ["compared", "unreachable"])
def test_github_hears_of_what_was_not_judged(endings: dict[str, Path], contract: Contract, name: str) -> None:
    file = endings[name] / ("comparison.json" if name == "compared" else "report.json")
    commands, summary = on_github(file, contract)
    assert "nothing listens there" in commands
    assert "nothing listens there" in summary


# Released versions


def test_what_a_released_version_has_not_is_not_scored(
    conform: Conform, suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    early = {id: each for id, each in suite.requirements.items() if id != "usage.total-is-the-sum"}
    (tmp_path / "0.9.0.json").write_text(json.dumps(frozen("0.9.0", early)))
    monkeypatch.setattr(versions, "FOLDER", tmp_path)
    monkeypatch.setenv("ALPHAEDGE_API_KEY", KEY)
    with serve(BY_HAND["total-is-the-prompt"].make(suite.contract, KEY)) as url:
        arguments = [url, "-k", "usage", "--report", str(tmp_path / "out"), "-q"]
        assert main([*arguments, "--contract-version", "0.9.0"]) == 0
        requirements = json.loads((tmp_path / "out" / "report.json").read_text())["requirements"]
        failed = [(each["id"], each["scored"]) for each in requirements if each["status"] == "failed"]
        assert failed == [("usage.total-is-the-sum", False)]
        assert main(arguments) == 1


def test_the_level_is_that_of_the_released_version(suite: Suite) -> None:
    then = suite.pinned({"usage.total-is-the-sum": Level.SHOULD})
    assert then.requirements["usage.total-is-the-sum"].level is Level.SHOULD
    assert then.requirements["usage.type"].level is suite.requirements["usage.type"].level


def test_an_unknown_version_says_which_there_are(conform: Conform) -> None:
    done = conform("--contract-version", "7.0.0")
    assert done.returncode == 4
    assert "there are: 1.0.0" in done.stderr


def test_a_version_with_what_is_no_more(suite: Suite) -> None:
    with pytest.raises(ConfigurationError, match=r"requirements that this contract no longer has: usage\.lost"):
        suite.pinned({"usage.type": Level.MUST, "usage.lost": Level.MUST})


# What cannot be written


@pytest.mark.parametrize("name", ["report.html", "report.json"])
def test_a_report_that_cannot_be_written_loses_no_verdict(conform_process: Conform, tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    done = conform_process("-q", "-k", "usage", "--report", str(tmp_path))
    assert done.returncode == 3
    assert done.stdout.startswith("CONFORMS")
    assert "the report is incomplete" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["-q -k usage | true", "-q -k usage > /dev/full", "--list > /dev/full"])
def test_output_that_nobody_takes_is_no_deviation(command: str) -> None:
    script = f"set -o pipefail; {BIN}/alphaedge-conform {command}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 3)
    assert "Traceback" not in done.stderr


def test_a_terminal_that_knows_little() -> None:
    done = subprocess.run(
        [BIN / "alphaedge-conform", "-q", "-k", "usage"],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_plan_of_nothing_is_wrong_usage(conform: Conform) -> None:
    assert conform("--plan", "-k", "no_such_requirement").returncode == 4


def test_empty_values_count_as_unset(conform: Conform) -> None:
    options = ("--model=", "--report=", "--waivers=", "--write-waivers=", "--from-har=", "--against=", "--explain=")
    assert conform("-q", "-k", "usage and sum", *options, "--contract=", "--contract-version=").returncode == 0
