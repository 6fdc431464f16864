"""The same fleet on a cluster of this process, and on workers that were started apart, as on other machines."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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

QUIET = ["--no-dashboard", "--host", "127.0.0.1"]


@contextmanager
def local() -> Iterator[str]:
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster:
        yield cluster.scheduler_address


@contextmanager
def apart() -> Iterator[str]:
    """A scheduler and two workers, each a program of its own; the workers alone have the key."""
    dask, port = str(Path(sys.executable).with_name("dask")), free_port()
    address = f"tcp://127.0.0.1:{port}"
    without = {name: value for name, value in os.environ.items() if name != VARIABLE}
    with ExitStack() as stack:

        def start(arguments: list[str], environment: dict[str, str]) -> None:
            process = stack.enter_context(
                subprocess.Popen(
                    [dask, *arguments], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
            )
            stack.callback(process.terminate)

        start(["scheduler", *QUIET, "--port", str(port)], without)
        for _ in range(2):
            start(["worker", address, *QUIET, "--nthreads", "1", "--no-nanny"], os.environ | {VARIABLE: PLANTED})
        with Client(address, set_as_default=False, timeout=60) as client:
            client.wait_for_workers(2, timeout=60)
        yield address


@pytest.mark.parametrize("cluster", [local, apart])
def test_who_does_the_work_changes_no_verdict(
    contract: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cluster: object
) -> None:
    if cluster is local:
        monkeypatch.setenv(VARIABLE, PLANTED)
    kept = history(tmp_path)
    with fleet(contract, tmp_path) as found, cluster() as address:  # type: ignore[operator]
        Coordinator(task("run"), kept, workers.dask(address)).run(found.lanes)
    assert verdict_maps(kept) == expected()


def test_a_scheduler_that_is_not_there_is_told() -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(ConfigurationError, match=f"--scheduler {address}: "):
        workers.dask(address)
