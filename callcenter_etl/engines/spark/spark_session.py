"""Find the Spark session of a run, or start a local one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pyspark import SparkContext
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from callcenter_etl.engines.java import JAVA_REMEDY, MIN_JAVA, find_java
from callcenter_etl.errors import EngineError, UsageError

APP_NAME = "callcenter_etl"
_LOG_SETTINGS = Path(__file__).with_name("log4j2.properties")
TRIES = 4  # of a task, as is Spark's default on a cluster
# Judged ranges pass through the driver's heap, several at a time: Spark's default of 1 GB was used up at 4,000,000 records.
HEAP = "3g"
# Variables that spark-submit and Spark Connect set: with one of them, Spark is configured elsewhere.
_GIVEN = ("PYSPARK_GATEWAY_PORT", "SPARK_REMOTE", "SPARK_CONNECT_MODE_ENABLED")

_ours: tuple[int, SparkSession] | None = None


def session_for(workers: int) -> SparkSession:
    """Return the active session, else that of spark-submit or Connect, else a local one with `workers` tasks.

    Raises UsageError where a usable Java is not found, EngineError where Spark cannot be started.
    """
    # A local session takes seconds to start, so it is kept for the process, unless the number of workers changes.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # else executors start the python3 of the PATH
    active = SparkSession.getActiveSession()
    if active is not None and (_ours is None or active is not _ours[1]):
        return active
    try:
        if any(name in os.environ for name in _GIVEN):
            return SparkSession.builder.appName(APP_NAME).getOrCreate()
        return _local(workers)
    except (PySparkException, RuntimeError, OSError) as error:
        raise EngineError(f"Spark could not be started: {error}") from error


def _local(workers: int) -> SparkSession:
    global _ours  # noqa: PLW0603  a process has one Spark
    if _ours is not None and _ours[0] == workers and SparkSession.getActiveSession() is _ours[1]:
        return _ours[1]
    if _ours is not None:
        _ours[1].stop()
        _ours = None
    _check_java()
    # With retries, which a local Spark does not do by default: a result lost on its way to the driver is sent again.
    builder = SparkSession.builder.appName(APP_NAME).master(f"local[{workers},{TRIES}]")
    settings = {
        "spark.driver.memory": HEAP,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={_LOG_SETTINGS.as_uri()}",
        "spark.sql.shuffle.partitions": str(max(2, workers)),
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    _ours = (workers, builder.getOrCreate())
    return _ours[1]


def _check_java() -> None:
    fault = find_java().fault
    if fault is not None:
        raise UsageError(f"--engine spark needs Java {MIN_JAVA} or later, and {fault} ({JAVA_REMEDY})")


def adopt_session() -> None:
    """Make the session of a running Spark, as on AWS Glue, the active one; do nothing where none runs."""
    if SparkContext._active_spark_context is not None or _GIVEN[0] in os.environ:  # noqa: SLF001  no other way to ask
        SparkSession.builder.getOrCreate()
