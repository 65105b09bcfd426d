"""Executors need the wheel and nothing of the checkout: it is passed along as a zip, which a wheel is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCRIPT = """
import sys
from pathlib import Path
from pyspark.sql import SparkSession
import pyarrow as pa

wheel, source, contract, output = sys.argv[1:]
spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
spark.sparkContext.addPyFile(wheel)
from callcenter_etl import validate
result = validate(source, contract, output=output, engine="spark", range_bytes=700)

def where(batches):
    import callcenter_etl
    for batch in batches:
        yield pa.RecordBatch.from_pydict({"file": [callcenter_etl.__file__]})

print(result.summary["records"]["read"])
print(spark.range(1).mapInArrow(where, "file string").first()["file"])
print(SparkSession.getActiveSession() is spark)
"""


@pytest.mark.usefixtures("needs_spark")
def test_executors_run_the_code_of_the_wheel_in_the_session_that_is_there(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        check=True,
        cwd=ROOT,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    archive = shutil.copy(wheel, tmp_path / "callcenter_etl.zip")
    source = ROOT / "src_files" / "call_center_raw_202501.csv"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, archive, source, ROOT / "contracts" / "call_center.yaml", "o"],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYSPARK_PYTHON": sys.executable, "PYTHONPATH": ""},
    )
    assert done.returncode == 0, done.stderr
    read, file, still_there = done.stdout.split()
    assert (read, still_there) == ("39", "True")
    assert "callcenter_etl.zip/callcenter_etl" in file
