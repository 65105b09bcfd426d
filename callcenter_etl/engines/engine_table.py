"""Engines by name; each engine is one entry in the table below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec

from callcenter_etl.engines.engine import Assignment, Engine
from callcenter_etl.engines.local_engine import LocalEngine
from callcenter_etl.errors import UsageError


def _local(assignment: Assignment) -> Engine:
    return LocalEngine(
        assignment.validator,
        assignment.shape,
        router=assignment.router,
        accounts=assignment.accounts,
        scratch=assignment.staged.directory,
        workers=assignment.workers,
    )


def _spark(assignment: Assignment) -> Engine:
    # Imported here: pyspark is an extra, and its import takes longer than a small run.
    from callcenter_etl.engines.spark.spark_engine import SparkEngine

    return SparkEngine(assignment)


def check_engine(name: str, *, parts: bool) -> None:
    """Raise UsageError for an engine that is unknown, is not installed, or cannot write parts."""
    if name not in ENGINES:
        raise UsageError(f"engine: {name!r} is none of {', '.join(ENGINES)}")
    # Searched and not imported: the import takes longer than a small run.
    if name == "spark" and find_spec("pyspark") is None:
        raise UsageError("--engine spark needs pyspark: pip install 'callcenter-etl[spark]'")
    if parts and name != "spark":
        raise UsageError(
            "--parts: only tasks of Spark write part files (add --engine spark, or leave --parts out)"
        )


ENGINES: Mapping[str, Callable[[Assignment], Engine]] = {"local": _local, "spark": _spark}
