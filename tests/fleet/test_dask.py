"""The same fleet on a cluster of this process, and on workers that were started apart, as on other machines."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.errors import ConfigurationError
from alphaedge_conformance.fleet import workers
from alphaedge_conformance.fleet.coordinator import Coordinator

from ..pages import free_port
from .real import PLANTED, VARIABLE, expected, fleet, task, verdict_maps
from .simulated import history

Cluster = Callable[[], AbstractContextManager[tuple[str, list[subprocess.Popen[bytes]]]]]
QUIET = ["--dashboard-address", "127.0.0.1:0", "--host", "127.0.0.1"]


@contextmanager
def local() -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", host="127.0.0.1") as cluster:  # type: ignore[no-untyped-call]
        yield cluster.scheduler_address, []


@contextmanager
def apart() -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and two workers, each a program of its own; the workers alone have the key."""
    dask, port = str(Path(sys.executable).with_name("dask")), free_port()
    address = f"tcp://127.0.0.1:{port}"
    with ExitStack() as stack:

        def start(arguments: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                [dask, *arguments], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        start(["scheduler", *QUIET, "--port", str(port)], dict(os.environ))
        with_key = os.environ | {VARIABLE: PLANTED}
        begun = [start(["worker", address, *QUIET, "--nthreads", "1", "--no-nanny"], with_key) for _ in range(2)]
        with Client(address, set_as_default=False, timeout=60) as client:  # type: ignore[no-untyped-call]
            client.wait_for_workers(2, timeout=60)
        yield address, begun


@pytest.mark.parametrize("cluster", [pytest.param(local, marks=pytest.mark.slow), apart])
def test_who_does_the_work_changes_no_verdict(
    contract: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cluster: Cluster
) -> None:
    if cluster is local:
        monkeypatch.setenv(VARIABLE, PLANTED)
    kept = history(tmp_path)
    with fleet(contract, tmp_path) as found, cluster() as (address, _):
        Coordinator(task("run"), kept, workers.dask(address)).run(found.lanes)
    assert verdict_maps(kept) == expected()


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing(contract: Contract, tmp_path: Path) -> None:
    kept = history(tmp_path)
    with fleet(contract, tmp_path, latency=0.1) as found, apart() as (address, begun):

        def kill() -> None:
            while not found.requests:
                time.sleep(0.01)
            begun[0].kill()

        killing = threading.Thread(target=kill)
        killing.start()
        Coordinator(task("run"), kept, workers.dask(address)).run(found.lanes)
        killing.join()
    assert verdict_maps(kept) == expected()


def test_a_scheduler_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "CONNECT", 0.2)
    address = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(ConfigurationError, match=f"--scheduler {address}: "):
        workers.dask(address)
