"""Servers for the session, and a fresh bucket for each test."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.storage.buckets import Drops, use_server
from tests.storage.servers import Server, ceph_server, missing_ceph_programs, moto_server


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with moto_server(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture(scope="session")
def ceph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    missing = missing_ceph_programs()
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed (Debian: ceph-mon ceph-osd ceph-common radosgw)")
    told = ""
    for _ in range(3):  # its store daemon now and then ends at once, told of a wrong fsid
        with ExitStack() as stack:
            try:
                server = stack.enter_context(ceph_server(tmp_path_factory.mktemp("ceph")))
            except (RuntimeError, OSError, subprocess.SubprocessError) as error:
                told = str(error)
                continue
            yield server
            return
    pytest.skip(f"Ceph is installed, but did not start in three tries: {told}")


@pytest.fixture(
    params=[
        pytest.param("moto", marks=pytest.mark.xdist_group("moto")),
        pytest.param("ceph", marks=pytest.mark.xdist_group("ceph")),
    ]
)
def drops(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Drops:
    """A fresh bucket on each server in turn, and the environment that leads to it."""
    server: Server = request.getfixturevalue(request.param)
    monkeypatch.chdir(tmp_path)
    return Drops(use_server(monkeypatch, server.endpoint), f"drops-{uuid.uuid4().hex[:12]}", server)


@pytest.fixture
def ceph_drops(ceph: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Drops:
    """A fresh bucket on Ceph alone, which knows its users and checks signatures."""
    monkeypatch.chdir(tmp_path)
    return Drops(use_server(monkeypatch, ceph.endpoint), f"drops-{uuid.uuid4().hex[:12]}", ceph)


@pytest.fixture
def moto_drops(moto: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Drops:
    """A fresh bucket on moto's server alone."""
    monkeypatch.chdir(tmp_path)
    return Drops(use_server(monkeypatch, moto.endpoint), f"drops-{uuid.uuid4().hex[:12]}", moto)
