"""`validate --engine spark`: results alone on standard output, and every lack told with its remedy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from callcenter_etl.errors import EngineError
from tests.engines.spark.support import outcome_of

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "src_files" / "call_center_raw_202501.csv"
CONTRACT = ROOT / "contracts" / "call_center.yaml"


def cli(*options: str, start: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    code = f"{start}\nfrom callcenter_etl.cli import main; main()"
    command = [sys.executable, "-c", code, "validate", str(SOURCE), "-c", str(CONTRACT), *options]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **environ}, cwd=ROOT
    )


def test_standard_output_has_the_summary_alone(tmp_path: Path, needs_spark: None) -> None:
    done = cli("-o", str(tmp_path / "spark"), "--engine", "spark", "--format", "json", "--workers", "2")
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout) == json.loads((tmp_path / "spark" / "summary.json").read_bytes())
    assert cli("-o", str(tmp_path / "local")).returncode == 1
    assert outcome_of(tmp_path / "spark") == outcome_of(tmp_path / "local")


@pytest.mark.parametrize(
    ("options", "start", "environ", "words"),
    [
        ((), "import sys; sys.modules['pyspark'] = None", {}, "pip install 'callcenter-etl[spark]'"),
        ((), "", {"JAVA_HOME": "/nowhere"}, "apt-get install openjdk-17-jre-headless"),
        (("--resume",), "", {}, "writes no checkpoints"),
        (("--engine", "local", "--parts"), "", {}, "only tasks of Spark write part files"),
    ],
    ids=["no pyspark", "no Java", "resume", "parts"],
)
def test_what_cannot_be_is_exit_code_2_with_the_remedy(
    options: tuple[str, ...], start: str, environ: dict[str, str], words: str, tmp_path: Path
) -> None:
    done = cli("-o", str(tmp_path / "o"), "-q", "--engine", "spark", *options, start=start, **environ)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_the_environment_names_the_engine_as_it_names_other_settings(tmp_path: Path) -> None:
    done = cli("-o", str(tmp_path / "o"), "-q", CALLCENTER_ETL_ENGINE="sparc")
    assert (done.returncode, done.stderr) == (
        2,
        "error: CALLCENTER_ETL_ENGINE: 'sparc' is none of local, spark\n",
    )
    done = cli("-o", str(tmp_path / "o"), "-q", CALLCENTER_ETL_PARTS="true")
    assert done.returncode == 2
    assert "--engine spark" in done.stderr


def test_a_plain_run_imports_no_spark(tmp_path: Path) -> None:
    start = (
        "import atexit, sys; atexit.register(lambda: print('spark' if 'pyspark' in sys.modules else 'none'))"
    )
    assert cli("-o", str(tmp_path / "o"), "-q", start=start).stdout.splitlines()[-1] == "none"


def test_what_spark_could_not_do_is_told_by_its_cause() -> None:
    pytest.importorskip("pyspark")
    from py4j.protocol import Py4JError

    from callcenter_etl.engines.spark.spark_engine import _translate_spark_errors

    stack = (
        "An error occurred while calling o264.getResult.\n: org.apache.spark.SparkException: awaitResult:\n"
        "\tat java.base/x\nCaused by: org.apache.spark.SparkException: Job aborted: TaskResultLost\n\tat y\n"
    )
    wanted = "Spark could not finish the run: org.apache.spark.SparkException: Job aborted: TaskResultLost"
    with pytest.raises(EngineError, match=f"^{wanted}$"), _translate_spark_errors():
        raise Py4JError(stack)
