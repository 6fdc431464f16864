"""What several tests of live traffic use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.mock import Mock, serve

from .traffic import Proxied, proxied


@pytest.fixture(scope="module")
def hostile_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    """A proxy that all hostile clients of a module share."""
    with serve(Mock(Contract.load())) as url, proxied(url, tmp_path_factory.mktemp("report")) as proxy:
        yield proxy
        assert proxy.process.poll() is None
