"""Executors that are processes of their own, in other folders: a cluster on this machine, and Spark Connect."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from callcenter_etl import load_contract, validate
from tests.engines.spark.support import differing, outcome_of
from tests.engines.spark.test_parity import KEYED, keyed_records

pytestmark = pytest.mark.usefixtures("needs_spark")
ROOT = Path(__file__).parents[3]
NAMES = ("target", "exceptions", "rejected")
# The source's path is relative: executors work in folders of their own.
SCRIPT = """
import json
import pyarrow as pa
from callcenter_etl import validate
from pyspark.sql import SparkSession

def home(batches):
    import callcenter_etl
    for _ in batches:
        yield pa.RecordBatch.from_pydict({"at": [callcenter_etl.__file__]})

for output, parts in (("spark", False), ("parts", True)):
    validate("s.csv", "c.json", output=output, engine="spark", parts=parts, range_bytes=9001)
session = SparkSession.getActiveSession()
homes = {row["at"] for row in session.range(0, 8, 1, 4).mapInArrow(home, "at string").collect()}
print("told", json.dumps({"kind": type(session).__module__, "homes": sorted(homes)}))
session.stop()
"""


def told_by(command: list[str], folder: Path, **environ: str) -> dict[str, object]:
    """Run the script in a folder with a source; give what it tells."""
    (folder / "s.csv").write_bytes(keyed_records(3000))
    (folder / "c.json").write_text(json.dumps(KEYED), encoding="utf-8")
    (folder / "run.py").write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run(
        [*command, "run.py"],
        cwd=folder,
        env={**os.environ, "PYSPARK_PYTHON": sys.executable, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("told ")]
    assert lines, done.stderr[-3000:]
    found: dict[str, object] = json.loads(lines[0].removeprefix("told "))
    return found


def assert_same_as_local(folder: Path) -> None:
    validate(folder / "s.csv", load_contract(KEYED), output=folder / "local")
    local, spark = outcome_of(folder / "local"), outcome_of(folder / "spark")
    local["source"]["uri"] = spark["source"]["uri"]
    assert differing(local, spark) == []
    assert local["rules"]["id.unique"]["broken"] > 500
    for name in NAMES:
        whole = (folder / "local" / f"{name}.csv").read_bytes()
        head = whole.splitlines(keepends=True)[0]
        parts = [path.read_bytes() for path in sorted((folder / "parts" / name).glob("part-*.csv"))]
        assert len(parts) > 1
        assert head + b"".join(part.removeprefix(head) for part in parts) == whole


def test_executors_of_a_cluster_need_only_the_wheel(tmp_path: Path) -> None:
    import pyspark

    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    archive = wheel.rename(tmp_path / "callcenter_etl.zip")
    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    command = [str(submit), "--master", "local-cluster[2,1,1024]", "--py-files", str(archive)]
    told = told_by([*command, "--conf", "spark.ui.enabled=false"], tmp_path)
    homes = told["homes"]
    assert isinstance(homes, list)
    assert homes
    assert all("callcenter_etl.zip/" in home for home in homes)
    assert_same_as_local(tmp_path)


def test_a_session_of_spark_connect_is_used(tmp_path: Path) -> None:
    pytest.importorskip("grpc", reason="Spark Connect needs grpcio (pyspark[connect])")
    told = told_by([sys.executable], tmp_path, SPARK_REMOTE="local[2]")
    assert told["kind"] == "pyspark.sql.connect.session"
    assert_same_as_local(tmp_path)
