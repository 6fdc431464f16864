"""The page of a fleet, as a browser opens it from disk."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from bench.page import LARGEST, LONGEST
from playwright.sync_api import Page

from alphaedge_conformance.fleet import changes
from alphaedge_conformance.fleet.history import History
from alphaedge_conformance.fleet.page import HEIGHT, RUNS, WIDTH, page, path

from ..chromium import chromium
from .simulated import IDS, history, judge_all, lanes

pytestmark = pytest.mark.xdist_group("opens chromium")

TARGETS = 1000
AT = datetime(2026, 5, 4)
PLANTED = '<script>window.planted=1</script>"\'><img src=x onerror="window.planted=1">'


def written(folder: Path, targets: int) -> Path:
    """The page of so many targets, each judged as often as a line has points; only the last two runs are those of all
    requirements."""
    made = history(folder)
    names = [f"provider-{number // 20:02}/model-{number % 20:02}" for number in range(targets - 1)] + [PLANTED]
    fleet = lanes(names)
    for run in range(2):

        def status(target: str, id: str, run: int = run) -> str:
            broken = hash_of(target) % 9 < 2 and id in IDS[: 1 + hash_of(target) % 3]
            return "failed" if broken or (run and target.endswith("-05") and id == IDS[5]) else "passed"

        judge_all(made, f"run-{run}", AT + timedelta(hours=6 * (RUNS + run)), fleet, status)
    with made.opened() as connection:
        connection.execute(
            "INSERT INTO judgings BY NAME SELECT judgings.* REPLACE (run || '-' || n AS run, "
            "started - n * INTERVAL 6 HOURS AS started, CAST(random() * 3 AS INTEGER) AS must_failed, "
            "0.4 + random() AS whole_p50), FROM judgings, "
            f"range(1, {RUNS}) AS numbers(n) WHERE run = 'run-0'"
        )
    file = folder / "fleet.html"
    file.write_text(page(made, changes.read(made, AT), folder), "utf-8")
    return file


def hash_of(text: str) -> int:
    return sum(map(ord, text)) * 7919


@pytest.mark.slow
def test_a_thousand_targets_are_one_file_that_opens_at_once(tmp_path: Path) -> None:
    file = written(tmp_path, TARGETS)
    assert file.stat().st_size < LARGEST
    with chromium() as browser:
        opened = browser.new_page(viewport={"width": 1200, "height": 900})
        errors: list[str] = []
        opened.on("pageerror", lambda error: errors.append(str(error)))
        opened.on("request", lambda request: None if request.url == file.as_uri() else errors.append(request.url))
        session = opened.context.new_cdp_session(opened)
        session.send("Performance.enable")
        opened.goto(file.as_uri())
        assert processor(session) < LONGEST
        assert opened.locator(".targets tbody tr").count() == TARGETS
        assert opened.locator("#since li").count() == TARGETS // 20
        worst_first(opened)
        opened.fill("input[name=target]", "provider-07/")
        assert opened.locator(".targets tbody tr:visible").count() == 20
        opened.fill("input[name=target]", "")
        opened.select_option("select[name=verdict]", "conforms")
        assert set(opened.locator(".targets tbody tr:visible td:nth-child(2)").all_inner_texts()) == {"conforms"}
        assert opened.evaluate("window.planted") is None
        assert errors == []


def processor(session: object) -> float:
    """Seconds that the page took of a processor."""
    metrics = session.send("Performance.getMetrics")["metrics"]  # type: ignore[attr-defined]
    return float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))


def worst_first(opened: Page) -> None:
    verdicts = opened.locator(".targets tbody tr td:nth-child(2)").all_inner_texts()
    assert verdicts == sorted(verdicts, key=["deviates", "conforms"].index)
    failed = [int(text) for text in opened.locator(".targets tbody tr td:nth-child(3)").all_inner_texts()]
    assert failed == sorted(failed, reverse=True)


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ([0.0] * RUNS, [(0, HEIGHT - 1), (WIDTH, HEIGHT - 1)]),
        ([2] * RUNS, [(0, 1), (WIDTH, 1)]),
        ([1, 2], [(81, 10), (WIDTH, 1)]),
    ],
)
def test_a_line_ends_at_the_last_run(values: list[float], drawn: list[tuple[int, int]]) -> None:
    pieces = path(values)[1:].split("L")
    points = [tuple(map(int, piece.split())) for piece in (pieces[0], pieces[-1])]
    assert points == drawn


def test_a_line_has_a_gap_where_nothing_was_judged_and_a_dot_where_there_is_one_run() -> None:
    assert path([None, 1.0, None, 1.0, 1.0]).count("M") == 2
    assert path([1.0]).endswith("h.1")
    assert path([None]) == path([]) == ""


def test_a_history_without_targets_is_a_page_too(tmp_path: Path) -> None:
    made: History = history(tmp_path)
    made.begin("run", 0, "")
    assert "no change; 0 targets" in page(made, changes.read(made, AT), tmp_path)
