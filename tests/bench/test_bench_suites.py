"""The table of conformance suites; none is run here, but for one run of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from bench import faults

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.mock.faults_server import catalogue
from alphaedge_conformance.run.suite import Suite


def listed(kinds: dict[str, str]) -> list[dict[str, Any]]:
    return [{"id": id, "kind": kind, "url": f"http://127.0.0.1:7/{id}"} for id, kind in kinds.items()]


def test_a_sample_is_spread_over_all(contract: Contract) -> None:
    every = listed({id: each.kind for id, each in catalogue(contract).items()})
    assert len(faults.sample(every, 0)) == len(every)
    chosen = faults.sample(every, 10)
    assert [each["kind"] for each in chosen].count("fault") == 10
    assert {each["kind"] for each in chosen} > {"fault"}
    assert len({each["id"] for each in chosen}) == len(chosen)
    assert faults.sample(every, 10**6) == faults.sample(every, 0)


def test_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def server() -> Iterator[list[dict[str, Any]]]:
        yield listed({"a": "fault", "b": "fault", "c": "unusual", "d": "conforming"})

    def finds(*ids: str) -> faults.Run:
        return lambda url: {"found": url.rpartition("/")[2] in ids, "requests": 500, "seconds": 1.2}

    monkeypatch.setattr(faults, "faults_server", server)
    figures = faults.measure(0, {"one": ("attrs", finds("a", "b")), "other": ("httpx", finds("a", "c"))})
    _, _, one, other = faults.table(figures).splitlines()
    assert one.split(" | ")[2:] == ["2 of 2", "0 of 2", "2,000", "5", "2.0 |"]
    assert other.split(" | ")[2:] == ["1 of 2", "1 of 2", "2,000", "5", "1.0 |"]
    assert faults.missed(figures, by="other", known_to="one") == ["b"]


def test_ours_is_pointed_at_the_servers() -> None:
    _, run = faults.SUITES["alphaedge-conform --effort quick"]
    with faults.faults_server() as every:
        urls = {each["id"]: each["url"] for each in every}
        assert run(urls["never-streams"])["found"]
        conforming = run(urls["conforming"])
    assert not conforming["found"]
    assert 0 < conforming["requests"] <= len(Suite.of(Contract.load()).requirements)
