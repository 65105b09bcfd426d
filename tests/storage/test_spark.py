"""Executors read ranges of an S3 object, of the version that the driver pinned."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from callcenter_etl import SourceError, validate
from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.store import access
from tests.engines.spark.conftest import needs_spark
from tests.storage.buckets import CONTRACT, Drops, records

SCRIPT = """
import sys
from callcenter_etl import validate
validate(sys.argv[1], "c.yaml", output=sys.argv[2], engine="spark", workers=2, range_bytes=4000)
"""

__all__ = ["needs_spark"]


def test_a_range_is_of_the_pinned_version(moto_drops: Drops) -> None:
    options = StorageOptions()
    uri = moto_drops.put("in/calls.csv", b"0123456789")
    identity = access.identify(uri, options)
    with access.open_range(uri, identity, start=2, stop=5, options=options) as stream:
        assert (stream.read(100), stream.read(100)) == (b"234", b"")
    moto_drops.put("in/calls.csv", b"abcdefghij")
    with (
        access.open_range(uri, identity, start=2, stop=5, options=options) as stream,
        pytest.raises(SourceError, match="replaced while it was read"),
    ):
        stream.read(100)


@pytest.mark.usefixtures("needs_spark")
def test_a_run_on_spark_from_s3_to_s3_is_the_local_run(moto_drops: Drops) -> None:
    # in a process of its own: executors have the environment that Spark was started with
    Path("c.yaml").write_text(CONTRACT, encoding="utf-8")
    body = records(1000) + b"x,bad\n"
    Path("calls.csv").write_bytes(body)
    uri = moto_drops.put("in/calls.csv", body)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, uri, moto_drops.uri("out")],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    local = validate("calls.csv", "c.yaml", output="local").summary
    for name in ("target.csv", "exceptions.csv", "rejected.csv"):
        assert moto_drops.get(f"out/{name}") == Path("local", name).read_bytes()
    spark = json.loads(moto_drops.get("out/summary.json"))
    assert spark["records"] == local["records"]
    assert spark["source"]["sha256"] == local["source"]["sha256"]
