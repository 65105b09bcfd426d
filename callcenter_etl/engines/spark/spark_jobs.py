"""Spark jobs of a run: count lines, find repeated keys, judge ranges."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as sf
from pyspark.sql.pandas.types import from_arrow_schema

from callcenter_etl.engines.ranges import Cut, LineStarts, Range
from callcenter_etl.engines.task_context import TaskContext
from callcenter_etl.engines.task_messages import COUNTED, HEAD, JUDGED, KEYS, REPEATS, decode_error
from callcenter_etl.engines.tasks import Batches, count_lines, judge_ranges, range_keys
from callcenter_etl.errors import AccountingError

# The blocks of a source that is a single task are fetched in partitions of this number.
BLOCKS_A_PART = 8


def line_starts(spark: SparkSession, work: TaskContext, cuts: Sequence[Cut]) -> list[LineStarts]:
    """Return the lines that start in each cut. Raises the first error that a task reported."""

    def count(batches: Batches) -> Batches:
        return count_lines(work, cuts, batches)

    # Spark returns partitions in order, but a lost or repeated task must not shift line numbers: so parts are checked.
    rows = sorted(_mapped(_parts(spark, len(cuts)), count, COUNTED).collect(), key=lambda row: row["part"])
    if [row["part"] for row in rows] != list(range(len(cuts))):
        raise AccountingError(f"lines of {len(cuts)} cuts were wanted, {len(rows)} came back")
    for row in rows:
        if row["error"] is not None:
            raise decode_error(row["error"])
    return [LineStarts(row["lines"], row["first"]) for row in rows]


def judged(work: TaskContext, ranges: Sequence[Range | None], repeats: DataFrame) -> DataFrame:
    """Return the rows of the judged ranges, one partition a range, in order within it."""

    def judge(batches: Batches) -> Batches:
        return judge_ranges(work, ranges, batches)

    return _mapped(repeats, judge, JUDGED)


def repeats(
    spark: SparkSession, work: TaskContext, ranges: Sequence[Range | None], *, unique: bool
) -> DataFrame:
    """Return rows of `REPEATS`, one partition a range: its HEAD first, then the repeated keys by line."""
    # The HEAD gives every range a row, also one without repeated keys: a task exists only where there are rows.
    heads = _parts(spark, len(ranges)).select(
        sf.col("id").cast("int").alias("part"),
        sf.lit(HEAD).cast("bigint").alias("line"),
        sf.lit(HEAD).alias("rule"),
        sf.lit(None).cast("bigint").alias("first"),
        sf.lit(None).cast("string").alias("error"),
    )
    if unique:
        heads = heads.union(_repeats(spark, work, ranges))
        heads = heads.repartitionById(len(ranges), "part").sortWithinPartitions("line")
    return heads


def _repeats(spark: SparkSession, work: TaskContext, ranges: Sequence[Range | None]) -> DataFrame:
    """Return every record with a key that is on an earlier line too, and the first such line."""

    # A window and not a join: both bring equal keys together, compared as bytes, but a join would read the source twice.
    def keys(batches: Batches) -> Batches:
        return range_keys(work, ranges, batches)

    found = _mapped(_parts(spark, len(ranges)), keys, KEYS)
    first = sf.min("line").over(Window.partitionBy("rule", "key"))
    repeated = found.withColumn("first", first).where("line > first or error is not null")
    return repeated.select(*REPEATS.names)


def in_order(judged_rows: DataFrame, parts: int) -> Iterator[Any]:
    """Yield all rows in the order of the source, a bounded number at a time."""
    # `toLocalIterator` runs one job a partition, one after the other. So all ranges are judged first, in parallel, and
    # the rows are stored on the executors' disks. The driver holds a fetched partition as a whole, so the rows of a
    # source that is a single part are distributed to smaller partitions.
    kept = judged_rows.persist(StorageLevel.DISK_ONLY)
    try:
        rows = kept.count()
        fetched = kept
        if parts == 1:
            bundles = -(-rows // BLOCKS_A_PART) or 1
            bundle = (sf.col("number") / BLOCKS_A_PART).cast("int")
            fetched = kept.repartitionById(bundles, bundle).sortWithinPartitions("number")
        yield from fetched.toLocalIterator(prefetchPartitions=True)
    finally:
        kept.unpersist()


def _parts(spark: SparkSession, count: int) -> DataFrame:
    """Return the numbers of the parts, each in a partition of its own, so that Spark runs one task for each."""
    return spark.range(0, count, 1, numPartitions=count)


def _mapped(rows: DataFrame, function: Callable[[Any], Batches], schema: pa.Schema) -> DataFrame:
    return rows.mapInArrow(function, from_arrow_schema(schema))
