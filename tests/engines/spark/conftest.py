"""Spark's own warnings, and what its processes leave open, are no concern of these tests."""

from __future__ import annotations

import shutil

import pytest


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist puts groups into ids
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process runs them all, as a session takes seconds to start."""
    for item in items:
        if "engines/spark" in str(item.path):
            item.add_marker(pytest.mark.xdist_group("spark"))
            for ignored in ("ignore::ResourceWarning", "ignore:::pyspark", "ignore::DeprecationWarning"):
                item.add_marker(pytest.mark.filterwarnings(ignored))


@pytest.fixture
def needs_spark() -> None:
    """Skip where Spark cannot run."""
    pytest.importorskip("pyspark")
    if shutil.which("java") is None:
        pytest.skip("no Java on the PATH (Debian: openjdk-17-jre-headless)")
