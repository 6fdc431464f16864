"""Recipes for servers that others wrote, and the page of what was found; none of the real ones runs here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import nullcontext
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from ..helpers import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import listening
import recipes
import server_results
import servers

RECIPES = [recipes.read(name) for name in recipes.names()]
SERVER = """
import http.server, subprocess, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(404 if self.path == "/ready" else 500)
        self.end_headers()
    def log_message(self, *_): pass
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open("child", "w").write(str(child.pid))
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
KEY = "sk-of-a-server-of-the-tests"
PYTHON = sys.executable
reads_proc = pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads /proc, without which none is used")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for recipes of a test's own."""
    monkeypatch.setattr(recipes, "RECIPES", tmp_path)
    monkeypatch.setattr(recipes, "WORK", tmp_path / "work")
    return tmp_path


def recipe(**edit: Any) -> recipes.Recipe:
    known: dict[str, Any] = {
        "name": "own",
        "version": "1",
        "about": "",
        "ready": "/ready",
        "model": "m",
        "key": KEY,
        "start_timeout": 10,
    }
    return recipes.Recipe(**known | {"command": ["{python}", "app.py", "{port}"], "files": {"app.py": SERVER}} | edit)


def ended(pid: int, within: float = 5) -> bool:
    deadline = time.monotonic() + within
    while True:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)


# Recipes


def test_there_are_enough() -> None:
    others = {each.name for each in RECIPES} - {"mock"}
    assert len(others) >= 16
    assert "llama-server" in others
    assert {each.name for each in RECIPES if each.heavy} >= {"guidellm", "llama-server"}


@pytest.mark.parametrize("each", RECIPES, ids=lambda each: each.name)
def test_a_recipe_is_pinned_and_binds_loopback(each: recipes.Recipe) -> None:
    assert all("==" in requirement for requirement in each.requirements)
    assert f"=={each.version}" in "".join(each.requirements) or each.npm or each.name == "mock"
    assert each.name == "mock" or "127.0.0.1" in " ".join([*each.command, *each.env.values(), *each.files.values()])
    if each.npm:
        lock = json.loads((recipes.RECIPES / "npm" / each.name / "package-lock.json").read_text())["packages"]
        (pinned,) = lock.pop("")["dependencies"].values()
        assert pinned == each.version
        assert all("integrity" in package and "resolved" not in package for package in lock.values())
    if each.locked:
        lines = recipes.lock_of(each).read_text().splitlines()
        assert {line.partition("==")[0].partition("[")[0] for line in lines if "==" in line} >= {
            requirement.partition("==")[0].partition("[")[0] for requirement in each.requirements
        }
        assert all(line.endswith(" \\") or line.startswith("    --hash=sha256:") for line in lines)


def test_rejects_an_invalid_recipe(folder: Path) -> None:
    (folder / "odd.toml").write_text('name = "odd"\ncolour = "red"')
    with pytest.raises(recipes.Failed, match=r"odd\.toml: .*colour"):
        recipes.read("odd")
    with pytest.raises(recipes.Failed, match="there are: odd"):
        recipes.read("even")


# Serving


@reads_proc
def test_a_server_is_served_on_loopback_and_ended_with_its_children(folder: Path) -> None:
    with recipes.serving(recipe(), folder / "own") as url:
        assert url.startswith("http://127.0.0.1:")
        child = int((folder / "own" / "home" / "child").read_text())
        assert not ended(child, 0)
    assert ended(child)


@reads_proc
def test_a_server_that_listens_elsewhere_is_not_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    everywhere = {ip_address("127.0.0.1"), ip_address("0.0.0.0")}
    monkeypatch.setattr(recipes, "listening", lambda session: everywhere)
    with pytest.raises(recipes.Failed, match=r"listens on .*0\.0\.0\.0"), recipes.serving(recipe(), folder / "own"):
        pytest.fail("it was used")
    assert ended(int((folder / "own" / "home" / "child").read_text()))
    monkeypatch.setattr(recipes, "listening", lambda session: set())
    with pytest.raises(recipes.Failed, match="no address"), recipes.serving(recipe(), folder / "own"):
        pytest.fail("it was used")


def test_a_server_that_does_not_start(folder: Path) -> None:
    broken = recipe(files={"app.py": f"print('the key is {KEY}'); raise SystemExit(1)"})
    with pytest.raises(recipes.Failed, match=r"did not start(.|\n)*the key is \[key\]"):
        recipes.serving(broken, folder / "own").__enter__()


def test_a_build_step_that_fails(folder: Path) -> None:
    with pytest.raises(recipes.Failed, match="could not be made"):
        recipes.serving(recipe(build=[["{python}", "-c", "raise SystemExit(1)"]]), folder / "own").__enter__()


@reads_proc
def test_a_server_in_front_of_another(folder: Path) -> None:
    (folder / "behind.toml").write_text(
        f'name = "behind"\nversion = "1"\nabout = ""\nready = "/ready"\nmodel = "deep"\nkey = "{KEY}"\n'
        'start_timeout = 10\ncommand = ["{python}", "app.py", "{port}"]\n[files]\n"app.py" = """' + SERVER + '"""\n'
    )
    gateway = recipe(
        upstream="behind", files={"app.py": SERVER, "to": "{upstream} {upstream_model} {upstream_key} {x}"}
    )
    with recipes.serving(gateway, folder / "own") as url:
        upstream, model, key, unknown = (folder / "own" / "home" / "to").read_text().split()
        assert upstream != url
        assert (model, key, unknown) == ("deep", KEY, "{x}")
    assert ended(int((folder / "work" / "behind" / "home" / "child").read_text()))


def test_nothing_of_our_environment_reaches_a_server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://ours")
    tells = "import os, sys; open('env', 'w').write(' '.join(os.environ)); sys.exit(1)"
    with pytest.raises(recipes.Failed):
        recipes.serving(recipe(files={"app.py": tells}, env={"THEIRS": "{key}"}), folder / "own").__enter__()
    names = set((folder / "own" / "home" / "env").read_text().split())
    assert {"PATH", "HOME", "THEIRS"} <= names
    assert "DATABASE_URL" not in names


@pytest.mark.parametrize(
    ("table", "digits", "address"),
    [
        ("tcp", "0100007F", "127.0.0.1"),
        ("tcp", "00000000", "0.0.0.0"),
        ("tcp", "0B01A8C0", "192.168.1.11"),
        ("tcp6", "00000000000000000000000001000000", "::1"),
        ("tcp6", "0" * 32, "::"),
        ("tcp6", "0000000000000000FFFF00000100007F", "127.0.0.1"),
    ],
)
def test_where_a_session_listens(tmp_path: Path, table: str, digits: str, address: str) -> None:
    for pid, session, inode in ((7, 7, 70), (8, 7, 80), (9, 9, 90)):
        (tmp_path / str(pid) / "fd").mkdir(parents=True)
        (tmp_path / str(pid) / "stat").write_text(f"{pid} (a) name) S 1 {session} {session} 0 -1")
        (tmp_path / str(pid) / "fd" / "3").symlink_to(f"socket:[{inode}]")
    row = "   0: {}:1F90 00000000:0000 {} 00000000:00000000 00:00000000 00000000     0        0 {} 1 0"
    rows = ["  sl  local_address ...", row.format(digits, "0A", 80), row.format("FFFFFFFF", "01", 70)]
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / table).write_text("\n".join([*rows, row.format("EEEEEEEE", "0A", 90)]))
    assert listening.listening(7, tmp_path) == {ip_address(address)}
    assert listening.listening(9, tmp_path) == {ip_address("238.238.238.238")} or table == "tcp6"


def test_the_command_says_what_is_wrong() -> None:
    for arguments in (["nosuch"], ["--runs", "0"], ["--serve"], ["--bogus"]):
        done = subprocess.run(
            [sys.executable, ROOT / "scripts" / "servers.py", *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode == 4
        assert done.stderr.startswith("servers.py: ")
        assert done.stderr.count("\n") == 1


# Results


def report(**statuses: str) -> dict[str, Any]:
    found = [{"message": "got 200", "probe": "p", "impact": None, "curl": "curl -sS http://127.0.0.1:7/v1/x"}]
    return {
        "started": "2026-11-23T10:00:00+00:00",
        "contract": {"version": "1.0.0", "digest": "d"},
        "target": {"url": "http://127.0.0.1:7/v1/x"},
        "verdict": "deviates",
        "cost": {"requests": 9},
        "requirements": [
            {
                "id": id,
                "level": "MUST" if id == "a" else "SHOULD",
                "source": "documented",
                "title": "It holds.",
                "status": status,
                "failed": int(status == "failed"),
                "of": 4,
                "findings": found if status == "failed" else [],
            }
            for id, status in statuses.items()
        ],
    }


@reads_proc
def test_each_run_has_a_server_of_its_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that a request ended is not judged as a dead one in the next run."""
    suite_that(f"kill $(cat {folder}/work/own/pid); {WRITES}", folder, monkeypatch, serves=True)
    pid = "import os; open('../pid', 'w').write(str(os.getpid()))"
    assert servers.judge(recipe(command=[PYTHON, "app.py", "{port}"], files={"app.py": pid + SERVER}), 2, []) == [0, 0]


def test_runs_that_differ() -> None:
    same, other = report(a="passed", b="failed"), report(a="failed", b="failed")
    assert servers.flaky([same, same]) == {}
    assert servers.flaky([same, other]) == {"a": ["passed (0 of 4)", "failed (1 of 4)"]}
    result = server_results.reduced(recipe(), [same, other])
    assert [(each["id"], each["counts"]) for each in result["departures"]] == [
        ("a", ["0 of 4", "1 of 4"]),
        ("b", ["1 of 4", "1 of 4"]),
    ]
    assert result["departures"][0]["curl"] == "curl -sS $URL/v1/x"
    assert result["requirements"]["MUST"] == {"passed": 1}


def suite_that(script: str, folder: Path, monkeypatch: pytest.MonkeyPatch, serves: bool = False) -> None:
    """A suite of a test's own, in sh; $FOLDER is that of the report."""
    program = folder / "alphaedge-conform"
    program.write_text(f'#!/bin/sh\nwhile [ "$1" != --report ]; do shift; done\nFOLDER=$2\n{script}\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    if not serves:
        monkeypatch.setattr(servers, "serving", lambda *_: nullcontext("http://127.0.0.1:7"))
    for module in (servers, server_results):
        monkeypatch.setattr(module, "WORK", folder / "work")


WRITES = f"mkdir -p $FOLDER; echo '{json.dumps(report(a='passed'))}' >$FOLDER/report.json"
SECOND_KILLED = f"case $FOLDER in *-2) kill -9 $$ ;; esac; {WRITES}"


def test_a_suite_that_was_killed_is_never_green(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    suite_that(SECOND_KILLED, tmp_path, monkeypatch)
    codes = servers.judge(recipe(), 2, [])
    assert codes == [0, -9]
    assert servers.worst(codes) == 2
    assert servers.worst([0, 1]) == 1
    assert servers.worst([-9, 4]) == 4


@pytest.mark.parametrize(
    "script",
    ["exit 4", f"{WRITES}; exit 3", "exit 0", f"{WRITES}; kill -9 $$", SECOND_KILLED],
    ids=lambda each: each[:9],
)
def test_an_old_report_is_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    suite_that(script, tmp_path, monkeypatch)
    monkeypatch.setattr(server_results, "serving", lambda *_: nullcontext("http://127.0.0.1:7"))
    monkeypatch.setattr(server_results, "clients", lambda *_: {})
    monkeypatch.setattr(server_results, "RESULTS", tmp_path / "results")
    for folder in servers.folders("own", 2):
        folder.mkdir(parents=True)
        (folder / "report.json").write_text(json.dumps(report(a="passed")))
    with pytest.raises(recipes.Failed, match="own: nothing is published"):
        server_results.record(recipe())
    assert not (tmp_path / "results").exists()


def test_a_page_says_what_thorough_effort_finds_besides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offer = {"name": "tools", "claimed": True, "outcome": "refused", "reason": "got 400 | no tools"}
    found = report(a="failed", b="failed") | {"profiles": [offer]}
    asked = 'echo "$*" >>$FOLDER/../asked'
    suite_that(f"mkdir -p $FOLDER; {asked}; echo '{json.dumps(found)}' >$FOLDER/report.json", tmp_path, monkeypatch)
    monkeypatch.setattr(server_results, "serving", lambda *_: nullcontext("http://127.0.0.1:7"))
    monkeypatch.setattr(server_results, "RESULTS", tmp_path)
    monkeypatch.setattr(server_results, "CONFIRMED", tmp_path)
    monkeypatch.setattr(server_results, "read", lambda _: recipe(about="one"))
    standard = server_results.reduced(recipe(), [report(a="failed", b="passed")])
    server_results.save(standard)
    server_results.record_thorough(recipe(profiles=["tools"]))
    assert (tmp_path / "work/own/asked").read_text().count("--effort thorough --discover --profile tools") == 2
    assert "curl: " in (tmp_path / "work/own/answers-thorough.txt").read_text()
    (result,) = server_results.saved()
    assert [each["id"] for each in result["thorough"]["departures"]] == ["b"]
    (tmp_path / "own.toml").write_text('version = "1"\ndate = "today"\n[departures]\na = "It does."')
    with pytest.raises(recipes.Failed, match="not confirmed by hand: b;"):
        list(server_results.section(result))
    (tmp_path / "own.toml").write_text('version = "1"\ndate = "today"\n[departures]\na = "It does."\nb = "It lacks."')
    above, _, below = "\n".join(server_results.section(result)).partition("## At thorough effort")
    assert "It does." in above
    assert "It does." not in below
    assert "9 requests, on the claimed profiles tools too, 2 times: 1 more than above." in below
    assert "It lacks." in below
    assert "| tools | refused | got 400 \\| no tools |" in below
    server_results.save(standard | {"version": "0"})
    with pytest.raises(recipes.Failed, match="its page is of another version or contract; give --record own"):
        server_results.record_thorough(recipe())


def test_nothing_is_published_unconfirmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_results, "CONFIRMED", tmp_path)
    result = server_results.reduced(recipe(), [report(a="failed", b="failed")])
    path = tmp_path / "own.toml"
    for text, missing in (
        ("", "a, b"),
        ('version = "1"\n[departures]\na = "It does."', "b"),
        ('version = "2"\n[departures]\na = "It does."\nb = "It does."', "version 1"),
    ):
        path.write_text(text)
        with pytest.raises(recipes.Failed, match=f"not confirmed by hand: {missing};"):
            server_results.confirmations(result)
    path.write_text('version = "1"\n[departures]\na = "It does."\nb = "It does."')
    assert server_results.confirmations(result)["departures"]["b"] == "It does."
    path.write_text('version = "1"\n[departures]\na = "It does."\n[flaky]\nb = "Now and then."')
    assert server_results.confirmations(result)["flaky"] == {"b": "Now and then."}


def published() -> list[Path]:
    return [ROOT / "docs" / "servers.md", *(ROOT / "docs" / "servers").glob("*.md")]


def test_the_pages_are_what_the_results_give() -> None:
    results = server_results.saved()
    pages = server_results.pages(results)
    assert pages == {path: path.read_bytes().decode() for path in published()}  # one curl line has a CR
    assert {each["server"] for each in results} == {each.name for each in RECIPES}
    for each in results:
        assert each["version"] == recipes.read(each["server"]).version
        confirmed = set(server_results.confirmations(each).get("departures", {}))
        assert confirmed == set(server_results.departures(each)), "confirmed, but no longer found"


def test_no_key_and_no_address_is_published() -> None:
    sources = [*server_results.RESULTS.glob("*.json"), *server_results.CONFIRMED.glob("*.toml")]
    for path in [*published(), *sources]:
        text = path.read_text()
        assert not [each.name for each in RECIPES if each.key and each.key in text]
        assert "http://127.0.0.1:" not in text
        assert str(ROOT) not in text


def test_a_server_without_keys_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPHAEDGE_API_KEY", "sk-of-the-user")
    assert "ALPHAEDGE_API_KEY" not in recipes.environment(recipe(key=""))
    assert recipes.environment(recipe())["ALPHAEDGE_API_KEY"] == KEY
    assert os.environ["ALPHAEDGE_API_KEY"] == "sk-of-the-user"
